"""`ClassBalanced` beyond equal shares: floors, ceilings, several labels, and shares that change over training."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import UsageError
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.class_balanced import ClassBalanced

LABELS = np.repeat([0, 1, 2], [900, 90, 10])
RANDOM = np.random.default_rng(0)
SEVERAL = (RANDOM.random((600, 5)) < [0.6, 0.3, 0.1, 0.03, 0.02]).astype(np.uint8)  # some with no label


def context(labels=LABELS, rank=0, world_size=1, epochs=None) -> SamplingContext:
    return SamplingContext(labels, np.ones(len(labels), int), 5, 20, 0, rank, world_size, epochs)


def times(sampler: ClassBalanced, epoch: int = 0) -> np.ndarray:
    return np.bincount(sampler.plan_epoch(epoch), minlength=len(sampler.context.labels))


def by_class(sampler: ClassBalanced, epoch: int = 0) -> list[float]:
    return np.bincount(LABELS, times(sampler, epoch)).tolist()


def drawn_labels(sampler: ClassBalanced, epochs: int = 1) -> np.ndarray:
    """Mean draws of each label, and of no label, in an epoch."""
    table = np.column_stack([sampler.context.labels, ~sampler.context.labels.any(axis=1)])
    return np.mean([times(sampler, epoch) @ table for epoch in range(epochs)], axis=0)


# Floors and ceilings


def test_what_a_ceiling_takes_away_goes_to_the_other_classes():
    """By hand: at most 4 of each of the 10 texts is 40; the other two classes share the 960 left, no more than 360 and
    all texts of class 1 four times."""
    assert by_class(ClassBalanced(context(), max_repeats=4)) == [600, 360, 40]
    assert by_class(ClassBalanced(context(), max_repeats=20)) == [400, 400, 200]


def test_what_a_floor_costs_comes_from_the_other_classes():
    """By hand: 2,000 draws; each of the 900 texts once at least, so 1,100 are left to two classes."""
    assert by_class(ClassBalanced(context(), min_repeats=1, epoch_length=2.0)) == [900, 550, 550]


def test_an_epoch_may_be_shorter_or_longer_than_the_split():
    assert by_class(ClassBalanced(context(), epoch_length=0.3)) == [100, 100, 100]
    assert by_class(ClassBalanced(context(), epoch_length=3)) == [1000, 1000, 1000]
    assert len(ClassBalanced(context(), epoch_length=0.3)) == 15


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 60),
    seed=st.integers(0, 20),
    several=st.booleans(),
    least=st.integers(0, 2),
    beyond=st.floats(0.05, 3),
    most=st.none() | st.integers(1, 3),
    schedule=st.sampled_from(["constant", "deferred", "progressive"]),
    weighting=st.sampled_from(["inverse", "sqrt", "effective"]),
    world_size=st.integers(1, 3),
)
def test_no_text_comes_more_or_less_often_than_is_allowed(
    rows, seed, several, least, beyond, most, schedule, weighting, world_size
):
    rng = np.random.default_rng(seed)
    labels = (rng.random((rows, 4)) < 0.3).astype(np.uint8) if several else rng.integers(0, 4, rows) ** 2
    length = least + beyond
    most = None if most is None else int(length) + most
    options = {"min_repeats": least, "max_repeats": most, "epoch_length": length, "multi_label": "expected"}
    try:
        sampler = ClassBalanced(
            context(labels, 0, world_size, epochs=3), weighting=weighting, schedule=schedule, **options
        )
    except UsageError as error:
        if "processes" in str(error):
            return
        raise
    for epoch in range(4):
        found = times(sampler, epoch)
        assert found.sum() == sampler.num_draws // world_size * world_size
        assert found.min() >= least
        assert most is None or found.max() <= most


def test_a_floor_holds_over_all_ranks_together_where_an_epoch_cannot_be_shared_out_evenly():
    """1,001 draws of 1,000 texts for two processes: 1,000 of them, so each text once."""
    shards = [ClassBalanced(context(rank=rank, world_size=2), min_repeats=1, epoch_length=1.001) for rank in (0, 1)]
    assert sorted(np.concatenate([row for shard in shards for row in shard]).tolist()) == list(range(1000))


def test_a_floor_that_no_even_epoch_can_hold_is_refused():
    labels = np.array([0, 1, 1, 1, 1])
    message = r"min_repeats 1 of 5 texts does not fit an epoch of 4 draws, split evenly among 2 processes; choose a"
    with pytest.raises(UsageError, match=message):
        ClassBalanced(context(labels, 0, 2), min_repeats=1, epoch_length=1.01)


# Schedules


def test_a_deferred_schedule_is_natural_first_and_balanced_from_its_start_on():
    """By hand: 0.6 of 5 epochs are 3; a natural epoch is each text once."""
    sampler = ClassBalanced(context(epochs=5), schedule="deferred", start=0.6)
    assert [times(sampler, epoch).max() for epoch in range(3)] == [1, 1, 1]
    assert [by_class(sampler, epoch)[2] for epoch in range(6)] == pytest.approx([10, 10, 10, *[1000 / 3] * 3], abs=1)


@pytest.mark.parametrize(("epochs", "start", "first"), [(1, 0.8, 0), (10, 0.7, 7), (100, 0.29, 29), (3, 0.0, 0)])
def test_there_is_a_balanced_epoch_however_few_there_are(epochs, start, first):
    sampler = ClassBalanced(context(epochs=epochs), schedule="deferred", start=start)
    assert [sampler.compute_balance(epoch) for epoch in range(epochs)] == [0.0] * first + [1.0] * (epochs - first)


def test_a_progressive_schedule_goes_linearly_from_natural_to_balanced():
    """Kang et al. 2020, equation 3, so that the first epoch is natural and the last one balanced."""
    sampler = ClassBalanced(context(epochs=5), schedule="progressive")
    for epoch in range(5):
        expected = [(1 - epoch / 4) * natural + epoch / 4 * 1000 / 3 for natural in (900, 90, 10)]
        assert by_class(sampler, epoch) == pytest.approx(expected, abs=1)
    assert by_class(sampler, 7) == pytest.approx([1000 / 3] * 3, abs=1)
    assert ClassBalanced(context(epochs=1), schedule="progressive").compute_balance(0) == 1


def test_expected_label_counts_go_linearly_as_well():
    sampler = ClassBalanced(context(SEVERAL, epochs=3), multi_label="expected", schedule="progressive")
    table = np.column_stack([SEVERAL, ~SEVERAL.any(axis=1)])
    first, middle, last = (times(sampler, epoch) @ table for epoch in range(3))
    assert middle == pytest.approx((first + last) / 2, abs=12)


# Several labels


def test_labels_are_balanced_in_expectation_where_they_can_be():
    """Any other choice of weights leaves labels at unlike shares: raking and plain inverse frequencies on the way."""
    counts = drawn_labels(ClassBalanced(context(SEVERAL), multi_label="expected"), epochs=50)
    assert counts == pytest.approx(np.full(6, counts.mean()), rel=0.02)
    rarest = drawn_labels(ClassBalanced(context(SEVERAL), multi_label="rarest"), epochs=20)
    assert np.ptp(rarest) > 10 * np.ptp(counts)


@pytest.mark.parametrize("weighting", ["sqrt", "effective"])
def test_weightings_set_the_shares_of_labels(weighting):
    """The shares of the single-label case with the same counts."""
    counts = np.append(SEVERAL.sum(axis=0, dtype=int), (~SEVERAL.any(axis=1)).sum())
    alone = np.repeat(np.arange(6), counts)
    single = ClassBalanced(SamplingContext(alone, alone, 6, 20, 0), weighting=weighting)
    shares = np.bincount(alone, times(single)) / len(alone)
    found = drawn_labels(ClassBalanced(context(SEVERAL), multi_label="expected", weighting=weighting), epochs=50)
    assert found / found.sum() == pytest.approx(shares, abs=0.005)


def test_rows_of_one_label_each_are_balanced_as_single_labels():
    table = np.zeros((1000, 5), np.uint8)
    table[np.arange(1000), LABELS] = 1
    expected = ClassBalanced(context(table), multi_label="expected")
    assert np.bincount(LABELS, times(expected)).tolist() == pytest.approx([1000 / 3] * 3, abs=1)


def test_single_labels_leave_nothing_to_choose():
    one, other = (ClassBalanced(context(), multi_label=choice) for choice in ("rarest", "expected"))
    assert one.plan_epoch(0).tolist() == other.plan_epoch(0).tolist()


def test_a_ceiling_holds_for_expected_labels_and_the_others_share_what_it_takes():
    """By hand: 4 texts of "rare" at most twice make 8; the other two labels share the 92 left of 100 evenly."""
    table = np.zeros((100, 3), np.uint8)
    table[:4, 2] = table[4:30, 1] = table[30:, 0] = 1
    sampler = ClassBalanced(context(table), multi_label="expected", max_repeats=2)
    assert times(sampler) @ table == pytest.approx([46, 46, 8], abs=1)


def test_rare_combinations_are_drawn_in_some_epochs_and_not_always_together():
    """Thirty texts with sets of labels of their own, a third drawn: over ten epochs all are, with other companions."""
    table = (np.arange(1, 31)[:, None] >> np.arange(5) & 1).astype(np.uint8)
    sampler = ClassBalanced(context(table), multi_label="expected", epoch_length=0.34)
    epochs = [frozenset(sampler.plan_epoch(epoch).tolist()) for epoch in range(20)]
    assert set().union(*epochs) == set(range(30))
    assert len(set(epochs)) > 15
