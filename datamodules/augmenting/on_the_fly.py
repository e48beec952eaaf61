"""A training split whose texts are augmented differently in each epoch; unchanged texts keep their cached ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch

from contracts.batch import TextBatch
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmenting.pipeline import Pipeline
from datamodules.loading.collate import collate
from datamodules.loading.text_split import TextSplit
from datamodules.tokenizers.base import TokenIds, Tokenizer

_OCCURRENCE_BITS = 40  # more than any row number has


@dataclass
class AugmentedSplit(TextSplit):
    """A `TextSplit` with the strings and the augmentations; lengths, labels and numbers are those of the cached texts.

    The augmented text of a row depends on seed, epoch and row only: it is the same in any batch, on any rank, in any
    worker. A row that a sampler repeats in an epoch comes as `row + occurrence * rows` and is augmented differently
    each time. Of a pair only the first text is augmented.

    Args:
        texts: The text of each row.
        pairs: The second text of each row, if there is one.
        tokenizer: Encodes augmented texts.
        max_length: Maximum tokens of an augmented text; longer ones are truncated.
        pipeline: The augmentations to apply.
        ratio: Fraction of texts that are augmented in an epoch.
        seed: Seed of the run.
    """

    varies_by_occurrence: ClassVar[bool] = True

    texts: list[str] = field(default_factory=list)
    pairs: list[str] | None = None
    tokenizer: Tokenizer | None = None
    max_length: int = 1
    pipeline: Pipeline = field(default_factory=lambda: Pipeline([]))
    ratio: float = 1.0
    seed: int = 0
    epoch: int = 0

    @classmethod
    def from_split(
        cls,
        split: TextSplit,
        texts: list[str],
        pairs: list[str] | None,
        tokenizer: Tokenizer,
        max_length: int,
        pipeline: Pipeline,
        ratio: float,
        seed: int,
    ) -> AugmentedSplit:
        """Makes an augmented split of the same rows."""
        arguments = texts, pairs, tokenizer, max_length, pipeline, ratio, seed
        return cls(split.tokens, split.labels, split.numbers, split.padding_id, *arguments)

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch, on which the augmented texts depend."""
        self.epoch = epoch

    def augment_rows(self, rows: Sequence[int] | np.ndarray) -> list[str]:
        """Returns the texts of rows as they are in this epoch.

        Args:
            rows: Row numbers, plus `occurrence * rows` for repetitions.
        """
        occurrences, row_numbers = np.divmod(np.asarray(rows, np.int64), len(self.texts))
        texts = [self.texts[row] for row in row_numbers.tolist()]
        streams = RandomStreams.from_rows(self.seed, self.epoch, row_numbers + (occurrences << _OCCURRENCE_BITS))
        if self.ratio == 1:
            return self.pipeline.augment(texts, streams)
        selected = np.flatnonzero(streams.derive(1_000).uniform() < self.ratio)
        augmented = self.pipeline.augment([texts[i] for i in selected.tolist()], streams.select(selected))
        for i, text in zip(selected.tolist(), augmented, strict=True):
            texts[i] = text
        return texts

    def __getitems__(self, rows: Sequence[int] | np.ndarray) -> TextBatch:
        """Returns a batch; its `index` holds the row numbers without occurrences."""
        keys = np.array(rows, np.int64)
        texts, row_numbers = self.augment_rows(keys), keys % len(self.texts)
        changed = [i for i, row in enumerate(row_numbers.tolist()) if texts[i] != self.texts[row]]
        if not changed:
            return super().__getitems__(row_numbers)
        pairs = None if self.pairs is None else [self.pairs[row] for row in row_numbers[changed].tolist()]
        assert self.tokenizer is not None
        encoded = self.tokenizer.encode_batch([texts[i] for i in changed], pairs, self.max_length)
        tokens = _replace_rows(self.tokens, row_numbers, encoded, changed)
        batch = collate(tokens, self.labels[row_numbers], np.arange(len(row_numbers)), self.padding_id)
        return batch._replace(index=torch.from_numpy(row_numbers))


def _replace_rows(tokens: TokenIds, rows: np.ndarray, encoded: TokenIds, changed: list[int]) -> TokenIds:
    """Selects the ids of rows, with those of `encoded` at the indices `changed` of the batch."""
    starts, ends = tokens.offsets[rows].tolist(), tokens.offsets[rows + 1].tolist()
    sources = [(tokens, start, end) for start, end in zip(starts, ends, strict=True)]
    for row, index in enumerate(changed):
        sources[index] = (encoded, int(encoded.offsets[row]), int(encoded.offsets[row + 1]))
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([end - start for _, start, end in sources], out=offsets[1:])
    ids = np.concatenate([source.ids[start:end] for source, start, end in sources])
    if tokens.type_ids is None:
        return TokenIds(ids, offsets)
    types = [source.type_ids[start:end] for source, start, end in sources if source.type_ids is not None]
    return TokenIds(ids, offsets, np.concatenate(types))
