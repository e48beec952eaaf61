"""Length-bucketed batches: texts of similar length in a batch, for little padding, and batches in random order.

Sorting within pools of a random order, then shuffling the batches, as fairseq and the `transformers` trainer do.
"""

from __future__ import annotations

import numpy as np

from contracts.errors import UsageError
from datamodules.samplers.base import SamplingContext, TextSampler

POOL = 50
_MIN_POOLS_PER_EPOCH = 4  # with one pool over all texts, batches would be the same in every epoch


class LengthBucket(TextSampler):
    """Draws each text once per epoch; batches hold texts of similar length and are in random order.

    Args:
        context: The training split and the run, as the data module describes them.
        pool: Number of batches in a pool, which is sorted by length; at least 1. A larger pool pads less and shuffles
            less. Limited to a quarter of the epoch.
    """

    def __init__(self, context: SamplingContext, /, pool: int = POOL) -> None:
        super().__init__(context)
        self._pool = validate_pool(pool)

    def draw_rows(self, rng: np.random.Generator, epoch: int) -> np.ndarray:
        """Draws a permutation of the rows, bucketed by length."""
        rows = rng.permutation(len(self.context.labels))
        return bucket_by_length(rows, self.context.lengths, self._global_batch_size, self._pool, rng)


def bucket_by_length(
    rows: np.ndarray, lengths: np.ndarray, batch_size: int, pool: int, rng: np.random.Generator
) -> np.ndarray:
    """Reorders rows so that each successive `batch_size` of them have similar lengths.

    The rows after the last full batch stay at the end, so that every other batch is full.

    Args:
        rows: `(draws,)` row numbers in random order; repeats are allowed.
        lengths: `(rows,)` tokens of each row.
        batch_size: Texts per batch, over all ranks.
        pool: Number of batches in a pool, which is sorted by length.
        rng: Shuffles the batches.
    """
    num_batches = len(rows) // batch_size
    if not num_batches:
        return rows
    pool = limit_pool(pool, num_batches)
    num_full = num_batches * batch_size
    pools = np.split(rows[:num_full], range(pool * batch_size, num_full, pool * batch_size))
    # a stable sort, since ranks on different machines must agree on the order of equal lengths
    by_length = np.concatenate([texts[np.argsort(lengths[texts], kind="stable")] for texts in pools])
    batches = by_length.reshape(num_batches, batch_size)
    return np.concatenate([rng.permutation(batches).ravel(), rows[num_full:]])


def limit_pool(pool: int, num_batches: int) -> int:
    """Returns the number of batches in a pool, limited to a quarter of an epoch."""
    return min(pool, max(1, num_batches // _MIN_POOLS_PER_EPOCH))


def validate_pool(pool: int) -> int:
    """Returns the pool size.

    Raises:
        UsageError: It is below 1.
    """
    if pool < 1:
        raise UsageError(f"pool is a number of batches and must be at least 1, got {pool}")
    return pool
