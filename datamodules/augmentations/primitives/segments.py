"""Texts cut into words and what stands between them, so that they can be put together again as they were.

A piece is a word or a sign with the white space before it; a Chinese character is a word of its own unless told
otherwise. Accents and other marks that combine with a letter stay with it. All pieces of a text in a row are the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from functools import cached_property
from itertools import chain
from operator import itemgetter

import numpy as np

from contracts.errors import UsageError
from datamodules.augmentations.primitives.random_streams import RandomStreams

CHINESE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"


def _marks() -> str:
    """The characters of Unicode's category M in its first plane, as they stand in a class of a pattern."""
    places = [place for place in range(0x300, 0x10000) if unicodedata.category(chr(place))[0] == "M"]
    ends = [place for place, later in zip(places, [*places[1:], 0], strict=True) if later != place + 1]
    starts = [place for place, before in zip(places, [0, *places], strict=False) if before != place - 1]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


_MARK = f"[{_marks()}]"
_LETTER = rf"[^\W{CHINESE}]"
_LETTERS = rf"{_LETTER}+(?:{_MARK}+{_LETTER}*)*"
# "Tom 's" and "do n't", as corpora are written that were cut before, stay together
_WORD = rf"{_LETTERS}(?:['’.-]{_LETTERS})*(?: (?i:['’](?:s|m|d|re|ve|ll)|n['’]t)(?!\w))?"
_PIECE = re.compile(rf"\s*(?:{_WORD}|\S{_MARK}*)|\s+")
_RUN = re.compile(rf"\s*(?:{_WORD}|[{CHINESE}]+|\S{_MARK}*)|\s+")
_BEGINS_WITH_LETTER = re.compile(r"\s*[^\W_]")
_CHARACTER = re.compile(rf"\s*[{CHINESE}]")
_HAS_CHINESE = re.compile(f"[{CHINESE}]")
_FIRST_CHINESE = CHINESE[0]
_LAST = itemgetter(-1)

Cut = Callable[[str], list[str]]


class Pieces:
    """The pieces of a batch of texts in one list.

    Args:
        texts: Any.
        cut: One of the functions below.
    """

    def __init__(self, texts: list[str], cut: Cut) -> None:
        rows = list(map(cut, texts))
        self.texts = texts
        self.flat = list(chain.from_iterable(rows))
        self.lengths = np.fromiter(map(len, rows), np.int64, count=len(rows))
        self.ends = np.cumsum(self.lengths)
        self.starts = self.ends - self.lengths
        self.row = np.repeat(np.arange(len(rows)), self.lengths)
        """int64 `(pieces,)`, the text of each."""
        self.is_word = np.fromiter(map(str.isalnum, map(_LAST, self.flat)), bool, count=len(self.flat))
        """bool `(pieces,)`; the others are signs and white space."""
        for place in np.flatnonzero(~self.is_word).tolist():  # signs, and words that end in a mark
            self.is_word[place] = is_word(self.flat[place])

    @cached_property
    def words(self) -> np.ndarray:
        """How many words each text has, `(texts,)`."""
        return np.bincount(self.row[self.is_word], minlength=len(self.texts))

    def first_words(self) -> np.ndarray:
        """Bool `(pieces,)`, the first word of each text."""
        places = np.flatnonzero(self.is_word)
        rows = self.row[places]
        first = np.zeros(len(self.flat), bool)
        first[places[np.diff(rows, prepend=-1) != 0]] = True
        return first

    @cached_property
    def single_characters(self) -> np.ndarray:
        """Bool `(pieces,)`, the Chinese characters that are pieces by themselves."""
        if not any(map(is_chinese, self.texts)):
            return np.zeros(len(self.flat), bool)
        return np.fromiter(map(bool, map(_CHARACTER.fullmatch, self.flat)), bool, count=len(self.flat))

    def pairs_of_characters(self, streams: RandomStreams) -> np.ndarray:
        """Places of Chinese characters that another follows at once, so that no two pairs share a character."""
        single = self.single_characters
        places = np.flatnonzero(single[:-1] & single[1:] & (self.row[:-1] == self.row[1:]))
        if not len(places):
            return places
        places = places[[self.flat[place + 1][0] not in " \t\n\u3000" for place in places.tolist()]]
        places = places[[self.flat[place].lstrip() != self.flat[place + 1] for place in places.tolist()]]
        odd = (streams.uniform() < 0.5)[self.row[places]]
        return places[((places - self.starts[self.row[places]]) % 2 == 1) == odd]

    def at(self, streams: RandomStreams, places: np.ndarray) -> np.ndarray:
        """A number in [0, 1) for each of these pieces, `(places,)`."""
        rows = self.row[places]
        return streams.uniform_at(rows, places - self.starts[rows])

    def joined(self, changed: np.ndarray) -> list[str]:
        """The texts, put together anew where one of the changed places lies in them."""
        result = list(self.texts)
        starts, ends = self.starts.tolist(), self.ends.tolist()
        for row in set(self.row[changed].tolist()):
            result[row] = "".join(self.flat[starts[row] : ends[row]])
        return result


