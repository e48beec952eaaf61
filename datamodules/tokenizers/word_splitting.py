"""How texts fall into words, in Rust: by rules for signs and letters, or as a segmenter has parted them before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers, trainers

from datamodules.tokenizers.base import flat, replace_lone_surrogates

# Letters with their marks and inner apostrophes; numbers with inner points and commas; any other sign alone.
WORD = r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|\p{N}+(?:[.,]\p{N}+)*|[^\s\p{L}\p{M}\p{N}]"
SEPARATOR = "\x1f"  # what a segmenter puts between words; white space to Python, so that no word holds it
_ALL = 2**31


class Split(NamedTuple):
    """The words of many texts; row `i` is `[names[place] for place in places[offsets[i]:offsets[i + 1]]]`."""

    places: np.ndarray  # int32 (all words,)
    offsets: np.ndarray  # int64 (rows + 1,)
    names: list[str]


class WordSplitting:
    """Splits and counts.

    Args:
        lowercase: Whether capitals are folded.
        segment: Puts `SEPARATOR` between the words of each text; None goes by Unicode's letters, numbers and signs.
    """

    def __init__(self, lowercase: bool, segment: Callable[[Sequence[str]], list[str]] | None = None) -> None:
        self.lowercase = lowercase
        self.segment = segment

    def prepare(self, texts: Sequence[str]) -> list[str]:
        """What all other methods take."""
        whole = replace_lone_surrogates(texts)
        return whole if self.segment is None else self.segment(whole)

    def vocabulary(
        self, prepared: Sequence[str], special: Sequence[str], vocab_size: int | None, min_frequency: int
    ) -> dict[str, int]:
        """The special names, then the commonest words; ties go to the earlier in the alphabet."""
        return self._learned(prepared, special, vocab_size or _ALL, min_frequency).get_vocab()

    def split(self, prepared: Sequence[str]) -> Split:
        """All words, told apart by a vocabulary of these texts alone."""
        learned = self._learned(prepared, [], _ALL, 0)
        tokens = flat(learned.encode_batch_fast(list(prepared)))
        vocabulary = learned.get_vocab()
        return Split(tokens.ids, tokens.offsets, sorted(vocabulary, key=vocabulary.__getitem__))

    def with_vocabulary(self, vocabulary: dict[str, int]) -> tokenizers.Tokenizer:
        """A tokenizer of the Hugging Face library with one id a word."""
        made = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        steps = [normalizers.NFC(), normalizers.Lowercase()] if self.lowercase else [normalizers.NFC()]
        made.normalizer = normalizers.Sequence(steps)
        if self.segment is None:
            made.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), behavior="removed", invert=True)
        else:
            made.pre_tokenizer = pre_tokenizers.Split(SEPARATOR, behavior="removed")
        return made

    def _learned(
        self, prepared: Sequence[str], special: Sequence[str], vocab_size: int, min_frequency: int
    ) -> tokenizers.Tokenizer:
        trainer = trainers.WordLevelTrainer(
            vocab_size=vocab_size, min_frequency=min_frequency, special_tokens=list(special), show_progress=False
        )
        learner = self.with_vocabulary({})
        learner.train_from_iterator(prepared, trainer)
        return learner
