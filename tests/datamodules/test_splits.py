from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.splits import stratified_split

SHARES = st.floats(0.01, 0.99)
LABELS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=60)
SEVERAL = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=4), min_size=1, max_size=25)


@given(LABELS | SEVERAL, SHARES, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_each_row_is_in_one_part_in_ascending_order(labels, share, seed):
    stay, off = stratified_split(labels, share, seed)
    assert sorted(stay + off) == list(range(len(labels)))
    assert stay == sorted(stay)
    assert off == sorted(off)


@given(LABELS, SHARES)
@settings(max_examples=60, deadline=None)
def test_each_class_is_cut_as_near_to_the_share_as_whole_rows_allow(labels, share):
    _, off = stratified_split(labels, share, seed=0)
    cut = Counter(labels[row] for row in off)
    for label, count in Counter(labels).items():
        nearest = min(range(count), key=lambda rows: abs(rows - share * count))  # all rows but one at most
        assert abs(cut[label] - share * count) == pytest.approx(abs(nearest - share * count))


@given(LABELS | SEVERAL, SHARES, st.integers(0, 5))
@settings(max_examples=200, deadline=None)
def test_no_label_is_lost_to_the_part_that_stays(labels, share, seed):
    """With several labels a row, all rows of a label can count for rarer ones, and could then all be cut off."""
    stay, _ = stratified_split(labels, share, seed)
    assert {label for row in stay for label in labels[row]} == {label for row in labels for label in row}


def test_rows_with_several_labels_count_for_the_rarest():
    labels = [["common", "rare"]] * 4 + [["common"]] * 20
    for seed in range(5):
        _, off = stratified_split(labels, 0.25, seed)
        assert sum(row < 4 for row in off) == 1
        assert len(off) == 6


def test_rows_without_any_label_are_a_class_of_their_own():
    _, off = stratified_split([[]] * 8 + [["a"]] * 4, 0.25, 0)
    assert sum(row < 8 for row in off) == 2
    assert len(off) == 3


def test_the_seed_decides_which_rows_are_cut_off():
    labels = ["a"] * 40
    cuts = {tuple(stratified_split(labels, 0.5, seed)[1]) for seed in (0, 1, 2)}
    assert len(cuts) == 3
    assert stratified_split(labels, 0.5, 1) == stratified_split(labels, 0.5, 1)
