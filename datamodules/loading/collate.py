"""Collates rows of flat arrays into one padded batch, without Python code per row."""

from __future__ import annotations

import numpy as np
import torch

from contracts.batch import TextBatch
from datamodules.tokenizers.base import TokenIds


def collate(tokens: TokenIds, labels: np.ndarray, rows: np.ndarray, padding_id: int) -> TextBatch:
    """Collates rows into a batch, padded to the longest of them.

    Args:
        tokens: The ids of a split.
        labels: int64 `(all rows,)`, or uint8 `(all rows, classes)`, which become floats.
        rows: int64 `(batch,)`, positions in the split.
        padding_id: The id of padding.

    Returns:
        A batch at least one token wide, even if every row is empty.
    """
    starts = tokens.offsets[rows]
    lengths = tokens.offsets[rows + 1] - starts
    columns = np.arange(lengths.max(initial=1))
    mask = columns < lengths[:, None]
    positions = starts[:, None] + columns
    batch_labels = torch.from_numpy(labels[rows])
    return TextBatch(
        lengths=lengths,
        input_ids=torch.from_numpy(_gather(tokens.ids, positions, mask, padding_id)),
        attention_mask=torch.from_numpy(mask),
        labels=batch_labels.float() if batch_labels.ndim == 2 else batch_labels,
        index=torch.from_numpy(rows),
        token_type_ids=(
            None if tokens.type_ids is None else torch.from_numpy(_gather(tokens.type_ids, positions, mask, 0))
        ),
    )


def _gather(values: np.ndarray, positions: np.ndarray, mask: np.ndarray, padding: int) -> np.ndarray:
    """Gathers values by position where the mask is true, with padding elsewhere."""
    if not len(values):
        return np.full(mask.shape, padding, np.int64)
    # padding may point past the end of the split's last row
    return np.where(mask, values.take(positions, mode="clip"), np.int64(padding))
