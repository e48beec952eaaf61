"""The spread of classes over batches; expectations by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from datamodules.balance import batch_spread
from datamodules.balance.batch_spread import compute_batch_spread


def test_by_hand():
    """Batches of classes 001, 011, 111: a class has 2, 1, 0 of 3 texts, a deviation of sqrt(2/3) / 3; the last batch
    lacks class 0, and has a text thrice. The tenth draw fills no batch."""
    labels = np.array([0, 0, 1, 1, 1])
    rows = np.array([0, 1, 2, 0, 2, 3, 4, 4, 4, 0])
    assert compute_batch_spread(rows, labels, 3, 3) == {
        "batch_share_std": pytest.approx(np.sqrt(2 / 3) / 3),
        "batch_share_std_by_chance": pytest.approx(np.sqrt(1 / 3 * 2 / 3 / 3)),
        "incomplete_batches": pytest.approx(1 / 3),
        "batch_repeats": pytest.approx(2 / 9),
    }


def test_a_class_of_less_than_a_text_per_batch_may_be_missing():
    labels = np.array([0, 0, 0, 1])
    assert compute_batch_spread(np.arange(4), labels, 2, 2)["incomplete_batches"] == 0


def test_labels_count_by_the_texts_that_have_them():
    """Label 0 is on every text, label 1 on both of the first batch and none of the second."""
    labels = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]])
    spread = compute_batch_spread(np.arange(4), labels, 3, 2)
    assert spread["batch_share_std"] == (0 + 0.5) / 2
    assert spread["batch_share_std_by_chance"] == pytest.approx((0 + np.sqrt(0.25 / 2)) / 2)
    assert spread["incomplete_batches"] == 0.5


def test_fewer_draws_than_a_batch_are_one_batch_and_no_label_is_no_spread():
    assert compute_batch_spread(np.array([0, 1]), np.array([0, 1]), 2, 64)["batch_share_std"] == 0
    assert compute_batch_spread(np.arange(3), np.zeros((3, 2), int), 2, 2)["batch_share_std_by_chance"] == 0


@pytest.mark.parametrize("several", [False, True])
def test_independent_draws_vary_as_by_chance_however_they_are_chunked(several, monkeypatch):
    rng = np.random.default_rng(0)
    labels = (rng.random((500, 4)) < 0.3).astype(np.uint8) if several else rng.integers(0, 4, 500)
    rows = rng.integers(0, 500, 20_000)
    whole = compute_batch_spread(rows, labels, 4, 20)
    assert whole["batch_share_std"] == pytest.approx(whole["batch_share_std_by_chance"], rel=0.05)
    monkeypatch.setattr(batch_spread, "_MAX_CELLS", 1000)
    assert compute_batch_spread(rows, labels, 4, 20) == pytest.approx(whole)
