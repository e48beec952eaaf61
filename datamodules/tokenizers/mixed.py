"""Words, and the characters of words outside the vocabulary: the mixed word/character model (Wu et al. 2016, §4.2).

An unknown word becomes its characters, each marked as the word's beginning, middle or end: `Miki` is `<B>M <M>i <M>k
<E>i`. The marks keep a spelled word apart from short words and from its neighbours. A word of one character is its own
beginning. A character that training hardly saw becomes the bytes of its UTF-8, so nothing is ever unknown; the paper
has no such case.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from contracts.errors import UsageError
from datamodules.tokenizers.base import TokenIds
from datamodules.tokenizers.characters import check_vocabulary_limits, code_points, text_offsets
from datamodules.tokenizers.unknown_replacement import replace_marked
from datamodules.tokenizers.word_based import WordBased

_MARKS = ("<B>", "<M>", "<E>")
_BYTES = [f"<0x{number:02X}>" for number in range(256)]
_SPECIAL = ("[PAD]", "[UNK]")  # the second is never given; the Rust library must have one


class Mixed(WordBased):
    """Known words whole, all others by their characters.

    Args:
        vocab_size: The most ids of whole words, two special ones counted; characters and bytes come on top. None keeps
            all words seen often enough.
        min_frequency: Words seen less often in training are spelled; at 1 no training word is, and no spelling is
            learned.
        min_character_frequency: Characters seen less often in training are spelled in bytes, so that these are learned.
        lowercase: Whether capitals are folded.
        segment: What a word is: `unicode` goes by letters, numbers and signs, `jieba` parts Chinese (extra `jieba`).
        user_dictionary: A file of words for `jieba`, one a line, after it if wanted its frequency and part of speech.
        hmm: Whether `jieba` guesses words that its dictionaries lack.
    """

    def __init__(
        self,
        vocab_size: int | None = None,
        min_frequency: int = 2,
        min_character_frequency: int = 2,
        lowercase: bool = True,
        segment: Literal["unicode", "jieba"] = "unicode",
        user_dictionary: str | None = None,
        hmm: bool = True,
    ) -> None:
        check_vocabulary_limits(vocab_size, min_frequency)
        if min_character_frequency < 1:
            raise UsageError(f"min_character_frequency must be at least 1, got {min_character_frequency}")
        super().__init__(lowercase, segment, user_dictionary, hmm)
        self.vocab_size = vocab_size
        self.min_frequency = min_frequency
        self.min_character_frequency = min_character_frequency
        self._take_names([*_SPECIAL, *_BYTES])

    def train(self, texts: Sequence[str]) -> None:
        """Keeps the commonest words, and every character that is common enough in any word."""
        splitting = self._splitting
        prepared = splitting.prepare(texts)
        words = splitting.vocabulary(prepared, _SPECIAL, self.vocab_size, self.min_frequency)
        split = splitting.split(prepared)
        counts = np.bincount(split.places, minlength=len(split.names))
        characters = np.bincount(code_points(split.names), np.repeat(counts, list(map(len, split.names))))
        kept = map(chr, np.flatnonzero(characters >= self.min_character_frequency))
        marked = [mark + character for character in kept for mark in _MARKS]
        self._take_names([*sorted(words, key=words.__getitem__), *marked, *_BYTES])

    def spell(self, words: Sequence[str]) -> TokenIds:
        """A marked id for each character, several for one that is spelled in bytes."""
        points = code_points(words)
        offsets = text_offsets(words)
        places = np.ones(len(points), np.int32)
        places[offsets[1:] - 1] = _MARKS.index("<E>")
        places[offsets[:-1]] = _MARKS.index("<B>")
        used, which = np.unique(points, return_inverse=True)
        names = list(map(chr, used))
        first = np.array([self._vocabulary.get(_MARKS[0] + name, -1) for name in names], np.int32)
        by_bytes = TokenIds(
            np.array([self._vocabulary[_BYTES[byte]] for name in names for byte in name.encode()], np.int32),
            np.cumsum([0, *(len(name.encode()) for name in names)]),
        )
        rare = first[which] < 0
        return replace_marked(TokenIds(first[which] + places, offsets), rare, which[rare], by_bytes)

    def _take_names(self, names: Sequence[str]) -> None:
        self._take({name: number for number, name in enumerate(names)})
