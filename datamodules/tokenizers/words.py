"""One token per word, for languages with spaces between words, and for Chinese through jieba."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Literal

import numpy as np

from contracts.errors import UsageError
from datamodules.tokenizers.base import ExcludedTexts, TokenIds
from datamodules.tokenizers.characters import check_vocabulary_limits
from datamodules.tokenizers.word_tokenizer import UNKNOWN, WordTokenizer


class Words(WordTokenizer):
    """One token per word, number or punctuation mark.

    Args:
        vocab_size: Maximum vocabulary size, special tokens included. The most frequent words are kept; None keeps all.
        min_frequency: Minimum training frequency of a word; others are unknown.
        lowercase: Whether to lowercase texts.
        unknown: Treatment of unknown words: `unk`, `drop` or `drop_text`. `unk` encodes them as the unknown token,
            `drop` removes them from every text, `drop_text` is `unk` and also excludes training texts with too many of
            them.
        num_oov_buckets: Number of ids for unknown words, assigned by hashing; at least 1.
        max_unknown_ratio: Maximum fraction of unknown words per training text, in [0, 1]. For `drop_text`, which
            excludes texts above it.
        segment: Word segmentation: `unicode`, or `jieba` for Chinese (extra `jieba`). `unicode` splits by letters,
            numbers and punctuation.
        user_dictionary: File of words for jieba, one per line. Optionally with frequency and part of speech.
        hmm: Whether jieba recognizes new words by a hidden Markov model.
    """

    def __init__(
        self,
        vocab_size: int | None = None,
        min_frequency: int = 1,
        lowercase: bool = True,
        unknown: Literal["unk", "drop", "drop_text"] = "unk",
        num_oov_buckets: int = 1,
        max_unknown_ratio: float = 0.3,
        segment: Literal["unicode", "jieba"] = "unicode",
        user_dictionary: str | None = None,
        hmm: bool = True,
    ) -> None:
        if num_oov_buckets < 1:
            raise UsageError(f"num_oov_buckets is a number of ids and must be at least 1, got {num_oov_buckets}")
        if unknown == "drop" and num_oov_buckets > 1:
            raise UsageError(f"unknown drop removes unknown words, so num_oov_buckets must be 1, got {num_oov_buckets}")
        if not 0 <= max_unknown_ratio <= 1:
            raise UsageError(f"max_unknown_ratio is a ratio of words and must be in [0, 1], got {max_unknown_ratio}")
        if unknown == "drop_text" and min_frequency == 1 and vocab_size is None:
            raise UsageError(
                "unknown drop_text excludes training texts with unknown words, and with all words kept there are none; "
                "give min_frequency above 1, or vocab_size"
            )
        check_vocabulary_limits(vocab_size, min_frequency, special=1 + num_oov_buckets)
        super().__init__(lowercase, segment, user_dictionary, hmm)
        self.vocab_size = vocab_size
        self.min_frequency = min_frequency
        self.unknown = unknown
        self.max_unknown_ratio = max_unknown_ratio
        self._special = ["[PAD]", "[UNK]", *(f"[UNK {number}]" for number in range(2, num_oov_buckets + 1))]
        self._set_vocabulary({name: number for number, name in enumerate(self._special)})

    def train(self, texts: Sequence[str]) -> None:
        """Builds a vocabulary of the most frequent words; ties in alphabetical order."""
        splitter = self._splitter
        self._set_vocabulary(
            splitter.build_vocabulary(splitter.prepare(texts), self._special, self.vocab_size, self.min_frequency)
        )

    def encode_unknown(self, words: Sequence[str]) -> TokenIds | None:
        """Encodes unknown words as no id, or as one of the unknown ids, chosen by a hash of the word."""
        if self.unknown == "drop":
            return TokenIds(np.zeros(0, np.int32), np.zeros(len(words) + 1, np.int64))
        several = len(self._special) - UNKNOWN
        if several == 1:
            return None
        ids = [UNKNOWN + zlib.crc32(word.encode()) % several for word in words]
        return TokenIds(np.array(ids, np.int32), np.arange(len(words) + 1))

    def find_excluded_texts(self, texts: Sequence[str]) -> ExcludedTexts | None:
        """Finds texts with too many unknown words if `unknown` is `drop_text`."""
        if self.unknown != "drop_text":
            return None
        units = self.extract_units(texts)
        words = np.maximum(np.diff(units.offsets), 1)
        return ExcludedTexts(
            units.unknown_counts / words > self.max_unknown_ratio,
            f"more than {self.max_unknown_ratio:.0%} of their words are unknown (--data.tokenizer.max_unknown_ratio)",
        )

    @property
    def unknown_id(self) -> int | None:
        """The first id of unknown words, 1; None if they are dropped."""
        return None if self.unknown == "drop" else UNKNOWN

    @property
    def unknown_ids(self) -> Sequence[int]:
        """All ids of unknown words, from 1."""
        return () if self.unknown_id is None else range(UNKNOWN, len(self._special))
