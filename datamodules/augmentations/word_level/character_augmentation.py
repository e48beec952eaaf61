"""What the augmentations of characters share: some words of a text, one character of each."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces, drawn_places, share_of_words
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation


class CharacterAugmentation(WordAugmentation):
    """Changes one character each in a share of a text's words. Words with a digit stay: they would be other facts.

    Args:
        alpha: The share of a text's words, in [0, 1].
        p: The share of texts that are changed, in [0, 1].
    """

    def __init__(self, alpha: float = 0.1, p: float = 1.0) -> None:
        super().__init__(alpha, p=p)

    @abstractmethod
    def misspelt(self, word: str, where: float, how: float) -> str:
        """Another spelling of a word of letters.

        Args:
            word: Of two letters or more, in ASCII.
            where: In [0, 1), the character.
            how: In [0, 1), what becomes of it.
        """

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Misspells words."""
        flat = pieces.flat
        can = [
            len(piece) > 1 and piece[-2:].isalpha() and piece.lstrip().isalpha() and piece.isascii() for piece in flat
        ]
        eligible = np.flatnonzero(can)
        eligible = (
            eligible[[len(flat[place].lstrip()) > 1 for place in eligible.tolist()]] if len(eligible) else eligible
        )
        places = drawn_places(eligible, pieces, share_of_words(self.alpha, pieces.words), streams)
        where = pieces.at(streams.derive(0), places).tolist()
        how = pieces.at(streams.derive(1), places).tolist()
        for place, first, second in zip(places.tolist(), where, how, strict=True):
            piece = flat[place]
            word = piece.lstrip()
            flat[place] = piece[: len(piece) - len(word)] + self.misspelt(word, first, second)
        return places
