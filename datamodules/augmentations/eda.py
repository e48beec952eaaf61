"""Easy data augmentation: one of four small changes to each text (EDA, Wei and Zou 2019)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces
from datamodules.augmentations.random_deletion import RandomDeletion
from datamodules.augmentations.random_insertion import RandomInsertion
from datamodules.augmentations.random_swap import RandomSwap
from datamodules.augmentations.synonym_replacement import SynonymReplacement
from datamodules.augmentations.word_level.synonym_augmentation import SynonymAugmentation


class EDA(SynonymAugmentation):
    """Replaces words by synonyms, puts synonyms in, swaps words, or leaves words out: one of these for each text.

    The arguments are those of the four.
    """

    @cached_property
    def kinds(self) -> tuple[Augmentation, ...]:
        """The four, which share one list of synonyms."""
        replace, insert = (kind(self.path, self.lines, self.top_k, self.alpha, self.jieba) for kind in _WITH_SYNONYMS)
        for kind in (replace, insert):
            kind.__dict__["table"] = self.table  # read once
        return replace, insert, RandomSwap(self.alpha, self.jieba), RandomDeletion(self.alpha, self.jieba)

    def change(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Each text by the one that is drawn for it."""
        result = list(texts)
        chosen = (streams.uniform() * len(self.kinds)).astype(np.int64)
        for number, kind in enumerate(self.kinds):
            places = np.flatnonzero(chosen == number).tolist()
            changed = kind.change([texts[place] for place in places], streams.select(places).derive(number))
            for place, text in zip(places, changed, strict=True):
                result[place] = text
        return result

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Not called: its four kinds cut and join by themselves."""
        raise NotImplementedError


_WITH_SYNONYMS = (SynonymReplacement, RandomInsertion)
