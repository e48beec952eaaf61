from __future__ import annotations

import numpy as np
import pytest

from contracts.errors import UsageError
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.length_bucket import LengthBucket, bucket_by_length
from datamodules.samplers.shuffle import Shuffle

LENGTHS = np.random.default_rng(0).integers(1, 100, 1003)


def context(rank: int = 0, world_size: int = 1) -> SamplingContext:
    return SamplingContext(np.zeros(1003, int), LENGTHS, 1, 10, 0, rank, world_size)


def width(sampler) -> int:
    """Tokens of an epoch, padding included."""
    return sum(LENGTHS[batch].max() * len(batch) for batch in sampler)


def test_each_row_comes_once():
    assert sorted(np.concatenate(list(LengthBucket(context()))).tolist()) == list(range(1003))


def test_batches_hold_texts_of_like_length():
    """In a pool of 25 batches of 10 from uniform lengths, a sorted batch spans about 100 / 25 = 4 of 100 lengths."""
    spans = [np.ptp(LENGTHS[batch]) for batch in LengthBucket(context())]
    assert np.mean(spans[:-1]) < 8
    assert width(LengthBucket(context())) < 1.1 * LENGTHS.sum() < 0.7 * width(Shuffle(context()))


def test_a_larger_pool_pads_less():
    assert (
        width(LengthBucket(context(), pool=1)) > width(LengthBucket(context(), pool=4)) > width(LengthBucket(context()))
    )


def test_batches_come_in_random_order_of_length():
    means = [LENGTHS[batch].mean() for batch in LengthBucket(context())][:-1]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.4


def test_the_same_texts_do_not_meet_again_in_the_next_epoch():
    """Sorting the whole epoch as one pool would repeat its batches; a pool is at most a quarter of it."""
    sampler = LengthBucket(context(), pool=10_000)
    first = {frozenset(batch.tolist()) for batch in sampler}
    sampler.set_epoch(1)
    assert not first & {frozenset(batch.tolist()) for batch in sampler}


def test_ranks_get_batches_of_like_length_at_each_step():
    ranks = [list(LengthBucket(context(rank, 2))) for rank in range(2)]
    apart = [abs(LENGTHS[a].max() - LENGTHS[b].max()) for a, b in zip(*ranks, strict=True)]
    assert np.mean(apart[:-1]) < 3


def test_rows_are_sorted_within_pools_and_the_rest_stays_last():
    """By hand: 9 rows, batches of 2, so 4 whole batches, each a pool of its own; row 8 is left."""
    lengths = np.array([5, 1, 4, 2, 9, 3, 8, 7, 6])
    found = bucket_by_length(np.arange(9), lengths, batch_size=2, pool=1, rng=np.random.default_rng(0))
    assert found[8] == 8
    assert sorted(found[:8].reshape(4, 2).tolist()) == [[1, 0], [3, 2], [5, 4], [7, 6]]


def test_a_last_smaller_pool_is_sorted_too():
    """By hand: 9 batches of 1 make pools of 2 (a quarter) and a last pool of 1; nothing is lost."""
    found = bucket_by_length(np.arange(9), np.arange(9)[::-1], batch_size=1, pool=50, rng=np.random.default_rng(0))
    assert sorted(found.tolist()) == list(range(9))


@pytest.mark.parametrize("pool", [0, -3])
def test_a_pool_of_no_batch_is_refused(pool):
    with pytest.raises(UsageError, match=f"pool is a number of batches and must be at least 1, got {pool}"):
        LengthBucket(context(), pool=pool)
