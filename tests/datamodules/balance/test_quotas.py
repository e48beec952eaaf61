from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.balance.quotas import allocate_within_bounds, round_randomly

GROUPS = st.lists(
    st.tuples(st.floats(1e-3, 1e3), st.integers(0, 9), st.none() | st.integers(0, 9)), min_size=1, max_size=8
)


@given(GROUPS, st.floats(0, 1))
@settings(max_examples=120, deadline=None)
def test_a_total_is_shared_out_by_weight_within_bounds(groups, place):
    weights, low, room = (np.array(column, dtype=float) for column in zip(*groups, strict=True))
    high = np.where(np.isnan(room), np.inf, low + room)
    most = high.sum() if np.isfinite(high).all() else low.sum() + 50
    total = low.sum() + place * (most - low.sum())
    found = allocate_within_bounds(weights, low, high, total)
    assert found.sum() == pytest.approx(total)
    assert (found >= low).all()
    assert (found <= high).all()
    free = (found > low * (1 + 1e-9)) & (found < high * (1 - 1e-9))
    level = found[free] / weights[free]
    if free.any():  # the groups in between get the same for their weight, and those at a bound would pass it
        assert level == pytest.approx(level[0])
        top, bottom = (found >= high) & (high > low), (found <= low) & (high > low)
        assert (weights[top] * level[0] >= high[top] * (1 - 1e-6)).all()
        assert (weights[bottom] * level[0] <= low[bottom] * (1 + 1e-6) + 1e-9).all()


def test_rounding_keeps_the_sum_and_is_right_on_average():
    expected = np.array([0.25, 2.5, 0.25, 4.0])
    found = np.array([round_randomly(expected, np.random.default_rng(seed)) for seed in range(2000)])
    assert (found.sum(axis=1) == 7).all()
    assert (np.abs(found - expected) < 1).all()
    assert found.mean(axis=0) == pytest.approx(expected, abs=0.05)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20), st.integers(0, 50))
def test_whole_numbers_stay_as_they_are_however_they_were_computed(numbers, seed):
    expected = np.array(numbers) / 7 * 7 + np.tile([1e-12, -1e-12], 10)[: len(numbers)]
    assert round_randomly(expected, np.random.default_rng(seed)).tolist() == numbers
