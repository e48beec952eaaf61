"""Character noise: a letter is inserted, deleted, replaced, or swapped with the next one."""

from __future__ import annotations

import string

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Segments, compute_change_counts, sample_positions
from datamodules.augmentations.word_level.character_augmentation import CharacterAugmentation

_LETTERS = string.ascii_lowercase


class CharacterNoise(CharacterAugmentation):
    """Changes one letter in some English words of a text, and the same fraction of its Chinese characters.

    A Chinese character is deleted or swapped with the next one.
    """

    def misspell(self, word: str, position: float, operation: float) -> str:
        """Inserts, deletes, replaces or swaps one letter, each with the same probability."""
        choice, rest = int(operation * 4), operation * 4 % 1
        index = int(position * len(word))
        letter = _LETTERS[int(rest * 26)]
        if choice == 0:
            swapped = min(index, len(word) - 2)
            if word[swapped] != word[swapped + 1]:
                return word[:swapped] + word[swapped + 1] + word[swapped] + word[swapped + 2 :]
            choice = 1  # swapping two equal letters would change nothing
        if choice == 1:
            return word[:index] + word[index + 1 :]
        if choice == 2:
            return f"{word[: index + 1]}{letter}{word[index + 1 :]}"
        other = letter if letter != word[index].lower() else _LETTERS[(int(rest * 26) + 1) % 26]
        return word[:index] + (other.upper() if word[index].isupper() else other) + word[index + 1 :]

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Changes English words, then Chinese characters."""
        english = super().transform_segments(segments, streams.derive(0))
        pairs = segments.find_character_pairs(streams.derive(1))
        if not len(pairs):
            return english
        characters = np.bincount(segments.text_index[segments.is_chinese_character], minlength=len(segments.texts))
        counts = compute_change_counts(self.alpha, characters)
        positions = sample_positions(pairs, segments, counts, streams.derive(2))
        operations = segments.draw_uniform(streams.derive(3), positions).tolist()
        strings = segments.strings
        for position, operation in zip(positions.tolist(), operations, strict=True):
            gap, character = strings[position][:-1], strings[position][-1]
            if operation < 0.5:
                strings[position], strings[position + 1] = gap + strings[position + 1], character
            else:
                strings[position] = gap
        return np.concatenate([english, positions])
