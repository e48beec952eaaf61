from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.balance.label_sets import compute_balanced_draws, find_label_sets, find_rarest_label


@pytest.mark.parametrize("classes", [1, 8, 9, 64, 65, 130])
def test_rows_of_the_same_labels_have_the_same_set(classes):
    rng = np.random.default_rng(classes)
    labels = (rng.random((40, classes)) < 2 / classes).astype(np.uint8)
    labels[20:] = labels[:20]
    sets = find_label_sets(labels)
    assert np.array_equal(sets.members[sets.of_row], labels > 0)
    assert len({tuple(row) for row in sets.members.tolist()}) == len(sets.members)
    assert sets.sizes.tolist() == np.bincount(sets.of_row).tolist()


def test_the_rarest_label_is_the_one_of_fewest_rows():
    labels = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]])
    assert find_rarest_label(labels).tolist() == [2, 1, 0, 3]


def divergence(draws: np.ndarray, members: np.ndarray, shares: np.ndarray) -> float:
    found = draws @ members
    with np.errstate(divide="ignore"):
        return float((shares * np.log(shares / (found / found.sum()))).sum())


def test_shares_that_cannot_be_met_are_met_as_nearly_as_by_brute_force():
    """Labels 0 and 2 come only with 1, which therefore has half of all labels at the least."""
    members = np.array([[1, 1, 0], [0, 1, 1], [0, 1, 0]], bool)
    shares, start = np.full(3, 1 / 3), np.array([50.0, 5.0, 45.0])
    found = compute_balanced_draws(members, shares, start, np.zeros(3), np.full(3, np.inf))
    steps = np.arange(0.5, 100, 1.0)
    grid = np.array([(a, b, 100 - a - b) for a in steps for b in steps if a + b <= 100])
    best = min(divergence(draws, members, shares) for draws in grid)
    assert divergence(found, members, shares) <= best + 1e-4
    assert found.sum() == pytest.approx(100)


def test_under_a_ceiling_shares_are_as_near_as_by_brute_force():
    members = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]], bool)
    shares, start, high = np.full(3, 1 / 3), np.array([60.0, 5.0, 30.0, 5.0]), np.array([120.0, 10.0, 60.0, 10.0])
    found = compute_balanced_draws(members, shares, start, np.zeros(4), high)
    grid = [
        np.array([a, b, c, 100 - a - b - c])
        for a in range(1, 100, 2)
        for b in range(0, 11)
        for c in range(1, 61, 1)
        if 0 <= 100 - a - b - c <= 10
    ]
    best = min(divergence(draws, members, shares) for draws in grid)
    assert divergence(found, members, shares) <= best + 1e-3
    assert (found <= high).all()


@given(st.integers(0, 200))
@settings(max_examples=30, deadline=None)
def test_shares_that_can_be_met_are(seed):
    """Each label has texts of its own, so any shares can be met."""
    rng = np.random.default_rng(seed)
    members = np.vstack([np.eye(4, dtype=bool), rng.random((5, 4)) < 0.5])
    members = members[members.any(axis=1)]
    shares = rng.dirichlet(np.full(4, 5.0))
    start = rng.uniform(1, 50, len(members))
    start[:4] += 50
    found = compute_balanced_draws(members, shares, start, np.zeros(len(start)), np.full(len(start), np.inf))
    assert divergence(found, members, shares) < 1e-3
    assert found.sum() == pytest.approx(start.sum())
