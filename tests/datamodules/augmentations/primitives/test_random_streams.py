"""Random streams of texts."""

from __future__ import annotations

import numpy as np
import pytest

from datamodules.augmentations.primitives.random_streams import RandomStreams


def splitmix(state: int) -> int:
    """SplitMix64 in plain integers, as published."""
    state = (state + 0x9E3779B97F4A7C15) % 2**64
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) % 2**64
    return state ^ (state >> 31)


@pytest.mark.parametrize(("seed", "epoch", "row"), [(0, 0, 0), (7, 3, 12345), (2**40, 1, 2**33)])
def test_keys_are_nested_hashes_of_seed_epoch_and_row(seed, epoch, row):
    expected = splitmix((splitmix((splitmix(seed) + epoch) % 2**64) + row) % 2**64)
    assert int(RandomStreams.from_rows(seed, epoch, [row]).keys[0]) == expected


def test_numbers_are_uniform_and_streams_are_uncorrelated():
    streams = RandomStreams.from_rows(1, 2, range(20_000))
    streams = [
        streams.uniform(),
        streams.derive(0).uniform(),
        streams.derive(1).uniform(),
        streams.derive(0).derive(0).uniform(),
    ]
    streams += [
        RandomStreams.from_rows(1, 3, range(20_000)).uniform(),
        RandomStreams.from_rows(2, 2, range(20_000)).uniform(),
    ]
    for stream in streams:
        counts = np.histogram(stream, bins=20, range=(0, 1))[0]
        assert ((counts - 1000) ** 2 / 1000).sum() < 50  # chi-square, 19 degrees of freedom: p = 0.0001
    correlations = np.corrcoef(streams)[np.triu_indices(len(streams), 1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(20_000)


def test_numbers_of_one_text_are_uncorrelated():
    numbers = RandomStreams.from_rows(1, 2, range(2000)).uniform_ragged(np.full(2000, 10)).reshape(2000, 10)
    correlations = np.corrcoef(numbers.T)[np.triu_indices(10, 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(2000)


def test_single_numbers_equal_those_of_the_whole_stream():
    streams = RandomStreams.from_rows(1, 2, [5, 6, 7])
    every = streams.uniform_ragged(np.array([2, 0, 3]))
    assert len(every) == 5
    some = streams.uniform_at(np.array([2, 0, 2]), np.array([1, 1, 0]))
    assert some.tolist() == every[[3, 1, 2]].tolist()


def test_streams_of_texts_depend_on_the_text_only():
    one, two = RandomStreams.from_texts(3, 1, ["a", "b"]), RandomStreams.from_texts(3, 1, ["b", "a", "\ud83d"])
    assert one.keys.tolist() == two.keys[[1, 0]].tolist()
    assert len(set(two.keys.tolist())) == 3
