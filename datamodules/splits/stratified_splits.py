"""Selects rows for splits, folds and subsets, stratified by label and seeded."""

from __future__ import annotations

import numpy as np

from datamodules.balance.quotas import allocate_within_bounds, round_randomly
from datamodules.sources.labels import (
    Labels,
    is_single_label,
    to_indicator_matrix,
    to_label_indices,
    to_label_lists,
)
from datamodules.splits.iterative_stratification import assign_rows_to_parts

_TOLERANCE = 0.15  # of the number of rows to split off


def split_stratified(labels: Labels, size: float, seed: int) -> tuple[list[int], list[int]]:
    """Splits off a fraction of the rows, of each class as near to that fraction as possible.

    A class keeps at least one row in the first part, so that it can be trained on. With several labels per row, every
    label is split as near to the fraction as possible (iterative stratification).

    Args:
        labels: One label per row, or a list of labels per row.
        size: Fraction of the rows to split off, in (0, 1).
        seed: The same seed makes the same split.

    Returns:
        Positions of the rows that are kept and of those that are split off, each in ascending order.

    >>> kept, split_off = split_stratified(["a"] * 8 + ["b"] * 4 + ["c"], size=0.25, seed=0)
    >>> len(split_off), sum(i < 8 for i in split_off), 12 in kept
    (3, 2, True)
    """
    if not is_single_label(labels):
        return _separate(labels, assign_rows_to_parts(labels, (1 - size, size), seed) == 1)
    classes = np.asarray(labels)
    rng = np.random.default_rng(seed)
    split_off = np.zeros(len(classes), bool)
    names, counts = np.unique(classes, return_counts=True)
    for label, quota in zip(names, _compute_class_quotas(counts, size, seed).tolist(), strict=True):
        rows = rng.permutation(np.flatnonzero(classes == label))
        split_off[rows[:quota]] = True
    return _separate(labels, split_off)


def _compute_class_quotas(counts: np.ndarray, size: float, seed: int) -> np.ndarray:
    """Computes how many rows to split off each class, int64 `(classes,)`: the nearest integers, if their sum fits.

    With many small classes it may not fit: a tenth of four rows rounds to none, in all classes. Then the total is as
    near to the fraction as possible, and the classes that give one row more are drawn at random.
    """
    nearest = np.minimum(np.floor(counts * size + 0.5), counts - 1).astype(np.int64)
    total = np.rint(counts.sum() * size)
    if abs(nearest.sum() - total) <= _TOLERANCE * total:
        return nearest
    low, high = np.floor(counts * size), np.minimum(np.ceil(counts * size), counts - 1)
    low = np.minimum(low, high)
    total = float(np.clip(total, low.sum(), high.sum()))
    quotas = allocate_within_bounds(counts.astype(float), low, high, total)
    return round_randomly(quotas, np.random.default_rng([seed, 1]))


def split_off_fold(labels: Labels, num_folds: int, fold: int, seed: int) -> tuple[list[int], list[int]]:
    """Splits off one of several equal folds; every row is in one fold, every label is spread as evenly as possible.

    If a fold holds all rows of a label, as many of them are kept as it takes for the label to be trained on.

    Args:
        labels: One label per row, or a list of labels per row.
        num_folds: At least 2.
        fold: The fold to split off, from 0.
        seed: The same seed makes the same folds.

    Returns:
        Positions of the rows that are kept and of those that are split off, each in ascending order.
    """
    return _separate(labels, assign_rows_to_parts(labels, [1 / num_folds] * num_folds, seed) == fold)


def select_stratified_subset(labels: Labels, num_rows: int, seed: int) -> list[int] | None:
    """Selects a number of rows with the label frequencies of all rows, and each label at least once.

    Args:
        labels: One label per row, or a list of labels per row.
        num_rows: At most as many as there are.
        seed: The same seed makes the same selection.

    Returns:
        Positions in ascending order; None if no selection of that size with every label was found.
    """
    if num_rows == len(labels):
        return list(range(num_rows))
    rng = np.random.default_rng(seed)
    if is_single_label(labels):
        positions, indices = to_label_indices(labels)
        counts = np.bincount(indices)
        if num_rows < len(counts):
            return None
        quotas = round_randomly(allocate_within_bounds(counts, np.ones(len(counts)), counts, num_rows), rng)
        selected = _select_quotas(positions, indices, quotas, rng)
    else:
        size = num_rows / len(labels)
        selected = assign_rows_to_parts(labels, (1 - size, size), seed) == 1
        selected[_separate(labels, ~selected)[0]] = True  # one more row of each label that has none
        matrix = to_indicator_matrix(labels)
        before = selected.copy()
        if not _adjust_number_of_rows(num_rows, selected, matrix, rng):
            selected = before
            if not _adjust_number_of_rows(num_rows, selected, matrix, rng, fewest_labels_first=True):
                return None
    return np.flatnonzero(selected).tolist()


