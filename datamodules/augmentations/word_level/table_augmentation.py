"""Base of augmentations that replace or insert words from a table of alternatives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import compress, count
from typing import Any

import numpy as np

from contracts.errors import DataError
from datamodules.augmentations.base import check_count
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import (
    Segmenter,
    Segments,
    compute_change_counts,
    make_jieba_segmenter,
    make_longest_match_segmenter,
    sample_positions,
    segment_by_characters,
)
from datamodules.augmentations.primitives.word_table import WordTable, check_table_file, read_lines
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation, copy_capitalization


class TableAugmentation(WordAugmentation):
    """Changes words for which a table has alternatives.

    Args:
        path: File with a word and its alternatives per line, tab-separated. Plain or .gz.
        lines: The same lines, used instead of a file. A checkpoint stores them.
        top_k: Number of alternatives per word to sample from, at least 1. The first ones of the line are used.
        alpha: Fraction of words to change, in [0, 1].
        jieba: Whether jieba splits Chinese into words (extra `jieba`). If not, the longest words of the table are
            matched.
        p: Probability that a text is changed, in [0, 1].
    """

    built_in_lines: str
    """The table if neither file nor lines are given."""
    content_words_only = True
    """Whether the table leaves out entries that mostly have another meaning (see `WordTable`)."""

    def __init__(
        self,
        path: str | None = None,
        lines: str | None = None,
        top_k: int = 3,
        alpha: float = 0.1,
        jieba: bool = False,
        p: float = 1.0,
    ) -> None:
        super().__init__(alpha, jieba, p)
        self.path = path
        self.lines = lines
        self.top_k = check_count("top_k", top_k)
        if lines is None:
            self.check_path()

    def check_path(self) -> None:
        """Checks that the table can be read later."""
        check_table_file(self.path)

    def list_files(self) -> list[str]:
        """Lists the file of the table, if there is one."""
        return [] if self.path is None or self.lines is not None else [self.path]

    @cached_property
    def table(self) -> WordTable:
        """The alternatives; read at the first use."""
        return self.read_table()

    def read_table(self) -> WordTable:
        """Reads the table from `lines`, `path` or the built-in lines, in this order."""
        if self.lines is not None:
            return WordTable(self.lines.splitlines(), self.top_k, "lines", self.content_words_only)
        if self.path is not None:
            table = WordTable(read_lines(self.path), self.top_k, self.path, self.content_words_only)
            if not table.alternatives:
                raise DataError(f"{self.path} has no usable word with alternatives; give another list")
            return table
        return WordTable(self.built_in_lines.splitlines(), self.top_k, "the built-in list", self.content_words_only)

    @cached_property
    def segmenter(self) -> Segmenter:
        """Splits a text into words without splitting entries of the table."""
        if self.jieba:
            return make_jieba_segmenter()
        return (
            make_longest_match_segmenter(self.table.alternatives) if self.table.has_chinese else segment_by_characters
        )

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns `path` if there is a file, even if there are lines."""
        return None if arguments.get("path") is None else "path"

    def override_arguments(self) -> dict[str, Any]:
        """Replaces `path` by the lines, since the file may be gone."""
        return {"path": None, "lines": self._table_lines} if self.path is not None and self.lines is None else {}

    @cached_property
    def _table_lines(self) -> str:
        """The lines of the table, for a checkpoint."""
        return self.table.to_lines()

    def replace_listed_words(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Replaces some of the listed words by alternatives, and returns their positions."""
        counts = compute_change_counts(self.alpha, segments.word_counts)
        positions = sample_positions(self.find_listed_words(segments), segments, counts, streams)
        self.replace_at(segments, positions, streams.derive(0))
        return positions

    def find_listed_words(self, segments: Segments) -> np.ndarray:
        """Finds the positions of words in the table; capitalized words inside a text, as names are, do not count."""
        alternatives, strings = self.table.alternatives, segments.strings
        listed = list(compress(count(), map(alternatives.__contains__, map(str.lstrip, strings))))
        for position in np.flatnonzero(segments.find_first_words()).tolist():
            word = strings[position].lstrip()
            if word not in alternatives and word.lower() in alternatives:
                listed.append(position)
        return np.array(listed, np.int64)

    def choose_alternative(self, segment: str, uniform: float) -> str:
        """Chooses an alternative for a listed word by a number in [0, 1), capitalized as the word is."""
        word = segment.lstrip()
        alternatives = self.table.alternatives
        choices = alternatives[word] if word in alternatives else alternatives[word.lower()]
        return copy_capitalization(choices[int(uniform * len(choices))], word)

    def replace_at(self, segments: Segments, positions: np.ndarray, streams: RandomStreams) -> None:
        """Replaces listed words by alternatives in place; an indefinite article before one is adapted."""
        strings = segments.strings
        uniforms = segments.draw_uniform(streams, positions).tolist()
        for position, uniform in zip(positions.tolist(), uniforms, strict=True):
            segment = strings[position]
            new = self.choose_alternative(segment, uniform)
            strings[position] = segment[: len(segment) - len(segment.lstrip())] + new
            if strings[position][0] == " " and position > segments.starts[segments.text_index[position]]:
                strings[position - 1] = adapt_article(strings[position - 1], new)


def adapt_article(before: str, new: str) -> str:
    """Changes an article before a replaced word, `a` or `an`, if it does not fit the new word.

    >>> adapt_article(" an", "performance"), adapt_article(" A", "act")
    (' a', ' An')
    >>> adapt_article(" an", "minute"), adapt_article(" a", "client")
    (' a', ' a')
    """
    article = before.lstrip().lower()
    if article not in ("a", "an"):
        return before
    fits_vowel = new[0].lower() in "aeiou"
    if fits_vowel == (article == "an"):
        return before
    return before[:-1] if article == "an" else f"{before}n"
