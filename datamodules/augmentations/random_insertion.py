"""Random insertion: synonyms of some words are inserted at random positions (EDA, Wei and Zou 2019)."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import (
    Segments,
    compute_change_counts,
    contains_chinese,
    sample_positions,
)
from datamodules.augmentations.word_level.synonym_augmentation import SynonymAugmentation


class RandomInsertion(SynonymAugmentation):
    """Inserts synonyms of a fraction `alpha` of the words, at least one, after random words of the text.

    If fewer words have synonyms, one for each of these is inserted.
    """

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Appends synonyms to the segments of random words."""
        words = segments.word_counts
        counts = compute_change_counts(self.alpha, words)
        sources = sample_positions(self.find_listed_words(segments), segments, counts, streams)
        choices = segments.draw_uniform(streams.derive(0), sources).tolist()
        texts = segments.text_index[sources]
        # the target, any word of the text, as its number among the words of the batch
        number = (segments.draw_uniform(streams.derive(1), sources) * words[texts]).astype(np.int64)
        targets = np.flatnonzero(segments.is_word)[(np.cumsum(words) - words)[texts] + number]
        strings = segments.strings
        new = [
            self.choose_alternative(strings[source], uniform)
            for source, uniform in zip(sources.tolist(), choices, strict=True)
        ]
        for target, word in zip(targets.tolist(), new, strict=True):
            # a capital would be that of a word at the start of the text
            strings[target] += word if contains_chinese(word) else f" {word.lower()}"
        return targets
