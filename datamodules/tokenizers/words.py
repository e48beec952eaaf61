"""One id a word, for languages that put spaces between them, and for Chinese through `jieba`."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Literal

import numpy as np

from contracts.errors import UsageError
from datamodules.tokenizers.base import ExcludedTexts, TokenIds
from datamodules.tokenizers.characters import check_vocabulary_limits
from datamodules.tokenizers.word_based import UNKNOWN, WordBased


class Words(WordBased):
    """Unicode words, numbers and single punctuation marks.

    Args:
        vocab_size: The most ids, the special ones counted; the commonest words stay. None keeps all.
        min_frequency: Words seen less often in training are unknown.
        lowercase: Whether capitals are folded.
        unknown: What becomes of unknown words: `unk` gives them an id, `drop` leaves them out of every text,
            `drop_text` gives them an id and leaves training texts with too many of them out of training.
        num_oov_buckets: Ids that the unknown words share, from 1; the same word always has the same one.
        max_unknown_ratio: The largest share of unknown words, in [0, 1], of a training text that `drop_text` keeps.
        segment: What a word is: `unicode` goes by letters, numbers and signs, `jieba` parts Chinese (extra `jieba`).
        user_dictionary: A file of words for `jieba`, one a line, after it if wanted its frequency and part of speech.
        hmm: Whether `jieba` guesses words that its dictionaries lack.
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
            raise UsageError(
                f"unknown drop leaves unknown words out, so num_oov_buckets must be 1, got {num_oov_buckets}"
            )
        if not 0 <= max_unknown_ratio <= 1:
            raise UsageError(f"max_unknown_ratio is a share of words and must be in [0, 1], got {max_unknown_ratio}")
        if unknown == "drop_text" and min_frequency == 1 and vocab_size is None:
            raise UsageError(
                "unknown drop_text leaves out training texts of unknown words, and with all words kept none is; "
                "give min_frequency above 1, or vocab_size"
            )
        check_vocabulary_limits(vocab_size, min_frequency, special=1 + num_oov_buckets)
        super().__init__(lowercase, segment, user_dictionary, hmm)
        self.vocab_size = vocab_size
        self.min_frequency = min_frequency
        self.unknown = unknown
        self.max_unknown_ratio = max_unknown_ratio
        self._special = ["[PAD]", "[UNK]", *(f"[UNK {number}]" for number in range(2, num_oov_buckets + 1))]
        self._take({name: number for number, name in enumerate(self._special)})

    def train(self, texts: Sequence[str]) -> None:
        """Keeps the commonest words; ties go to the earlier in the alphabet."""
        splitting = self._splitting
        self._take(splitting.vocabulary(splitting.prepare(texts), self._special, self.vocab_size, self.min_frequency))

    def spell(self, words: Sequence[str]) -> TokenIds | None:
        """No id, or the one of the unknown ids that a hash of the word picks."""
        if self.unknown == "drop":
            return TokenIds(np.zeros(0, np.int32), np.zeros(len(words) + 1, np.int64))
        several = len(self._special) - UNKNOWN
        if several == 1:
            return None
        ids = [UNKNOWN + zlib.crc32(word.encode()) % several for word in words]
        return TokenIds(np.array(ids, np.int32), np.arange(len(words) + 1))

    def find_excluded_texts(self, texts: Sequence[str]) -> ExcludedTexts | None:
        """Texts of which too many words are unknown, by `drop_text`."""
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
        """The first of the ids of unknown words, 1; none where they are left out."""
        return None if self.unknown == "drop" else UNKNOWN

    @property
    def unknown_ids(self) -> Sequence[int]:
        """As many as were asked for, from 1 on."""
        return () if self.unknown_id is None else range(UNKNOWN, len(self._special))
