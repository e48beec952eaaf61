"""Easy data augmentation: one of four small changes to each text (EDA, Wei and Zou 2019)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Segments
from datamodules.augmentations.random_deletion import RandomDeletion
from datamodules.augmentations.random_insertion import RandomInsertion
from datamodules.augmentations.random_swap import RandomSwap
from datamodules.augmentations.synonym_replacement import SynonymReplacement
from datamodules.augmentations.word_level.synonym_augmentation import SynonymAugmentation


class EDA(SynonymAugmentation):
    """Applies synonym replacement, synonym insertion, random swap or random deletion to each text, one at random."""

    @cached_property
    def operations(self) -> tuple[Augmentation, ...]:
        """The four augmentations; two of them share one table of synonyms."""
        replace, insert = (cls(self.path, self.lines, self.top_k, self.alpha, self.jieba) for cls in _WITH_SYNONYMS)
        for operation in (replace, insert):
            operation.__dict__["table"] = self.table  # read once
        return replace, insert, RandomSwap(self.alpha, self.jieba), RandomDeletion(self.alpha, self.jieba)

    def transform(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Changes each text by one of the operations at random."""
        result = list(texts)
        operation_of_text = (streams.uniform() * len(self.operations)).astype(np.int64)
        for number, operation in enumerate(self.operations):
            indices = np.flatnonzero(operation_of_text == number).tolist()
            changed = operation.transform([texts[i] for i in indices], streams.select(indices).derive(number))
            for i, text in zip(indices, changed, strict=True):
                result[i] = text
        return result

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Is never called: each of the four operations segments its texts itself."""
        raise NotImplementedError


_WITH_SYNONYMS = (SynonymReplacement, RandomInsertion)
