"""What every sampler promises, whatever order it plans."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonargparse import ArgumentParser

import datamodules.samplers  # noqa: F401  # makes the members known
from datamodules.errors import UsageError
from datamodules.rebuildable import final_subclasses
from datamodules.samplers.base import SamplingFrame, TextSampler
from datamodules.samplers.class_balanced import ClassBalanced

SAMPLERS = list(final_subclasses(TextSampler))


def frame(
    rows: int = 47,
    batch_size: int = 4,
    classes: int = 3,
    multi_label: bool = False,
    seed: int = 7,
    rank: int = 0,
    world_size: int = 1,
) -> SamplingFrame:
    rng = np.random.default_rng(rows)
    labels = (
        rng.integers(0, 2, (rows, classes)).astype(np.uint8) if multi_label else rng.integers(0, classes, rows) ** 2
    )
    lengths = rng.integers(0, 9, rows)
    num_classes = classes if multi_label else (classes - 1) ** 2 + 1  # squares: some classes have no row
    return SamplingFrame(labels, lengths, num_classes, batch_size, seed, rank, world_size)


def batches(sampler: TextSampler) -> list[list[int]]:
    return [batch.tolist() for batch in sampler]


@pytest.fixture(params=SAMPLERS, ids=lambda member: member.__name__)
def make(request: pytest.FixtureRequest) -> type[TextSampler]:
    return request.param


def test_the_samplers_are_found():
    assert {member.__name__ for member in SAMPLERS} >= {"Shuffle", "LengthBucket", "ClassBalanced"}


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_same_seed_and_epoch_give_the_same_batches_and_others_do_not(make, multi_label):
    def epoch(number, seed=7):
        sampler = make(frame(multi_label=multi_label, seed=seed))
        sampler.set_epoch(number)
        return batches(sampler)

    assert epoch(0) == epoch(0)
    assert epoch(3) == epoch(3)
    assert epoch(0) != epoch(3)
    assert epoch(0) != epoch(0, seed=8)


@pytest.mark.parametrize("multi_label", [False, True])
def test_an_epoch_holds_as_many_rows_as_the_split_in_batches_of_the_size_asked_for(make, multi_label):
    sampler = make(frame(rows=47, batch_size=4, multi_label=multi_label))
    found = batches(sampler)
    assert [len(batch) for batch in found] == [4] * 11 + [3]
    assert len(sampler) == 12
    assert all(0 <= row < 47 for batch in found for row in batch)


@pytest.mark.parametrize("rows", [47, 48, 49, 9])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_ranks_share_out_the_epoch_of_one_process(make, rows, world_size):
    """Rank r's i-th text of a step is text `i * world_size + r` of that step's batch in one process."""
    shards = [batches(make(frame(rows, 4, rank=rank, world_size=world_size))) for rank in range(world_size)]
    alone = batches(make(frame(rows, 4 * world_size)))
    interleaved = [
        [row for rows_of_ranks in zip(*together, strict=True) for row in rows_of_ranks]
        for together in zip(*shards, strict=True)
    ]
    assert interleaved[:-1] == alone[: len(interleaved) - 1]
    assert sum(interleaved, []) == sum(alone, [])[: rows - rows % world_size]  # noqa: RUF017  # a few rows


@pytest.mark.parametrize("done", [0, 1, 5, 11, 12])
def test_a_loaded_state_goes_on_with_the_rest_and_then_with_the_next_epoch(make, done):
    whole = make(frame())
    whole.set_epoch(2)
    expected = batches(whole)
    whole.set_epoch(3)
    expected += batches(whole)

    stopped = make(frame())
    stopped.set_epoch(2)
    steps = iter(stopped)
    for _ in range(done):
        next(steps)

    resumed = make(frame())
    resumed.load_state_dict(stopped.state_dict())
    found = batches(resumed)
    if done < 12:
        resumed.set_epoch(3)
        found += batches(resumed)
    assert found == expected[done:]


def test_naming_the_epoch_it_is_in_keeps_the_place(make):
    sampler = make(frame())
    sampler.load_state_dict({"epoch": 2, "batch": 5, "batches": 12})
    sampler.set_epoch(2)
    assert len(batches(sampler)) == 7


def test_the_length_is_that_of_a_whole_epoch_also_in_the_middle_of_one(make):
    sampler = make(frame())
    next(iter(sampler))
    assert len(sampler) == 12


def test_the_state_is_plain_numbers(make):
    assert all(type(value) is int for value in make(frame()).state_dict().values())


def test_a_state_from_epochs_of_another_length_is_refused(make):
    state = make(frame(batch_size=4)).state_dict()
    with pytest.raises(UsageError, match=r"epoch of 12 batches, and this run has 6; resume with the same data"):
        make(frame(batch_size=8)).load_state_dict(state)


def test_fewer_rows_than_processes_are_refused(make):
    with pytest.raises(UsageError, match=r"each of the 3 processes needs a training text, and there are 2; ask for"):
        make(frame(rows=2, world_size=3))


def test_batches_of_no_text_are_refused(make):
    with pytest.raises(UsageError, match="batch_size must be at least 1 text, got 0"):
        make(frame(batch_size=0))


@pytest.mark.parametrize("member", SAMPLERS, ids=lambda member: member.__name__)
@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 40),
    batch_size=st.integers(1, 50),
    classes=st.integers(1, 4),
    multi_label=st.booleans(),
    world_size=st.integers(1, 3),
)
def test_any_size_gives_whole_even_shards(member, rows, batch_size, classes, multi_label, world_size):
    if rows < world_size:
        return
    shards = [
        batches(member(frame(rows, batch_size, classes, multi_label, rank=rank, world_size=world_size)))
        for rank in range(world_size)
    ]
    sizes = [[len(batch) for batch in shard] for shard in shards]
    assert all(size == sizes[0] for size in sizes)
    assert all(0 < size <= batch_size for size in sizes[0])
    assert sum(sizes[0]) == rows // world_size
    drawn = {row for shard in shards for batch in shard for row in batch}
    assert drawn <= set(range(rows))


def test_an_epoch_is_planned_from_one_source_of_chance(make):
    """Global generators stay as they are, so that a resumed run draws from them what it would have drawn."""
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    batches(make(frame()))
    assert np.array_equal(np.random.get_state()[1], before)


class Owner:
    def __init__(self, sampler: Callable[[SamplingFrame], TextSampler]) -> None:
        self.sampler = sampler


def test_a_config_names_the_sampler_and_the_project_gives_the_frame(make):
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(Owner, "data")
    config = parser.parse_args(["--data.sampler", make.__name__])
    owner = parser.instantiate(config).data
    assert batches(owner.sampler(frame())) == batches(make(frame()))


def test_a_config_sets_an_option_of_the_sampler():
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(Owner, "data")
    config = parser.parse_args(["--data.sampler", "ClassBalanced", "--data.sampler.weighting", "sqrt"])
    sampler = parser.instantiate(config).data.sampler(frame())
    assert batches(sampler) == batches(ClassBalanced(frame(), weighting="sqrt"))
