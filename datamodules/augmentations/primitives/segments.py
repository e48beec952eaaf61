"""Texts segmented into words and the characters between them; the segments of a text, concatenated, are the text.

A segment is a word or a punctuation mark with the white space before it; a Chinese character is a word of its own
unless the segmenter finds longer ones. Accents and other combining marks stay with their letter.
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


def _list_combining_marks() -> str:
    """Lists the characters of Unicode's category M in its first plane, as ranges of a regular expression's class."""
    points = [point for point in range(0x300, 0x10000) if unicodedata.category(chr(point))[0] == "M"]
    ends = [point for point, later in zip(points, [*points[1:], 0], strict=True) if later != point + 1]
    starts = [point for point, before in zip(points, [0, *points], strict=False) if before != point - 1]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


_MARK = f"[{_list_combining_marks()}]"
_LETTER = rf"[^\W{CHINESE}]"
_LETTERS = rf"{_LETTER}+(?:{_MARK}+{_LETTER}*)*"
# "Tom 's" and "do n't", as tokenized corpora write them, are one word
_WORD = rf"{_LETTERS}(?:['’.-]{_LETTERS})*(?: (?i:['’](?:s|m|d|re|ve|ll)|n['’]t)(?!\w))?"
_SEGMENT = re.compile(rf"\s*(?:{_WORD}|\S{_MARK}*)|\s+")
_SEGMENT_OR_CHINESE_RUN = re.compile(rf"\s*(?:{_WORD}|[{CHINESE}]+|\S{_MARK}*)|\s+")
_BEGINS_WITH_LETTER = re.compile(r"\s*[^\W_]")
_CHINESE_CHARACTER = re.compile(rf"\s*[{CHINESE}]")
_CONTAINS_CHINESE = re.compile(f"[{CHINESE}]")
_FIRST_CHINESE = CHINESE[0]
_LAST = itemgetter(-1)

Segmenter = Callable[[str], list[str]]
"""A text to its segments; one of the functions below."""


class Segments:
    """The segments of a batch of texts in one list.

    Args:
        texts: The batch.
        segmenter: Splits each text.
    """

    def __init__(self, texts: list[str], segmenter: Segmenter) -> None:
        by_text = list(map(segmenter, texts))
        self.texts = texts
        self.strings = list(chain.from_iterable(by_text))
        """All segments, text after text; augmentations change them in place."""
        self.lengths = np.fromiter(map(len, by_text), np.int64, count=len(by_text))
        """int64 `(texts,)`, segments of each text."""
        self.ends = np.cumsum(self.lengths)
        self.starts = self.ends - self.lengths
        self.text_index = np.repeat(np.arange(len(by_text)), self.lengths)
        """int64 `(segments,)`, the text of each segment."""
        self.is_word = np.fromiter(map(str.isalnum, map(_LAST, self.strings)), bool, count=len(self.strings))
        """bool `(segments,)`; the others are punctuation and white space."""
        for position in np.flatnonzero(~self.is_word).tolist():  # punctuation, and words that end in a combining mark
            self.is_word[position] = is_word(self.strings[position])

    @cached_property
    def word_counts(self) -> np.ndarray:
        """Words of each text, int64 `(texts,)`."""
        return np.bincount(self.text_index[self.is_word], minlength=len(self.texts))

    def find_first_words(self) -> np.ndarray:
        """Marks the first word of each text: bool `(segments,)`."""
        positions = np.flatnonzero(self.is_word)
        texts = self.text_index[positions]
        first = np.zeros(len(self.strings), bool)
        first[positions[np.diff(texts, prepend=-1) != 0]] = True
        return first

    @cached_property
    def is_chinese_character(self) -> np.ndarray:
        """Bool `(segments,)`, the Chinese characters that are segments of their own."""
        if not any(map(contains_chinese, self.texts)):
            return np.zeros(len(self.strings), bool)
        return np.fromiter(map(bool, map(_CHINESE_CHARACTER.fullmatch, self.strings)), bool, count=len(self.strings))

    def find_character_pairs(self, streams: RandomStreams) -> np.ndarray:
        """Finds disjoint pairs of adjacent, different Chinese characters: positions of the first of each pair."""
        single = self.is_chinese_character
        positions = np.flatnonzero(single[:-1] & single[1:] & (self.text_index[:-1] == self.text_index[1:]))
        if not len(positions):
            return positions
        strings = self.strings
        positions = positions[[strings[position + 1][0] not in " \t\n\u3000" for position in positions.tolist()]]
        positions = positions[[strings[position].lstrip() != strings[position + 1] for position in positions.tolist()]]
        odd = (streams.uniform() < 0.5)[self.text_index[positions]]
        return positions[((positions - self.starts[self.text_index[positions]]) % 2 == 1) == odd]

    def draw_uniform(self, streams: RandomStreams, positions: np.ndarray) -> np.ndarray:
        """Draws a number in [0, 1) for each of these segments: `(positions,)`."""
        texts = self.text_index[positions]
        return streams.uniform_at(texts, positions - self.starts[texts])

    def join_texts(self, changed: np.ndarray) -> list[str]:
        """Returns all texts; those with a changed position are joined from their segments again."""
        result = list(self.texts)
        starts, ends = self.starts.tolist(), self.ends.tolist()
        for text in set(self.text_index[changed].tolist()):
            result[text] = "".join(self.strings[starts[text] : ends[text]])
        return result


def segment_by_characters(text: str) -> list[str]:
    """Splits a text into words, and Chinese into single characters.

    >>> segment_by_characters("I don't know 中国 (yet) .")
    ['I', " don't", ' know', ' 中', '国', ' (', 'yet', ')', ' .']
    """
    return _SEGMENT.findall(text)


def make_jieba_segmenter() -> Segmenter:
    """Makes a segmenter that splits Chinese into words by jieba.

    Raises:
        UsageError: jieba is not installed.
    """
    try:
        import jieba
    except ImportError as error:
        raise UsageError("jieba: true needs the library: python -m pip install -e '.[jieba]'") from error
    jieba.setLogLevel("WARNING")
    return lambda text: _segment_chinese_runs(text, jieba.lcut)


def make_longest_match_segmenter(words: Collection[str]) -> Segmenter:
    """Makes a segmenter that splits Chinese into the longest of the given words, and else into characters.

    >>> make_longest_match_segmenter({"大学", "中国"})("在中国上大学 today")
    ['在', '中国', '上', '大学', ' today']
    """
    sizes: dict[str, list[int]] = {}  # by the first two characters: lengths of the words, the longest first
    for size, first in sorted({(len(word), word[:2]) for word in words if len(word) > 1}, reverse=True):
        sizes.setdefault(first, []).append(size)

    get_sizes = sizes.get

    def match_words(run: str) -> list[str]:
        matched = []
        start, end = 0, len(run)
        while start < end:
            for size in get_sizes(run[start : start + 2], ()):
                word = run[start : start + size]
                if word in words:
                    break
            else:
                word = run[start]
            matched.append(word)
            start += len(word)
        return matched

    return lambda text: _segment_chinese_runs(text, match_words)


def is_word(segment: str) -> bool:
    """Whether a segment is a word: neither punctuation nor white space; combining marks at its end do not matter.

    >>> [is_word(segment) for segment in (" word", " 3.5", " cafe\u0301", " \u0915\u0940", "!", " ", "\u2764\ufe0f")]
    [True, True, True, True, False, False, False]
    """
    return segment[-1:].isalnum() or (not segment.isascii() and _BEGINS_WITH_LETTER.match(segment) is not None)


def extract_words(segmenter: Segmenter, text: str) -> list[str]:
    """Lists the words of a text in lowercase, in order."""
    return [segment.lstrip().lower() for segment in segmenter(text) if is_word(segment)]


def contains_chinese(text: str) -> bool:
    """Whether any character is Chinese."""
    return _CONTAINS_CHINESE.search(text) is not None


def sample_positions(
    eligible: np.ndarray, segments: Segments, counts: np.ndarray, streams: RandomStreams
) -> np.ndarray:
    """Samples up to `counts[i]` of the eligible segments of text `i`, without replacement.

    Args:
        eligible: int64, positions of segments.
        segments: The batch.
        counts: int64 `(texts,)`.
        streams: One number is drawn for each eligible segment; those with the smallest are taken.

    Returns:
        Positions in the order of texts, and within a text in random order.
    """
    texts = segments.text_index[eligible]
    order = np.lexsort((segments.draw_uniform(streams, eligible), texts))
    positions, texts = eligible[order], texts[order]
    starts = np.searchsorted(texts, np.arange(len(counts)))
    return positions[np.arange(len(positions)) - starts[texts] < counts[texts]]


def compute_change_counts(alpha: float, word_counts: np.ndarray) -> np.ndarray:
    """Computes how many words of each text to change: the ratio `alpha` of its words, at least one unless alpha is 0.

    >>> compute_change_counts(0.1, np.array([0, 1, 9, 25])).tolist()
    [0, 1, 1, 2]
    """
    return np.maximum((alpha * word_counts).astype(np.int64), np.minimum(word_counts, 1 if alpha > 0 else 0))


def _segment_chinese_runs(text: str, split_run: Callable[[str], list[str]]) -> list[str]:
    """Segments a text, its runs of Chinese characters by `split_run`."""
    if _CONTAINS_CHINESE.search(text) is None:
        return _SEGMENT.findall(text)
    segments: list[str] = []
    for segment in _SEGMENT_OR_CHINESE_RUN.findall(text):
        if segment[-1] < _FIRST_CHINESE or _CONTAINS_CHINESE.match(segment[-1]) is None:
            segments.append(segment)
        elif not segment[0].isspace():
            segments += split_run(segment)
        else:
            run = segment.lstrip()
            parts = split_run(run)
            parts[0] = segment[: len(segment) - len(run)] + parts[0]
            segments += parts
    return segments
