"""`OverSampled` and `UnderSampled`: to a ratio between the largest and the smallest class."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.errors import UsageError
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.resampling import OverSampled, UnderSampled

SIZES = [900, 90, 0, 10]
LABELS = np.repeat(range(4), SIZES)


def context(labels=LABELS, rank=0, world_size=1) -> SamplingContext:
    return SamplingContext(labels, np.random.default_rng(0).integers(1, 9, len(labels)), 4, 20, 0, rank, world_size)


def counts(sampler, epoch: int = 0) -> list[int]:
    return np.bincount(LABELS[sampler.plan_epoch(epoch)], minlength=4).tolist()


@pytest.mark.parametrize(
    ("ratio", "expected"), [(1, [10, 10, 0, 10]), (2.55, [25, 25, 0, 10]), (9, [90, 90, 0, 10]), (100, SIZES)]
)
def test_large_classes_are_cut_to_the_ratio(ratio, expected):
    sampler = UnderSampled(context(), ratio=ratio)
    assert counts(sampler) == counts(sampler, 3) == expected
    assert sampler.num_draws == sum(expected)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(1, [900, 900, 0, 900]), (9, [900, 100, 0, 100]), (11, [900, 90, 0, 82]), (90, SIZES), (500, SIZES)],
)
def test_small_classes_are_repeated_to_the_ratio(ratio, expected):
    sampler = OverSampled(context(), ratio=ratio)
    assert counts(sampler) == counts(sampler, 3) == expected
    assert len(sampler) == -(-sum(expected) // 20)


def test_no_text_is_drawn_twice_when_classes_are_cut_and_other_ones_in_each_epoch():
    sampler = UnderSampled(context(), ratio=3)
    epochs = [sampler.plan_epoch(epoch) for epoch in range(3)]
    assert all(len(set(rows.tolist())) == len(rows) for rows in epochs)
    assert all(set(range(990, 1000)) <= set(rows.tolist()) for rows in epochs)  # the smallest class is there whole
    assert len(set(epochs[0].tolist()) & set(epochs[1].tolist())) < 35  # 10, and by chance 30 * 30 / 90 + 30 * 30 / 900


def test_every_text_is_drawn_when_classes_are_repeated_and_evenly():
    times = np.bincount(OverSampled(context(), ratio=4).plan_epoch(0), minlength=1000)
    assert (times[LABELS == 0] == 1).all()
    assert sorted(set(times[LABELS == 1].tolist())) == [2, 3]  # 225 draws of 90 texts
    assert sorted(set(times[LABELS == 3].tolist())) == [22, 23]  # of 10 texts


@pytest.mark.parametrize("sampler", [OverSampled, UnderSampled])
def test_two_ranks_share_the_draws_and_the_ratio_holds_over_both(sampler):
    alone = sampler(context(), ratio=2).plan_epoch(0)
    together = [np.concatenate(list(sampler(context(rank=rank, world_size=2), ratio=2))) for rank in (0, 1)]
    assert sorted(LABELS[np.concatenate(together)]) == sorted(LABELS[alone])


def test_a_text_with_several_labels_counts_for_its_rarest():
    """By hand: 4 texts have labels 0 and 1, 12 have label 0, 4 have none: three classes of 4, 12 and 4."""
    labels = np.zeros((20, 2), np.uint8)
    labels[:16, 0] = 1
    labels[:4, 1] = 1
    under = np.bincount(UnderSampled(context(labels)).plan_epoch(0), minlength=20)
    over = np.bincount(OverSampled(context(labels)).plan_epoch(0), minlength=20)
    assert [under[:4].sum(), under[4:16].sum(), under[16:].sum()] == [4, 4, 4]
    assert [over[:4].sum(), over[4:16].sum(), over[16:].sum()] == [12, 12, 12]


@pytest.mark.parametrize("sampler", [OverSampled, UnderSampled])
@pytest.mark.parametrize("ratio", [0.5, 0, float("inf"), float("nan")])
def test_a_ratio_below_one_is_refused(sampler, ratio):
    with pytest.raises(
        UsageError, match=f"largest class over that of the smallest and must be at least 1, got {ratio}"
    ):
        sampler(context(), ratio=ratio)
