"""Rows of flat arrays to one padded batch, with no Python per row."""

from __future__ import annotations

import numpy as np
import torch

from contracts.batch import TextBatch
from datamodules.tokenizers.base import TokenIds


def collate(tokens: TokenIds, labels: np.ndarray, rows: np.ndarray, padding_id: int) -> TextBatch:
    """Gathers rows, each padded to the longest of them.

    Args:
        tokens: The ids of a whole split.
        labels: int64 `(all rows,)`, or uint8 `(all rows, classes)`, which become floats.
        rows: int64 `(batch,)`.
        padding_id: Fills rows up.

    Returns:
        A batch of at least one token's width, even where every row is empty.
    """
    starts = tokens.offsets[rows]
    lengths = tokens.offsets[rows + 1] - starts
    columns = np.arange(lengths.max(initial=1))
    mask = columns < lengths[:, None]
    places = starts[:, None] + columns
    taken = torch.from_numpy(labels[rows])
    return TextBatch(
        input_ids=torch.from_numpy(_gathered(tokens.ids, places, mask, padding_id)),
        attention_mask=torch.from_numpy(mask),
        labels=taken.float() if taken.ndim == 2 else taken,
        index=torch.from_numpy(rows),
        token_type_ids=(
            None if tokens.type_ids is None else torch.from_numpy(_gathered(tokens.type_ids, places, mask, 0))
        ),
    )


def _gathered(values: np.ndarray, places: np.ndarray, mask: np.ndarray, filling: int) -> np.ndarray:
    if not len(values):
        return np.full(mask.shape, filling, np.int64)
    # padding may point past the end of the split's last row
    return np.where(mask, values.take(places, mode="clip"), np.int64(filling))
