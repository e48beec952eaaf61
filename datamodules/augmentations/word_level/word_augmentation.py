"""What the augmentations of words share: a rate, and how Chinese is cut into words."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property

import numpy as np

from datamodules.augmentations.base import Augmentation, checked_share
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Cut, Pieces, by_characters, by_jieba


class WordAugmentation(Augmentation):
    """Changes some words of a text and leaves all else as it stands.

    Args:
        alpha: The share of a text's words, in [0, 1].
        jieba: Whether Chinese is cut into words by the library of that name (extra `jieba`).
        p: The share of texts that are changed, in [0, 1].
    """

    def __init__(self, alpha: float = 0.1, jieba: bool = False, p: float = 1.0) -> None:
        super().__init__(p)
        self.alpha = checked_share("alpha", alpha)
        self.jieba = jieba
        if jieba:
            by_jieba()  # so that its absence is told now

    @cached_property
    def cut(self) -> Cut:
        """How a text is cut into pieces."""
        return by_jieba() if self.jieba else by_characters

    @abstractmethod
    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Changes pieces in place, and gives the places of the changed ones."""

    def change(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Cuts, changes some pieces, and joins."""
        pieces = Pieces(texts, self.cut)
        if not pieces.flat:
            return texts
        return pieces.joined(self.change_pieces(pieces, streams))


def capitalized_like(word: str, example: str) -> str:
    """The word with the capitals of another.

    >>> capitalized_like("movie", "Film"), capitalized_like("movie", "FILM"), capitalized_like("movie", "film")
    ('Movie', 'MOVIE', 'movie')
    """
    if len(example) > 1 and example.isupper():
        return word.upper()
    return with_capital(word) if example[:1].isupper() else word


def with_capital(word: str) -> str:
    """The word with a capital, if its first letter has one that is one letter: a sharp s has two.

    >>> with_capital("word"), with_capital("ßa")
    ('Word', 'ßa')
    """
    capital = word[0].upper()
    return capital + word[1:] if len(capital) == 1 else word
