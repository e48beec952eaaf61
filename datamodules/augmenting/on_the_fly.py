"""A training split whose texts are changed anew in each epoch; those that no draw touched keep their cached ids."""

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

_TURN = 40  # bits beyond any row


@dataclass
class AugmentedSplit(TextSplit):
    """As its base, and what it takes to change texts. Lengths, labels and numbers are those of the cached texts.

    What becomes of a row follows from seed, epoch and row: the same in any batch, on any rank, in any worker. A row
    that is drawn again in an epoch is changed anew; it comes as `row + turn * rows`. Of pairs only the first text is
    changed.

    Args:
        texts: The string of each row.
        pairs: The second string of each row, where there is one.
        tokenizer: Makes ids of the changed ones.
        max_length: Tokens that these are cut to.
        pipeline: Changes them.
        share: Of the texts that are changed in an epoch.
        seed: Of the run.
    """

    varies_by_occurrence: ClassVar[bool] = True

    texts: list[str] = field(default_factory=list)
    pairs: list[str] | None = None
    tokenizer: Tokenizer | None = None
    max_length: int = 1
    pipeline: Pipeline = field(default_factory=lambda: Pipeline([]))
    share: float = 1.0
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
        share: float,
        seed: int,
    ) -> AugmentedSplit:
        """The same rows."""
        given = texts, pairs, tokenizer, max_length, pipeline, share, seed
        return cls(split.tokens, split.labels, split.numbers, split.padding_id, *given)

    def set_epoch(self, epoch: int) -> None:
        """Each epoch has its own draws."""
        self.epoch = epoch

    def augment_rows(self, rows: Sequence[int] | np.ndarray) -> list[str]:
        """The texts of these rows as they are in this epoch.

        Args:
            rows: Numbers from that of all rows on stand for a row's later turns.
        """
        turns, places = np.divmod(np.asarray(rows, np.int64), len(self.texts))
        texts = [self.texts[row] for row in places.tolist()]
        streams = RandomStreams.from_rows(self.seed, self.epoch, places + (turns << _TURN))
        if self.share == 1:
            return self.pipeline.augment(texts, streams)
        chosen = np.flatnonzero(streams.derive(1_000).uniform() < self.share)
        some = self.pipeline.augment([texts[place] for place in chosen.tolist()], streams.select(chosen))
        for place, text in zip(chosen.tolist(), some, strict=True):
            texts[place] = text
        return texts

    def __getitems__(self, rows: Sequence[int] | np.ndarray) -> TextBatch:
        """A whole batch; its `index` holds these rows."""
        draws = np.array(rows, np.int64)
        new, places = self.augment_rows(draws), draws % len(self.texts)
        other = [number for number, row in enumerate(places.tolist()) if new[number] != self.texts[row]]
        if not other:
            return super().__getitems__(places)
        pairs = None if self.pairs is None else [self.pairs[row] for row in places[other].tolist()]
        assert self.tokenizer is not None
        encoded = self.tokenizer.encode_batch([new[number] for number in other], pairs, self.max_length)
        tokens = _in_place(self.tokens, places, encoded, other)
        batch = collate(tokens, self.labels[places], np.arange(len(places)), self.padding_id)
        return batch._replace(index=torch.from_numpy(places))


def _in_place(tokens: TokenIds, rows: np.ndarray, new: TokenIds, numbers: list[int]) -> TokenIds:
    """The ids of these rows one after the other, with the new ones at these numbers."""
    starts, ends = tokens.offsets[rows].tolist(), tokens.offsets[rows + 1].tolist()
    sources = [(tokens, start, end) for start, end in zip(starts, ends, strict=True)]
    for place, number in enumerate(numbers):
        sources[number] = (new, int(new.offsets[place]), int(new.offsets[place + 1]))
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([end - start for _, start, end in sources], out=offsets[1:])
    ids = np.concatenate([source.ids[start:end] for source, start, end in sources])
    if tokens.type_ids is None:
        return TokenIds(ids, offsets)
    types = [source.type_ids[start:end] for source, start, end in sources if source.type_ids is not None]
    return TokenIds(ids, offsets, np.concatenate(types))
