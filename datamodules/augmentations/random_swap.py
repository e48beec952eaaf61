"""Random swap: words change places (EDA, Wei and Zou 2019)."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.primitives.function_words import FUNCTION_WORDS
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces, drawn_places, share_of_words
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation, with_capital


class RandomSwap(WordAugmentation):
    """Lets a share `alpha` of a text's words, at least one, change places with as many others.

    No word is swapped twice, so that none comes back to its place. A text of one word stays as it is. Where Chinese is
    not cut into words its characters change places with their neighbours only, which leaves a text that can be read.
    """

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Swaps words and leaves the white space before them."""
        words = pieces.words
        beside = np.zeros(0, np.int64) if self.jieba else pieces.pairs_of_characters(streams.derive(0))
        # whatever the texts beside: a lone character has no neighbour, and swaps with no word
        alone = pieces.is_word if self.jieba else pieces.is_word & ~pieces.single_characters
        of_characters = np.minimum(share_of_words(self.alpha, words), words // 2)
        left = drawn_places(beside, pieces, of_characters, streams)
        others = np.bincount(pieces.row[alone], minlength=len(words))
        has_pairs = np.bincount(pieces.row[left], minlength=len(words)) > 0
        pairs = np.where(has_pairs, 0, np.minimum(share_of_words(self.alpha, others), others // 2))
        places = drawn_places(np.flatnonzero(alone), pieces, 2 * pairs, streams.derive(1))
        # the places of a text are an even number in random order: neighbours in it make a pair
        first = np.concatenate([left, places[::2]])
        second = np.concatenate([left + 1, places[1::2]])
        _swap(pieces, first.tolist(), second.tolist())
        return np.concatenate([first, second])


def _swap(pieces: Pieces, first: list[int], second: list[int]) -> None:
    flat, begins = pieces.flat, pieces.first_words()
    for one, other in zip(first, second, strict=True):
        word, later = flat[one].lstrip(), flat[other].lstrip()
        gap, later_gap = flat[one][: -len(word)], flat[other][: -len(later)]
        if begins[one]:
            word, later = _beside_the_start(word, later)
        elif begins[other]:
            later, word = _beside_the_start(later, word)
        flat[one], flat[other] = gap + later, later_gap + word


def _beside_the_start(first: str, later: str) -> tuple[str, str]:
    """The first word of a text as it is written elsewhere, and one from elsewhere as it is written there."""
    if first[0].isupper():
        later = with_capital(later)
        if first.split(" ")[0].lower() in FUNCTION_WORDS and first != "I":  # "What 's" as well
            first = first.lower()
    return first, later
