"""The encoded texts of one split, as a dataset of padded batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from torch.utils.data import Dataset

from contracts.batch import TextBatch
from contracts.text_spec import TextSpec
from datamodules.loading.collate import collate
from datamodules.tokenizers.base import TokenIds


@dataclass
class TextSplit(Dataset[TextBatch]):
    """Arrays over the rows of one split; they may be memory-mapped.

    Args:
        tokens: The ids of all rows.
        labels: int64 `(rows,)` if single-label; uint8 `(rows, classes)` if multi-label.
        numbers: int64 `(rows,)`, each row's position in its source.
        padding_id: The id of padding.
    """

    varies_by_occurrence: ClassVar[bool] = False
    """Whether a row that is drawn again in an epoch has another text then."""

    tokens: TokenIds
    labels: np.ndarray
    numbers: np.ndarray
    padding_id: int

    def __post_init__(self) -> None:
        """Replaces arrays by plain views of the same memory: indexing an `np.memmap` costs microseconds each time."""
        ids, offsets, type_ids = self.tokens
        self.tokens = TokenIds(np.asarray(ids), np.asarray(offsets), None if type_ids is None else np.asarray(type_ids))
        self.labels = np.asarray(self.labels)
        self.numbers = np.asarray(self.numbers)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.labels)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each row."""
        return self.tokens.lengths

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch, from 0, for a split whose texts change with it; these do not."""

    def __getitem__(self, row: int) -> TextBatch:
        """Collates one row, as a batch of one."""
        return self.__getitems__([row])

    def __getitems__(self, rows: Sequence[int] | np.ndarray) -> TextBatch:
        """Collates a batch; its `index` holds these rows."""
        return collate(self.tokens, self.labels, np.array(rows, np.int64), self.padding_id)


def open_split(folder: Path, name: str, spec: TextSpec) -> TextSplit:
    """Opens the arrays of one split in a cache folder, memory-mapped."""

    def open_array(kind: str) -> np.ndarray:
        return np.load(folder / f"{name}.{kind}.npy", mmap_mode="r")

    tokens = TokenIds(open_array("ids"), open_array("offsets"), open_array("type_ids") if spec.pairs else None)
    return TextSplit(tokens, open_array("labels"), open_array("numbers"), spec.padding_id)
