"""Words, and the characters of words outside the vocabulary: the mixed word/character model (Wu et al. 2016, §4.2).

An unknown word is encoded as its characters, each marked as the word's beginning, middle or end: `Miki` is `<B>M <M>i
<M>k <E>i`. The marks distinguish a spelled word from short words and from its neighbours. A word of one character is
its own beginning. A rare character is encoded as its UTF-8 bytes, so nothing is ever unknown; the paper has no such
case.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from contracts.errors import UsageError
from datamodules.tokenizers.base import TokenIds
from datamodules.tokenizers.characters import check_vocabulary_limits, compute_text_offsets, to_code_points
from datamodules.tokenizers.unknown_replacement import replace_marked
from datamodules.tokenizers.word_tokenizer import WordTokenizer

_MARKS = ("<B>", "<M>", "<E>")
_BYTES = [f"<0x{number:02X}>" for number in range(256)]
_SPECIAL = ("[PAD]", "[UNK]")  # the second is never given; the Rust library must have one


class Mixed(WordTokenizer):
    """Words of the vocabulary as one token each, all others as marked characters.

    Args:
        vocab_size: Maximum number of word ids, the two special tokens included. Characters and bytes are added to
            these. None keeps all frequent words.
        min_frequency: Minimum training frequency of a word; others become characters. With 1 no training word does, so
            the characters are not trained.
        min_character_frequency: Minimum frequency of a character; others become UTF-8 bytes. So bytes are trained too.
        lowercase: Whether to lowercase texts.
        segment: Word segmentation: `unicode`, or `jieba` for Chinese (extra `jieba`). `unicode` splits by letters,
            numbers and punctuation.
        user_dictionary: File of words for jieba, one per line. Optionally with frequency and part of speech.
        hmm: Whether jieba recognizes new words by a hidden Markov model.
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
        self._set_token_list([*_SPECIAL, *_BYTES])

    def train(self, texts: Sequence[str]) -> None:
        """Builds a vocabulary of the most frequent words, and of characters frequent in any word."""
        splitter = self._splitter
        prepared = splitter.prepare(texts)
        words = splitter.build_vocabulary(prepared, _SPECIAL, self.vocab_size, self.min_frequency)
        split = splitter.split(prepared)
        counts = np.bincount(split.word_ids, minlength=len(split.words))
        characters = np.bincount(to_code_points(split.words), np.repeat(counts, list(map(len, split.words))))
        kept = map(chr, np.flatnonzero(characters >= self.min_character_frequency))
        marked = [mark + character for character in kept for mark in _MARKS]
        self._set_token_list([*sorted(words, key=words.__getitem__), *marked, *_BYTES])

    def encode_unknown(self, words: Sequence[str]) -> TokenIds:
        """Encodes words as one marked id per character, or as byte ids for rare characters."""
        points = to_code_points(words)
        offsets = compute_text_offsets(words)
        positions = np.ones(len(points), np.int32)
        positions[offsets[1:] - 1] = _MARKS.index("<E>")
        positions[offsets[:-1]] = _MARKS.index("<B>")
        used, which = np.unique(points, return_inverse=True)
        names = list(map(chr, used))
        first = np.array([self._vocabulary.get(_MARKS[0] + name, -1) for name in names], np.int32)
        by_bytes = TokenIds(
            np.array([self._vocabulary[_BYTES[byte]] for name in names for byte in name.encode()], np.int32),
            np.cumsum([0, *(len(name.encode()) for name in names)]),
        )
        rare = first[which] < 0
        return replace_marked(TokenIds(first[which] + positions, offsets), rare, which[rare], by_bytes)

    def _set_token_list(self, names: Sequence[str]) -> None:
        """Sets the strings of all ids, and the ids of characters and bytes."""
        self._set_vocabulary({name: number for number, name in enumerate(names)})
