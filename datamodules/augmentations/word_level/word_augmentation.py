"""Base of augmentations that change single words: texts to segments, some segments changed, joined to texts again."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property

import numpy as np

from datamodules.augmentations.base import Augmentation, check_ratio
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import (
    Segmenter,
    Segments,
    make_jieba_segmenter,
    segment_by_characters,
)


class WordAugmentation(Augmentation):
    """Changes some words of a text and nothing else.

    Args:
        alpha: Fraction of words to change, in [0, 1].
        jieba: Whether jieba splits Chinese into words (extra `jieba`).
        p: Probability that a text is changed, in [0, 1].
    """

    def __init__(self, alpha: float = 0.1, jieba: bool = False, p: float = 1.0) -> None:
        super().__init__(p)
        self.alpha = check_ratio("alpha", alpha)
        self.jieba = jieba
        if jieba:
            make_jieba_segmenter()  # so that a missing library is reported now

    def list_libraries(self) -> list[str]:
        """Lists jieba if it splits the texts."""
        return ["jieba"] if self.jieba else []

    @cached_property
    def segmenter(self) -> Segmenter:
        """Splits a text into segments."""
        return make_jieba_segmenter() if self.jieba else segment_by_characters

    @abstractmethod
    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Replaces words in `segments.strings` in place; returns the changed positions."""

    def transform(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Segments the texts, changes some segments, and joins them."""
        segments = Segments(texts, self.segmenter)
        if not segments.strings:
            return texts
        return segments.join_texts(self.transform_segments(segments, streams))


def copy_capitalization(word: str, example: str) -> str:
    """Capitalizes a word as the example is.

    >>> [copy_capitalization("movie", example) for example in ("Film", "FILM", "film")]
    ['Movie', 'MOVIE', 'movie']
    """
    if len(example) > 1 and example.isupper():
        return word.upper()
    return capitalize_first(word) if example[:1].isupper() else word


def capitalize_first(word: str) -> str:
    """Capitalizes the first letter if its capital is one letter; that of a sharp s is two.

    >>> capitalize_first("word"), capitalize_first("ßa")
    ('Word', 'ßa')
    """
    capital = word[0].upper()
    return capital + word[1:] if len(capital) == 1 else word
