from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datamodules.splits.stratified_splits import (
    select_rows_per_label,
    select_stratified_subset,
    split_off_fold,
    split_stratified,
)

SHARES = st.floats(0.01, 0.99)
LABELS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=60)
SEVERAL = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=4), min_size=1, max_size=25)


@given(LABELS | SEVERAL, SHARES, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_each_row_is_in_one_part_in_ascending_order(labels, share, seed):
    stay, off = split_stratified(labels, share, seed)
    assert sorted(stay + off) == list(range(len(labels)))
    assert stay == sorted(stay)
    assert off == sorted(off)


@given(LABELS, SHARES)
@example(list("aaaaaaaaaaabbbc"), 0.484375)  # 7.3 of 15 rows; the nearest of each class are 6, one row of 7 away
@settings(max_examples=60, deadline=None)
def test_each_class_and_the_whole_are_cut_near_to_the_share(labels, share):
    _, off = split_stratified(labels, share, seed=0)
    cut, counts = Counter(labels[row] for row in off), Counter(labels)
    for label, count in counts.items():
        assert abs(cut[label] - share * count) < 1 or cut[label] == count - 1
    most = sum(min(math.ceil(share * count), count - 1) for count in counts.values())
    whole = round(share * len(labels))  # rows come whole: 15 % of them is what the nearest of each class may miss
    assert abs(len(off) - min(whole, most)) <= 0.15 * whole + 1e-9
    nearest = {label: min(range(count), key=lambda rows: abs(rows - share * count)) for label, count in counts.items()}
    if abs(sum(nearest.values()) - share * len(labels)) < 0.05 * share * len(labels):
        for label, count in counts.items():  # then each class too has what is nearest
            assert abs(cut[label] - share * count) == pytest.approx(abs(nearest[label] - share * count))


@pytest.mark.parametrize(("texts", "expected"), [(4, 60), (5, 75), (6, 90)])
def test_many_small_classes_together_spare_the_share_that_none_can_alone(texts, expected):
    labels = [f"class {number}" for number in range(150) for _ in range(texts)]
    stay, off = split_stratified(labels, 0.1, seed=0)
    assert len(off) == expected
    assert max(Counter(labels[row] for row in off).values()) == 1
    assert {labels[row] for row in stay} == set(labels)
    assert split_stratified(labels, 0.1, seed=0)[1] == off != split_stratified(labels, 0.1, seed=1)[1]


@given(LABELS | SEVERAL, SHARES, st.integers(0, 5))
@settings(max_examples=100, deadline=None)
def test_no_label_is_lost_to_the_part_that_stays(labels, share, seed):
    """With several labels a row, all rows of a label can count for rarer ones, and could then all be cut off."""
    stay, _ = split_stratified(labels, share, seed)
    assert {label for row in stay for label in labels[row]} == {label for row in labels for label in row}


def test_rows_with_several_labels_count_for_the_rarest():
    labels = [["common", "rare"]] * 4 + [["common"]] * 20
    for seed in range(5):
        _, off = split_stratified(labels, 0.25, seed)
        assert sum(row < 4 for row in off) == 1
        assert len(off) == 6


def test_rows_without_any_label_are_a_class_of_their_own():
    _, off = split_stratified([[]] * 8 + [["a"]] * 4, 0.25, 0)
    assert sum(row < 8 for row in off) == 2
    assert len(off) == 3


def test_the_seed_decides_which_rows_are_cut_off():
    labels = ["a"] * 40
    cuts = {tuple(split_stratified(labels, 0.5, seed)[1]) for seed in (0, 1, 2)}
    assert len(cuts) == 3
    assert split_stratified(labels, 0.5, 1) == split_stratified(labels, 0.5, 1)


# Folds


@given(LABELS | SEVERAL, st.integers(2, 5), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_each_row_is_held_out_by_one_fold_unless_its_label_would_be_lost(labels, folds, seed):
    held_out = Counter()
    for fold in range(folds):
        stay, off = split_off_fold(labels, folds, fold, seed)
        assert sorted(stay + off) == list(range(len(labels)))
        assert {label for row in stay for label in labels[row]} == {label for row in labels for label in row}
        held_out.update(off)
    assert set(held_out.values()) <= {1}
    counts = Counter(label for row in labels for label in set(row))
    for row in set(range(len(labels))) - set(held_out):
        assert min((counts[label] for label in labels[row]), default=9) < folds or len(labels[row]) > 1


def test_folds_of_classes_large_enough_hold_every_row_once_in_equal_shares():
    labels = list("a" * 50 + "b" * 21 + "c" * 9)
    folds = [split_off_fold(labels, 4, fold, 0)[1] for fold in range(4)]
    assert sorted(sum(folds, [])) == list(range(80))  # noqa: RUF017  # a few rows
    for label, count in Counter(labels).items():
        for fold in folds:
            assert abs(sum(labels[row] == label for row in fold) - count / 4) < 1


# Few rows


@given(LABELS, st.integers(1, 60), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_a_subset_has_so_many_rows_and_every_class_in_its_share(labels, rows, seed):
    rows = min(rows, len(labels))
    found = select_stratified_subset(labels, rows, seed)
    counts = Counter(labels)
    if rows < len(counts):
        assert found is None
        return
    assert found == sorted(set(found))
    assert len(found) == rows
    chosen = Counter(labels[row] for row in found)
    exact = all(count * rows >= len(labels) for count in counts.values())  # no class needs more than its share
    for label, count in counts.items():
        assert chosen[label] >= 1
        if exact:
            assert abs(chosen[label] - rows * count / len(labels)) < 1


@given(SEVERAL, st.integers(1, 25), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_a_subset_of_rows_with_several_labels_has_them_all_or_is_not_made(labels, rows, seed):
    rows = min(rows, len(labels))
    found = select_stratified_subset(labels, rows, seed)
    if found is None:
        assert rows < len(labels)
        return
    assert len(set(found)) == rows
    assert {label for row in found for label in labels[row]} == {label for row in labels for label in row}


@given(LABELS | SEVERAL, st.integers(1, 6), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_a_few_rows_of_each_label_are_there_or_all_that_there_are(labels, rows, seed):
    found = select_rows_per_label(labels, rows, seed)
    assert found == sorted(set(found))
    counts, chosen = (
        Counter(label for row in some for label in row or "-") for some in (labels, [labels[i] for i in found])
    )
    for label, count in counts.items():
        least = min(rows, count)
        assert chosen[label] >= least
        if isinstance(labels[0], str):
            assert chosen[label] == least
    assert len(found) <= rows * len(counts)


def test_the_seed_decides_which_few_rows_there_are():
    labels = list("ab" * 30)
    for choose in (select_rows_per_label, select_stratified_subset):
        assert choose(labels, 5, 1) == choose(labels, 5, 1)
        assert len({tuple(choose(labels, 5, seed)) for seed in range(3)}) == 3
