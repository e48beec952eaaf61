"""Synonym replacement: some words give way to words of the same meaning (EDA, Wei and Zou 2019)."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces
from datamodules.augmentations.word_level.synonym_augmentation import SynonymAugmentation


class SynonymReplacement(SynonymAugmentation):
    """Replaces a share `alpha` of a text's words, at least one, by synonyms; names and function words stay.

    Where fewer words have synonyms than the share asks for, all of these are replaced.
    """

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Replaces words."""
        return self.replaced(pieces, streams)
