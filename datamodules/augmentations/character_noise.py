"""Character noise: a letter is put in, left out, replaced, or changes places with the next one."""

from __future__ import annotations

import string

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces, drawn_places, share_of_words
from datamodules.augmentations.word_level.character_augmentation import CharacterAugmentation

_LETTERS = string.ascii_lowercase


class CharacterNoise(CharacterAugmentation):
    """Changes one letter each in a share of the English words, and as large a share of the Chinese characters.

    A Chinese character is left out or changes places with the one that follows.
    """

    def misspelt(self, word: str, where: float, how: float) -> str:
        """With one letter more, less, other, or two swapped; each as often as the others."""
        kind, rest = int(how * 4), how * 4 % 1
        place = int(where * len(word))
        letter = _LETTERS[int(rest * 26)]
        if kind == 0:
            swapped = min(place, len(word) - 2)
            if word[swapped] != word[swapped + 1]:
                return word[:swapped] + word[swapped + 1] + word[swapped] + word[swapped + 2 :]
            kind = 1  # a swap of two alike would change nothing
        if kind == 1:
            return word[:place] + word[place + 1 :]
        if kind == 2:
            return f"{word[: place + 1]}{letter}{word[place + 1 :]}"
        other = letter if letter != word[place].lower() else _LETTERS[(int(rest * 26) + 1) % 26]
        return word[:place] + (other.upper() if word[place].isupper() else other) + word[place + 1 :]

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """English words, then Chinese characters."""
        english = super().change_pieces(pieces, streams.derive(0))
        pairs = pieces.pairs_of_characters(streams.derive(1))
        if not len(pairs):
            return english
        characters = np.bincount(pieces.row[pieces.single_characters], minlength=len(pieces.texts))
        places = drawn_places(pairs, pieces, share_of_words(self.alpha, characters), streams.derive(2))
        flat = pieces.flat
        for place, how in zip(places.tolist(), pieces.at(streams.derive(3), places).tolist(), strict=True):
            gap, character = flat[place][:-1], flat[place][-1]
            if how < 0.5:
                flat[place], flat[place + 1] = gap + flat[place + 1], character
            else:
                flat[place] = gap
        return np.concatenate([english, places])