def select_rows_per_label(labels: Labels, num_rows: int, seed: int) -> list[int]:
    """Selects a number of rows of each label, or all it has; with several labels per row at least that number.

    The rarest label comes first; the other labels of its rows are counted for these. As many rows without labels are
    selected as well.

    Args:
        labels: One label per row, or a list of labels per row.
        num_rows: Number of rows per label, at least 1.
        seed: The same seed makes the same selection.

    Returns:
        Positions in ascending order.
    """
    positions, indices = to_label_indices(labels)
    without = np.setdiff1d(np.arange(len(labels)), positions)
    classes = indices.max(initial=-1) + 1
    positions, indices = np.append(positions, without), np.append(indices, np.full(len(without), classes))
    quotas = np.full(classes + 1, num_rows)
    return np.flatnonzero(_select_quotas(positions, indices, quotas, np.random.default_rng(seed))).tolist()


def _select_quotas(
    positions: np.ndarray, indices: np.ndarray, quotas: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Selects rows until each label has its quota, the rarest label first; bool `(rows,)`.

    Args:
        positions: `(entries,)` the row of each label entry, from `to_label_indices`.
        indices: `(entries,)` the label of each entry.
        quotas: `(labels,)` rows to select of each label.
        rng: Selects the rows.
    """
    selected = np.zeros(positions.max(initial=-1) + 1, bool)
    counts = np.bincount(indices, minlength=len(quotas))
    rows_of_label = np.split(positions[np.argsort(indices, kind="stable")], np.cumsum(counts)[:-1])
    for label in np.argsort(counts, kind="stable").tolist():
        rows = rows_of_label[label]
        left = rows[~selected[rows]]
        missing = int(quotas[label]) - (len(rows) - len(left))
        selected[rng.permutation(left)[: max(missing, 0)]] = True
    return selected


def _adjust_number_of_rows(
    num_rows: int, selected: np.ndarray, matrix: np.ndarray, rng: np.random.Generator, fewest_labels_first: bool = False
) -> bool:
    """Selects or deselects rows in place until there are `num_rows`, and no label loses its last row.

    Args:
        num_rows: Target number of rows.
        selected: bool `(rows,)`, changed in place.
        matrix: bool `(rows, classes)`, the labels of each row.
        rng: Chooses the rows.
        fewest_labels_first: Whether rows with few labels are deselected first.

    Returns:
        Whether the number was reached.
    """
    missing = num_rows - int(selected.sum())
    if missing >= 0:
        selected[rng.permutation(np.flatnonzero(~selected))[:missing]] = True
        return True
    counts = matrix[selected].sum(axis=0)
    order = rng.permutation(np.flatnonzero(selected))
    if fewest_labels_first:
        order = order[np.argsort(matrix[order].sum(axis=1), kind="stable")]
    for position in order.tolist():
        if missing == 0:
            break
        if (counts[matrix[position]] > 1).all():
            selected[position] = False
            counts = counts - matrix[position]
            missing += 1
    return missing == 0


def _separate(labels: Labels, split_off: np.ndarray) -> tuple[list[int], list[int]]:
    """Returns the positions of kept and split-off rows; keeps one row of each label that would lose all of them."""
    names = to_label_lists(labels)
    kept = {label for row, is_off in zip(names, split_off, strict=True) if not is_off for label in row}
    if len(kept) < len({label for row in names for label in row}):
        for position in np.flatnonzero(split_off).tolist():
            if not kept.issuperset(names[position]):
                split_off[position] = False
                kept.update(names[position])
    return np.flatnonzero(~split_off).tolist(), np.flatnonzero(split_off).tolist()
