"""Random insertion: synonyms of some words are put in anywhere (EDA, Wei and Zou 2019)."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces, drawn_places, is_chinese, share_of_words
from datamodules.augmentations.word_level.synonym_augmentation import SynonymAugmentation


class RandomInsertion(SynonymAugmentation):
    """Puts a synonym of each of a share `alpha` of a text's words, at least one, behind some word of the text.

    Where fewer words have synonyms than the share asks for, one for each of these is put in.
    """

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Makes some pieces longer by a word."""
        words = pieces.words
        sources = drawn_places(self.listed(pieces), pieces, share_of_words(self.alpha, words), streams)
        which = pieces.at(streams.derive(0), sources).tolist()
        rows = pieces.row[sources]
        # a word after which to put it in: any of the text, by its number among the words of the batch
        number = (pieces.at(streams.derive(1), sources) * words[rows]).astype(np.int64)
        targets = np.flatnonzero(pieces.is_word)[(np.cumsum(words) - words)[rows] + number]
        flat = pieces.flat
        new = [self.other_for(flat[source], uniform) for source, uniform in zip(sources.tolist(), which, strict=True)]
        for target, word in zip(targets.tolist(), new, strict=True):
            # a capital would be that of the word which the text begins with
            flat[target] += word if is_chinese(word) else f" {word.lower()}"
        return targets
