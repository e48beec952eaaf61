"""What the augmentations share that put other words, listed somewhere, in place of words or beside them."""

from __future__ import annotations

from functools import cached_property
from itertools import compress, count
from typing import Any

import numpy as np

from contracts.errors import DataError
from datamodules.augmentations.base import checked_count
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import (
    Cut,
    Pieces,
    by_characters,
    by_jieba,
    by_longest_match,
    drawn_places,
    share_of_words,
)
from datamodules.augmentations.primitives.word_table import WordTable, check_list, lines_of
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation, capitalized_like


class TableAugmentation(WordAugmentation):
    """Changes words that a table has others for. Chinese is cut into the longest words of the table.

    Args:
        path: A file with a word and then others for it on each line, with tabs between them, plain or .gz.
        lines: The same lines outright, in place of a file; a checkpoint holds them.
        top_k: Only the first so many of the others, at least 1, are taken.
        alpha: The share of a text's words, in [0, 1].
        jieba: Whether Chinese is cut into words by the library of that name (extra `jieba`).
        p: The share of texts that are changed, in [0, 1].
    """

    built_in: str
    """The lines that stand in where neither file nor lines are given."""
    plain = True
    """Whether lines are left out that are mostly of another meaning, as `WordTable` says."""

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
        self.top_k = checked_count("top_k", top_k)
        if lines is None:
            self.check_path()

    def check_path(self) -> None:
        """Refuses what cannot be read later."""
        check_list(self.path)

    def files(self) -> list[str]:
        """The list."""
        return [] if self.path is None or self.lines is not None else [self.path]

    @cached_property
    def table(self) -> WordTable:
        """Read at its first use."""
        return self.read_table()

    def read_table(self) -> WordTable:
        """From the lines, the file, or what is built in."""
        if self.lines is not None:
            return WordTable(self.lines.splitlines(), self.top_k, "lines", self.plain)
        if self.path is not None:
            table = WordTable(lines_of(self.path), self.top_k, self.path, self.plain)
            if not table.others:
                raise DataError(f"{self.path} has no word with others for it that could be used; give another list")
            return table
        return WordTable(self.built_in.splitlines(), self.top_k, "the built-in list", self.plain)

    @cached_property
    def cut(self) -> Cut:
        """Words of the table stay whole."""
        if self.jieba:
            return by_jieba()
        return by_longest_match(self.table.others) if self.table.has_chinese else by_characters

    def override_arguments(self) -> dict[str, Any]:
        """The lines, since the file may be gone."""
        return {"path": None, "lines": self._as_lines} if self.path is not None and self.lines is None else {}

    @cached_property
    def _as_lines(self) -> str:
        return self.table.to_lines()

    def replaced(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Puts other words in place of some that are listed, and gives their places."""
        wanted = share_of_words(self.alpha, pieces.words)
        places = drawn_places(self.listed(pieces), pieces, wanted, streams)
        self.put_in_place(pieces, places, streams.derive(0))
        return places

    def listed(self, pieces: Pieces) -> np.ndarray:
        """The places of words that the table has others for; names, written with a capital, are none."""
        others, flat = self.table.others, pieces.flat
        found = list(compress(count(), map(others.__contains__, map(str.lstrip, flat))))
        for place in np.flatnonzero(pieces.first_words()).tolist():
            word = flat[place].lstrip()
            if word not in others and word.lower() in others:
                found.append(place)
        return np.array(found, np.int64)

    def other_for(self, piece: str, uniform: float) -> str:
        """One of the other words for a piece, as a number in [0, 1) means it, with the capitals of the piece."""
        word = piece.lstrip()
        others = self.table.others
        choices = others[word] if word in others else others[word.lower()]
        return capitalized_like(choices[int(uniform * len(choices))], word)

    def put_in_place(self, pieces: Pieces, places: np.ndarray, streams: RandomStreams) -> None:
        """Puts one of the other words in place of each piece; `a` and `an` before it follow."""
        flat = pieces.flat
        for place, uniform in zip(places.tolist(), pieces.at(streams, places).tolist(), strict=True):
            piece = flat[place]
            other = self.other_for(piece, uniform)
            flat[place] = piece[: len(piece) - len(piece.lstrip())] + other
            if flat[place][0] == " " and place > pieces.starts[pieces.row[place]]:
                flat[place - 1] = with_article(flat[place - 1], piece.lstrip(), other)


def with_article(before: str, former: str, new: str) -> str:
    """The word before a replaced one, which is another where it was the article that only fits the former.

    >>> with_article(" an", "execution", "performance"), with_article(" A", "film", "act"), with_article("the", "", "b")
    (' a', ' An', 'the')
    >>> with_article(" an", "hour", "minute"), with_article(" a", "user", "client")
    (' a', ' a')
    """
    article = before.lstrip().lower()
    if article not in ("a", "an"):
        return before
    fits_vowel = new[0].lower() in "aeiou"
    if fits_vowel == (article == "an"):
        return before
    return before[:-1] if article == "an" else f"{before}n"
