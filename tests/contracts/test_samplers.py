"""What every sampler promises, whatever order it plans."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonargparse import ArgumentParser

import datamodules.samplers  # noqa: F401  # makes the members known
from contracts.discovery import find_implementations
from contracts.errors import UsageError
from datamodules.samplers.base import SamplingContext, TextSampler
from datamodules.samplers.class_balanced import ClassBalanced
from datamodules.samplers.resampling import OverSampled, UnderSampled

SAMPLERS = list(find_implementations(TextSampler))
REMEDIES = {
    "deferred": partial(ClassBalanced, schedule="deferred", start=0.5),
    "progressive": partial(ClassBalanced, schedule="progressive"),
    "expected": partial(ClassBalanced, multi_label="expected"),
    "limited": partial(ClassBalanced, min_repeats=1, max_repeats=3, epoch_length=2.0),
    "expected and limited": partial(ClassBalanced, multi_label="expected", max_repeats=2, schedule="progressive"),
    "over-sampled in part": partial(OverSampled, ratio=2.5),
    "under-sampled in part": partial(UnderSampled, ratio=1.5),
}
"""Options that change how an epoch is planned."""
MAKERS = {member.__name__: member for member in SAMPLERS} | REMEDIES


def context(
    rows: int = 47,
    batch_size: int = 4,
    classes: int = 3,
    multi_label: bool = False,
    seed: int = 7,
    rank: int = 0,
    world_size: int = 1,
) -> SamplingContext:
    rng = np.random.default_rng(rows)
    labels = (
        rng.integers(0, 2, (rows, classes)).astype(np.uint8) if multi_label else rng.integers(0, classes, rows) ** 2
    )
    lengths = rng.integers(0, 9, rows)
    num_classes = classes if multi_label else (classes - 1) ** 2 + 1  # squares: some classes have no row
    return SamplingContext(labels, lengths, num_classes, batch_size, seed, rank, world_size, epochs=4)


def batches(sampler: TextSampler) -> list[list[int]]:
    return [batch.tolist() for batch in sampler]


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[[SamplingContext], TextSampler]:
    return MAKERS[request.param]


@pytest.fixture(params=SAMPLERS, ids=lambda member: member.__name__)
def member(request: pytest.FixtureRequest) -> type[TextSampler]:
    return request.param


def test_the_samplers_are_found():
    assert {member.__name__ for member in SAMPLERS} >= {
        *("Shuffle", "LengthBucket", "ClassBalanced", "OverSampled", "UnderSampled")
    }


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_same_seed_and_epoch_give_the_same_batches_and_others_do_not(make, multi_label):
    def epoch(number, seed=7):
        sampler = make(context(multi_label=multi_label, seed=seed))
        sampler.set_epoch(number)
        return batches(sampler)

    assert epoch(0) == epoch(0)
    assert epoch(3) == epoch(3)
    assert epoch(0) != epoch(3)
    assert epoch(0) != epoch(0, seed=8)


@pytest.mark.parametrize("multi_label", [False, True])
def test_an_epoch_holds_the_same_number_of_rows_each_time_in_batches_of_the_size_asked_for(make, multi_label):
    sampler = make(context(rows=47, batch_size=4, multi_label=multi_label))
    for epoch in range(4):
        sampler.set_epoch(epoch)
        found = batches(sampler)
        whole, rest = divmod(sampler.num_draws, 4)
        assert [len(batch) for batch in found] == [4] * whole + [rest] * (rest > 0)
        assert len(sampler) == len(found)
        assert all(0 <= row < 47 for batch in found for row in batch)


def test_an_epoch_is_as_long_as_the_split_where_nothing_else_is_meant():
    for name in ("Shuffle", "LengthBucket", "ClassBalanced"):
        assert MAKERS[name](context(47)).num_draws == 47


def test_the_plan_is_what_the_batches_hold(make):
    sampler = make(context())
    sampler.set_epoch(2)
    assert sum(batches(sampler), []) == sampler.plan_epoch(2).tolist() == make(context()).plan_epoch(2).tolist()  # noqa: RUF017  # a few rows


@pytest.mark.parametrize("rows", [47, 48, 49, 9])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_ranks_share_out_the_epoch_of_one_process(make, rows, world_size):
    """Rank r's i-th text of a step is text `i * world_size + r` of that step's batch in one process."""
    ranks = [make(context(rows, 4, rank=rank, world_size=world_size)) for rank in range(world_size)]
    single = make(context(rows, 4 * world_size))
    if single.num_draws != ranks[0].num_draws:
        pytest.skip("where each text must come, only as many draws are planned as can be shared out")
    shards, alone, draws = [batches(rank) for rank in ranks], batches(single), single.num_draws
    interleaved = [
        [row for rows_of_ranks in zip(*together, strict=True) for row in rows_of_ranks]
        for together in zip(*shards, strict=True)
    ]
    assert sum(interleaved, []) == sum(alone, [])[: draws - draws % world_size]  # noqa: RUF017  # a few rows


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99, 1])
def test_a_loaded_state_goes_on_with_the_rest_and_then_with_the_next_epoch(make, share):
    whole = make(context())
    done = int(share * len(whole))
    whole.set_epoch(2)
    expected = batches(whole)
    whole.set_epoch(3)
    expected += batches(whole)

    stopped = make(context())
    stopped.set_epoch(2)
    steps = iter(stopped)
    for _ in range(done):
        next(steps)

    resumed = make(context())
    resumed.load_state_dict(stopped.state_dict())
    found = batches(resumed)
    if share < 1:
        resumed.set_epoch(3)
        found += batches(resumed)
    assert found == expected[done:]


def test_naming_the_epoch_it_is_in_keeps_the_place(make):
    sampler = make(context())
    sampler.load_state_dict({"epoch": 2, "batch": 5, "batches": len(sampler)})
    sampler.set_epoch(2)
    assert len(batches(sampler)) == len(sampler) - 5


def test_the_length_is_that_of_a_whole_epoch_also_in_the_middle_of_one(make):
    sampler = make(context())
    whole = len(sampler)
    next(iter(sampler))
    assert len(sampler) == whole == len(make(context()))


def test_the_state_is_plain_numbers(make):
    assert all(type(value) is int for value in make(context()).state_dict().values())


def test_a_state_from_epochs_of_another_length_is_refused(make):
    one, other = make(context(batch_size=4)), make(context(batch_size=8))
    message = f"epoch of {len(one)} batches, and this run has {len(other)}; resume with the same data"
    with pytest.raises(UsageError, match=message):
        other.load_state_dict(one.state_dict())


def test_fewer_rows_than_processes_are_refused(member):
    with pytest.raises(UsageError, match=r"each of the 9 processes needs a training text, and there are \d; ask for"):
        member(context(rows=2, world_size=9))


def test_batches_of_no_text_are_refused(make):
    with pytest.raises(UsageError, match="batch_size must be at least 1 text, got 0"):
        make(context(batch_size=0))


@pytest.mark.parametrize("maker", MAKERS)
@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 40),
    batch_size=st.integers(1, 50),
    classes=st.integers(1, 4),
    multi_label=st.booleans(),
    world_size=st.integers(1, 3),
    epoch=st.integers(0, 5),
)
def test_any_size_gives_whole_even_shards(maker, rows, batch_size, classes, multi_label, world_size, epoch):
    if rows < world_size:
        return
    try:
        samplers = [
            MAKERS[maker](context(rows, batch_size, classes, multi_label, rank=rank, world_size=world_size))
            for rank in range(world_size)
        ]
    except UsageError as error:
        if "processes needs a training text" in str(error):  # of few rows, an under-sampled epoch is shorter still
            return
        raise
    shards = []
    for sampler in samplers:
        sampler.set_epoch(epoch)
        shards.append(batches(sampler))
    sizes = [[len(batch) for batch in shard] for shard in shards]
    assert all(size == sizes[0] for size in sizes)
    assert all(0 < size <= batch_size for size in sizes[0])
    assert sum(sizes[0]) == samplers[0].num_draws // world_size
    drawn = {row for shard in shards for batch in shard for row in batch}
    assert drawn <= set(range(rows))


@pytest.mark.parametrize("multi_label", [False, True])
def test_shards_are_disjoint_where_no_row_is_drawn_twice(make, multi_label):
    shards = [
        np.concatenate(batches(make(context(48, multi_label=multi_label, rank=rank, world_size=2)))) for rank in (0, 1)
    ]
    times = np.bincount(make(context(48, batch_size=8, multi_label=multi_label)).plan_epoch(0), minlength=48)
    for row in np.intersect1d(*shards):
        assert times[row] > 1


def test_an_epoch_is_planned_from_one_source_of_chance(make):
    """Global generators stay as they are, so that a resumed run draws from them what it would have drawn."""
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    batches(make(context()))
    assert np.array_equal(np.random.get_state()[1], before)


class Owner:
    def __init__(self, sampler: Callable[[SamplingContext], TextSampler]) -> None:
        self.sampler = sampler


def test_a_config_names_the_sampler_and_the_project_gives_the_frame(member):
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(Owner, "data")
    config = parser.parse_args(["--data.sampler", member.__name__])
    owner = parser.instantiate(config).data
    assert batches(owner.sampler(context())) == batches(member(context()))


def test_a_config_sets_an_option_of_the_sampler():
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(Owner, "data")
    config = parser.parse_args(["--data.sampler", "ClassBalanced", "--data.sampler.weighting", "sqrt"])
    sampler = parser.instantiate(config).data.sampler(context())
    assert batches(sampler) == batches(ClassBalanced(context(), weighting="sqrt"))
