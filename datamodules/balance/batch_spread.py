"""How much the batches of an epoch differ in their classes: from row numbers and labels to a few statistics."""

from __future__ import annotations

import numpy as np

_MAX_CELLS = 2**22  # counts of (batch, class) or labels of (text, class) in memory at a time


def compute_batch_spread(rows: np.ndarray, labels: np.ndarray, num_classes: int, batch_size: int) -> dict[str, float]:
    """Computes how the proportion of each class varies over batches, and how many texts a batch holds twice.

    The partial last batch is left out unless it is the only one. A class that is not drawn is left out.

    >>> compute_batch_spread(np.array([0, 1, 2, 2]), np.array([0, 1, 0]), 2, batch_size=2)["batch_share_std"]
    0.25

    Args:
        rows: `(draws,)` row numbers, batch after batch.
        labels: `(rows,)` class indices, or `(rows, classes)` of zeros and ones.
        num_classes: Number of classes.
        batch_size: Texts per batch.

    Returns:
        `batch_share_std`, the mean over classes of the standard deviation, over batches, of the class's proportion of
        the texts of a batch; `batch_share_std_by_chance`, its expectation if texts were drawn independently (binomial);
        `incomplete_batches`, the fraction of batches that lack a class which has a text per batch or more on average;
        `batch_repeats`, the fraction of draws that repeat a text of the same batch.
    """
    batch_size = min(batch_size, len(rows))
    batches = rows[: len(rows) // batch_size * batch_size].reshape(-1, batch_size)
    step = max(1, _MAX_CELLS // (num_classes * (batch_size if labels.ndim == 2 else 1)))
    chunks = [batches[start : start + step] for start in range(0, len(batches), step)]
    totals = sum(_count_classes(chunk, labels, num_classes).sum(0) for chunk in chunks)
    squares = np.zeros(num_classes)
    num_incomplete, num_repeats = 0, 0
    is_expected = totals >= len(batches)
    for chunk in chunks:
        counts = _count_classes(chunk, labels, num_classes)
        squares += ((counts - totals / len(batches)) ** 2).sum(0)
        num_incomplete += int((counts[:, is_expected] == 0).any(1).sum())
        num_repeats += int((np.diff(np.sort(chunk, axis=1), axis=1) == 0).sum())
    is_drawn = totals > 0
    share = totals[is_drawn] / batches.size
    deviation = np.sqrt(squares[is_drawn] / len(batches)) / batch_size
    return {
        "batch_share_std": float(deviation.mean()) if len(share) else 0.0,
        "batch_share_std_by_chance": float(np.sqrt(share * (1 - share) / batch_size).mean()) if len(share) else 0.0,
        "incomplete_batches": num_incomplete / len(batches),
        "batch_repeats": num_repeats / batches.size,
    }


def _count_classes(batches: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Counts the texts of each class in each batch, `(batches, classes)`."""
    if labels.ndim == 2:
        return (labels[batches] > 0).sum(1)
    cells = np.arange(len(batches))[:, None] * num_classes + labels[batches]
    return np.bincount(cells.ravel(), minlength=len(batches) * num_classes).reshape(-1, num_classes)