def by_characters(text: str) -> list[str]:
    """Words, and Chinese characters one by one.

    >>> by_characters("I don't know 中国 (yet) .")
    ['I', " don't", ' know', ' 中', '国', ' (', 'yet', ')', ' .']
    """
    return _PIECE.findall(text)


def by_jieba() -> Cut:
    """Words, also in Chinese.

    Raises:
        UsageError: The library is not there.
    """
    try:
        import jieba
    except ImportError as error:
        raise UsageError("jieba: true needs the library: python -m pip install -e '.[jieba]'") from error
    jieba.setLogLevel("WARNING")
    return lambda text: _with_runs_cut(text, jieba.lcut)


def by_longest_match(words: Collection[str]) -> Cut:
    """Words, and in Chinese the longest ones that are listed.

    >>> by_longest_match({"大学", "中国"})("在中国上大学 today")
    ['在', '中国', '上', '大学', ' today']
    """
    sizes: dict[str, list[int]] = {}  # of the words that begin with the same two characters, the longest first
    for size, first in sorted({(len(word), word[:2]) for word in words if len(word) > 1}, reverse=True):
        sizes.setdefault(first, []).append(size)

    sizes_of = sizes.get

    def matched(run: str) -> list[str]:
        found = []
        start, end = 0, len(run)
        while start < end:
            for size in sizes_of(run[start : start + 2], ()):
                word = run[start : start + size]
                if word in words:
                    break
            else:
                word = run[start]
            found.append(word)
            start += len(word)
        return found

    return lambda text: _with_runs_cut(text, matched)


def is_word(piece: str) -> bool:
    """Whether a piece is no sign and no white space; a mark that combines with the last letter does not matter.

    >>> [is_word(piece) for piece in (" word", " 3.5", " cafe\u0301", " \u0915\u0940", "!", " ", "\u2764\ufe0f")]
    [True, True, True, True, False, False, False]
    """
    return piece[-1:].isalnum() or (not piece.isascii() and _BEGINS_WITH_LETTER.match(piece) is not None)


def words_of(cut: Cut, text: str) -> list[str]:
    """The words of a text in small letters, in their order."""
    return [piece.lstrip().lower() for piece in cut(text) if is_word(piece)]


def is_chinese(text: str) -> bool:
    """Whether any character is Chinese."""
    return _HAS_CHINESE.search(text) is not None


def drawn_places(eligible: np.ndarray, pieces: Pieces, wanted: np.ndarray, streams: RandomStreams) -> np.ndarray:
    """Of each text, the wanted number of its eligible pieces, or all where there are fewer.

    Args:
        eligible: int64, their places.
        pieces: Of a batch.
        wanted: int64 `(texts,)`.
        streams: One number is drawn for each eligible piece; those with the least are taken.

    Returns:
        Places in the order of texts, and within a text in random order.
    """
    rows = pieces.row[eligible]
    order = np.lexsort((pieces.at(streams, eligible), rows))
    places, rows = eligible[order], rows[order]
    starts = np.searchsorted(rows, np.arange(len(wanted)))
    return places[np.arange(len(places)) - starts[rows] < wanted[rows]]


def share_of_words(alpha: float, words: np.ndarray) -> np.ndarray:
    """How many words of each text a rate means: at least one where there is a word and the rate is not zero.

    >>> share_of_words(0.1, np.array([0, 1, 9, 25])).tolist()
    [0, 1, 1, 2]
    """
    return np.maximum((alpha * words).astype(np.int64), np.minimum(words, 1 if alpha > 0 else 0))


def _with_runs_cut(text: str, cut: Callable[[str], list[str]]) -> list[str]:
    if _HAS_CHINESE.search(text) is None:
        return _PIECE.findall(text)
    pieces: list[str] = []
    for piece in _RUN.findall(text):
        if piece[-1] < _FIRST_CHINESE or _HAS_CHINESE.match(piece[-1]) is None:
            pieces.append(piece)
        elif not piece[0].isspace():
            pieces += cut(piece)
        else:
            run = piece.lstrip()
            parts = cut(run)
            parts[0] = piece[: len(piece) - len(run)] + parts[0]
            pieces += parts
    return pieces
