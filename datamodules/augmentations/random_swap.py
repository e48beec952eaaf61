"""Random swap: pairs of words exchange their positions (EDA, Wei and Zou 2019)."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.primitives.function_words import FUNCTION_WORDS
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Segments, compute_change_counts, sample_positions
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation, capitalize_first


class RandomSwap(WordAugmentation):
    """Swaps a fraction `alpha` of the words, at least one, with as many others.

    No word is swapped twice, so none returns to its position. A text of one word stays as it is. Without jieba, Chinese
    characters are swapped with their neighbours only, which leaves a readable text.
    """

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Swaps words and keeps the white space before them."""
        words = segments.word_counts
        pairs = np.zeros(0, np.int64) if self.jieba else segments.find_character_pairs(streams.derive(0))
        # independent of the batch: a single Chinese character has no neighbour, and is swapped with no word
        swappable = segments.is_word if self.jieba else segments.is_word & ~segments.is_chinese_character
        num_character_swaps = np.minimum(compute_change_counts(self.alpha, words), words // 2)
        left = sample_positions(pairs, segments, num_character_swaps, streams)
        others = np.bincount(segments.text_index[swappable], minlength=len(words))
        has_pairs = np.bincount(segments.text_index[left], minlength=len(words)) > 0
        num_swaps = np.where(has_pairs, 0, np.minimum(compute_change_counts(self.alpha, others), others // 2))
        positions = sample_positions(np.flatnonzero(swappable), segments, 2 * num_swaps, streams.derive(1))
        # an even number of positions of each text in random order: adjacent ones make a pair
        first = np.concatenate([left, positions[::2]])
        second = np.concatenate([left + 1, positions[1::2]])
        _swap_words(segments, first.tolist(), second.tolist())
        return np.concatenate([first, second])


def _swap_words(segments: Segments, first: list[int], second: list[int]) -> None:
    """Swaps pairs of words in place, by position; white space and capitals keep their positions."""
    strings, is_first_word = segments.strings, segments.find_first_words()
    for one, other in zip(first, second, strict=True):
        word, later = strings[one].lstrip(), strings[other].lstrip()
        gap, later_gap = strings[one][: -len(word)], strings[other][: -len(later)]
        if is_first_word[one]:
            word, later = _exchange_capitals(word, later)
        elif is_first_word[other]:
            later, word = _exchange_capitals(later, word)
        strings[one], strings[other] = gap + later, later_gap + word


def _exchange_capitals(first: str, later: str) -> tuple[str, str]:
    """Capitalizes a word that moves to the start of a text, and lowercases the function word that stood there."""
    if first[0].isupper():
        later = capitalize_first(later)
        if first.split(" ")[0].lower() in FUNCTION_WORDS and first != "I":  # "What 's" as well
            first = first.lower()
    return first, later
