"""Base of augmentations that misspell words: one character changed in each of some words of a text."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Segments, compute_change_counts, sample_positions
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation


class CharacterAugmentation(WordAugmentation):
    """Changes one character in each of some words of a text, not in words with a digit: that would change facts."""

    def __init__(self, alpha: float = 0.1, p: float = 1.0) -> None:  # without `jieba`: only ASCII words are misspelt
        super().__init__(alpha, p=p)

    @abstractmethod
    def misspell(self, word: str, position: float, operation: float) -> str:
        """Misspells a word.

        Args:
            word: Two or more ASCII letters.
            position: Uniform in [0, 1); selects the character.
            operation: Uniform in [0, 1); selects the change.
        """

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Misspells words of ASCII letters."""
        strings = segments.strings
        is_letters = [
            len(segment) > 1 and segment[-2:].isalpha() and segment.lstrip().isalpha() and segment.isascii()
            for segment in strings
        ]
        eligible = np.flatnonzero(is_letters)
        if len(eligible):
            eligible = eligible[[len(strings[position].lstrip()) > 1 for position in eligible.tolist()]]
        counts = compute_change_counts(self.alpha, segments.word_counts)
        changed = sample_positions(eligible, segments, counts, streams)
        positions = segments.draw_uniform(streams.derive(0), changed).tolist()
        operations = segments.draw_uniform(streams.derive(1), changed).tolist()
        for segment, position, operation in zip(changed.tolist(), positions, operations, strict=True):
            string = strings[segment]
            word = string.lstrip()
            strings[segment] = string[: len(string) - len(word)] + self.misspell(word, position, operation)
        return changed
