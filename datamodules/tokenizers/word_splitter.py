"""Splits texts into words, in Rust: by Unicode rules, or at the separators that a segmenter has inserted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers, trainers

from datamodules.tokenizers.base import flatten_encodings, replace_lone_surrogates

# Letters with their marks and inner apostrophes; numbers with inner points and commas; any other character alone.
WORD = r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|\p{N}+(?:[.,]\p{N}+)*|[^\s\p{L}\p{M}\p{N}]"
SEPARATOR = "\x1f"  # inserted between words by a segmenter; white space in Python, so no word contains it
_ALL = 2**31


class Split(NamedTuple):
    """The words of many texts; those of text `i` are `[words[j] for j in word_ids[offsets[i]:offsets[i + 1]]]`."""

    word_ids: np.ndarray  # int32 (all words,)
    offsets: np.ndarray  # int64 (rows + 1,)
    words: list[str]


class WordSplitter:
    """Splits texts into words, and builds vocabularies.

    Args:
        lowercase: Whether to lowercase texts.
        segment: Inserts `SEPARATOR` between words. None splits by Unicode's letters, numbers and punctuation.
    """

    def __init__(self, lowercase: bool, segment: Callable[[Sequence[str]], list[str]] | None = None) -> None:
        self.lowercase = lowercase
        self.segment = segment

    def prepare(self, texts: Sequence[str]) -> list[str]:
        """Prepares texts for all other methods: no lone surrogates, segmented."""
        cleaned = replace_lone_surrogates(texts)
        return cleaned if self.segment is None else self.segment(cleaned)

    def build_vocabulary(
        self, prepared: Sequence[str], special: Sequence[str], vocab_size: int | None, min_frequency: int
    ) -> dict[str, int]:
        """Builds a vocabulary: special tokens, then the most frequent words; ties in alphabetical order."""
        return self._train_tokenizer(prepared, special, vocab_size or _ALL, min_frequency).get_vocab()

    def split(self, prepared: Sequence[str]) -> Split:
        """Splits texts into words, numbered by a vocabulary of these texts alone."""
        trained = self._train_tokenizer(prepared, [], _ALL, 0)
        tokens = flatten_encodings(trained.encode_batch_fast(list(prepared)))
        vocabulary = trained.get_vocab()
        return Split(tokens.ids, tokens.offsets, sorted(vocabulary, key=vocabulary.__getitem__))

    def make_tokenizer(self, vocabulary: dict[str, int]) -> tokenizers.Tokenizer:
        """Makes a tokenizer of the Hugging Face library with one id per word."""
        tokenizer = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        steps = [normalizers.NFC(), normalizers.Lowercase()] if self.lowercase else [normalizers.NFC()]
        tokenizer.normalizer = normalizers.Sequence(steps)
        if self.segment is None:
            tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), behavior="removed", invert=True)
        else:
            tokenizer.pre_tokenizer = pre_tokenizers.Split(SEPARATOR, behavior="removed")
        return tokenizer

    def _train_tokenizer(
        self, prepared: Sequence[str], special: Sequence[str], vocab_size: int, min_frequency: int
    ) -> tokenizers.Tokenizer:
        """Trains a tokenizer whose vocabulary is the special tokens and the most frequent words."""
        trainer = trainers.WordLevelTrainer(
            vocab_size=vocab_size, min_frequency=min_frequency, special_tokens=list(special), show_progress=False
        )
        trained = self.make_tokenizer({})
        trained.train_from_iterator(prepared, trainer)
        return trained
