"""Random deletion: each word is left out with a small probability (EDA, Wei and Zou 2019)."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation, with_capital

_NOT_AT_THE_START = " \t,;:.!?)，；：。！？、）"


class RandomDeletion(WordAugmentation):
    """Leaves out each word with the probability `alpha`; one word always stays."""

    def change(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """As for all words; a text that has lost its first word starts as texts do."""
        changed = super().change(texts, streams)
        return [
            new if new is old or new[:1] == old[:1] else _started(old, new)
            for old, new in zip(texts, changed, strict=True)
        ]

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Empties pieces."""
        uniforms = streams.uniform_ragged(pieces.lengths)
        drawn = pieces.is_word & (uniforms < self.alpha)
        gone = np.bincount(pieces.row[drawn], minlength=len(pieces.texts))
        for row in np.flatnonzero((gone == pieces.words) & (gone > 0)).tolist():
            mine = slice(int(pieces.starts[row]), int(pieces.ends[row]))
            drawn[mine.start + int(np.argmax(np.where(pieces.is_word[mine], uniforms[mine], -1.0)))] = False
        places = np.flatnonzero(drawn)
        for place in places.tolist():
            pieces.flat[place] = ""
        return places


def _started(old: str, new: str) -> str:
    if old[0] not in _NOT_AT_THE_START:
        new = new.lstrip(_NOT_AT_THE_START)
    return with_capital(new) if new and old[0].isupper() else new
