from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from datamodules.sources.labels import to_indicator_matrix
from datamodules.splits.iterative_stratification import allocate_rows, assign_rows_to_parts

LABELS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=60)


@given(
    st.integers(1, 40),
    st.lists(st.integers(1, 10), min_size=2, max_size=5),
    st.lists(st.floats(-3, 30), min_size=5, max_size=5),
    st.lists(st.floats(0, 90), min_size=5, max_size=5),
    st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_rows_that_are_alike_are_dealt_out_as_one_by_one(rows, parts, wanted, wanted_rows, seed):
    """The paper's loop, row by row."""
    shares = np.array(parts) / sum(parts)
    wanted = np.round(np.array(wanted[: len(parts)]), 3)
    wanted_rows = np.round(np.array(wanted_rows[: len(parts)]), 3)
    found = allocate_rows(rows, wanted, wanted_rows, shares, np.random.default_rng(seed))
    by_turns = np.zeros(len(parts), int)
    for _ in range(rows):
        needs, lacks = ((many - by_turns - 0.5) / shares for many in (wanted, wanted_rows))
        by_turns[max(range(len(parts)), key=lambda part: (needs[part], lacks[part]))] += 1

    def needs_met(counts: np.ndarray) -> float:  # unlike the counts, the same where two parts are equally needy
        return sum((wanted[part] - np.arange(count) - 0.5).sum() / shares[part] for part, count in enumerate(counts))

    assert found.sum() == rows
    assert needs_met(found) == pytest.approx(needs_met(by_turns))


@given(LABELS, st.integers(2, 6), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_equal_parts_have_each_class_within_one_row_of_one_another(labels, parts, seed):
    found = assign_rows_to_parts(labels, [1 / parts] * parts, seed)
    for label in set(labels):
        counts = np.bincount(found[np.array(labels) == label], minlength=parts)
        assert np.ptp(counts) <= 1


def test_equal_parts_have_the_class_counts_of_scikit_learns_folds():
    labels = list("a" * 50 + "b" * 21 + "c" * 9)
    folds = StratifiedKFold(4).split(np.zeros(len(labels)), labels)
    theirs = [Counter(labels[row] for row in rows) for _, rows in folds]
    found = assign_rows_to_parts(labels, [0.25] * 4, 0)
    ours = [Counter(label for label, part in zip(labels, found, strict=True) if part == fold) for fold in range(4)]
    for label in "abc":
        assert sorted(part[label] for part in ours) == sorted(part[label] for part in theirs)
    assert np.ptp(np.bincount(found)) <= np.ptp([part.total() for part in theirs]) + 1


@pytest.mark.parametrize("shares", [[0.2] * 5, [0.9, 0.1], [0.7, 0.2, 0.1]])
def test_every_label_of_several_comes_near_its_share_in_every_part(shares):
    """Within a row or two for each label; cut at random, the commonest would be off by its standard deviation, 10."""
    rng = np.random.default_rng(0)
    table = rng.random((2000, 6)) < [0.5, 0.3, 0.1, 0.05, 0.02, 0.01]
    labels = [[name for name, has in zip("abcdef", row, strict=True) if has] for row in table]
    found = assign_rows_to_parts(labels, shares, 0)
    for part, share in enumerate(shares):
        assert (table[found == part].sum(axis=0)) == pytest.approx(table.sum(axis=0) * share, abs=2)
        assert (found == part).sum() == pytest.approx(2000 * share, abs=8)


def test_rare_combinations_go_to_small_parts_as_well():
    """A hundred labels of which each row has two of its own: dealt out by need alone, a small part would get none."""
    labels = [[f"{row}", f"{row}'"] for row in range(100)] + [["common"]] * 900
    found = assign_rows_to_parts([[*row, "common"] for row in labels[:100]] + labels[100:], [0.9, 0.1], 0)
    assert (found == 1).sum() == 100


def test_the_seed_decides_who_goes_where():
    labels = [["a"], ["b"], ["a", "b"], []] * 20
    one, same, other = (assign_rows_to_parts(labels, [0.5, 0.5], seed).tolist() for seed in (0, 0, 1))
    assert one == same
    assert one != other


def test_a_table_of_labels_has_a_column_for_each_name():
    assert to_indicator_matrix(["b", "a", "b"]).tolist() == [[False, True], [True, False], [False, True]]
    assert to_indicator_matrix([[], []]).shape == (2, 0)
