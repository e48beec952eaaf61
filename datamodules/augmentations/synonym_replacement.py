"""Synonym replacement: some words are replaced by synonyms (EDA, Wei and Zou 2019)."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Segments
from datamodules.augmentations.word_level.synonym_augmentation import SynonymAugmentation


class SynonymReplacement(SynonymAugmentation):
    """Replaces a fraction `alpha` of the words, at least one, by synonyms; names and function words stay.

    If fewer words have synonyms, all of these are replaced.
    """

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Replaces words by synonyms."""
        return self.replace_listed_words(segments, streams)
