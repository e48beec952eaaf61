"""Random deletion: each word is deleted with a small probability (EDA, Wei and Zou 2019)."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Segments
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation, capitalize_first

_NOT_AT_THE_START = " \t,;:.!?)，；：。！？、）"


class RandomDeletion(WordAugmentation):
    """Deletes each word with probability `alpha`; one word is always kept."""

    def transform(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Deletes words; if the first word is deleted, the start of the text is cleaned up."""
        changed = super().transform(texts, streams)
        return [
            new if new is old or new[:1] == old[:1] else _clean_start(old, new)
            for old, new in zip(texts, changed, strict=True)
        ]

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Empties the segments of deleted words."""
        uniforms = streams.uniform_ragged(segments.lengths)
        deleted = segments.is_word & (uniforms < self.alpha)
        num_deleted = np.bincount(segments.text_index[deleted], minlength=len(segments.texts))
        for text in np.flatnonzero((num_deleted == segments.word_counts) & (num_deleted > 0)).tolist():
            bounds = slice(int(segments.starts[text]), int(segments.ends[text]))
            kept = int(np.argmax(np.where(segments.is_word[bounds], uniforms[bounds], -1.0)))
            deleted[bounds.start + kept] = False
        positions = np.flatnonzero(deleted)
        for position in positions.tolist():
            segments.strings[position] = ""
        return positions


def _clean_start(old: str, new: str) -> str:
    """Removes white space and punctuation at the start of the new text, and capitalizes it as the old one."""
    if old[0] not in _NOT_AT_THE_START:
        new = new.lstrip(_NOT_AT_THE_START)
    return capitalize_first(new) if new and old[0].isupper() else new
