"""Cuts rows into splits, folds and small parts, stratified by label and seeded."""

from __future__ import annotations

import numpy as np

from datamodules.balance.quotas import allocate_within_bounds, round_to_whole_draws
from datamodules.sources.labels import Labels, is_single_label, to_indicator_matrix, to_label_indices, to_label_lists
from datamodules.splits.iterative_stratification import assign_rows_to_parts

_NEAR = 0.15  # of the rows to be cut off


def split_stratified(labels: Labels, share: float, seed: int) -> tuple[list[int], list[int]]:
    """Cuts a share of the rows off, of each class as near to that share as whole rows allow.

    A class keeps at least one row in the part that stays, so that it can be learned. Of rows with several labels every
    label is cut as near to the share as can be (iterative stratification).

    Args:
        labels: A label a row, or a list of labels a row.
        share: In (0, 1).
        seed: The same seed cuts the same rows.

    Returns:
        Places of the rows that stay and of those cut off, each in ascending order.

    >>> stay, off = split_stratified(["a"] * 8 + ["b"] * 4 + ["c"], share=0.25, seed=0)
    >>> len(off), sum(i < 8 for i in off), 12 in stay
    (3, 2, True)
    """
    if not is_single_label(labels):
        return _parted(labels, assign_rows_to_parts(labels, (1 - share, share), seed) == 1)
    classes = np.asarray(labels)
    rng = np.random.default_rng(seed)
    cut_off = np.zeros(len(classes), bool)
    names, counts = np.unique(classes, return_counts=True)
    for label, wanted in zip(names, _wanted_of_each(counts, share, seed).tolist(), strict=True):
        rows = rng.permutation(np.flatnonzero(classes == label))
        cut_off[rows[:wanted]] = True
    return _parted(labels, cut_off)


def _wanted_of_each(counts: np.ndarray, share: float, seed: int) -> np.ndarray:
    """How many rows to cut off each class, int64 `(classes,)`: the nearest whole number, if together they are near too.

    With many small classes they may not be: a tenth of four rows is none, of all classes. Then the whole is as near to
    the share as can be, and of which classes one more is cut off is drawn.
    """
    nearest = np.minimum(np.floor(counts * share + 0.5), counts - 1).astype(np.int64)
    total = np.rint(counts.sum() * share)
    if abs(nearest.sum() - total) <= _NEAR * total:
        return nearest
    low, high = np.floor(counts * share), np.minimum(np.ceil(counts * share), counts - 1)
    low = np.minimum(low, high)
    expected = allocate_within_bounds(counts.astype(float), low, high, float(np.clip(total, low.sum(), high.sum())))
    return round_to_whole_draws(expected, np.random.default_rng([seed, 1]))


def split_off_fold(labels: Labels, folds: int, fold: int, seed: int) -> tuple[list[int], list[int]]:
    """Cuts one of several equal folds off; every row is in one of them, every label as evenly as can be.

    Except for a label that a fold holds all rows of: there as many rows stay as it takes for it to be learned.

    Args:
        labels: A label a row, or a list of labels a row.
        folds: At least 2.
        fold: Which one, from 0.
        seed: The same seed makes the same folds.

    Returns:
        Places of the rows that stay and of those cut off, each in ascending order.
    """
    return _parted(labels, assign_rows_to_parts(labels, [1 / folds] * folds, seed) == fold)


def select_stratified_subset(labels: Labels, rows: int, seed: int) -> list[int] | None:
    """So many rows, with every label in the share that it has, and at least once.

    Args:
        labels: A label a row, or a list of labels a row.
        rows: At most as many as there are.
        seed: The same seed chooses the same rows.

    Returns:
        Their places in ascending order; None where no so few rows were found that hold every label.
    """
    if rows == len(labels):
        return list(range(rows))
    rng = np.random.default_rng(seed)
    if is_single_label(labels):
        places, numbers = to_label_indices(labels)
        counts = np.bincount(numbers)
        if rows < len(counts):
            return None
        quotas = round_to_whole_draws(allocate_within_bounds(counts, np.ones(len(counts)), counts, rows), rng)
        chosen = _few_of_each(places, numbers, quotas, rng)
    else:
        share = rows / len(labels)
        chosen = assign_rows_to_parts(labels, (1 - share, share), seed) == 1
        chosen[_parted(labels, ~chosen)[0]] = True  # one more of each label that was left out whole
        table = to_indicator_matrix(labels)
        enough = chosen.copy()
        if not _brought_to(rows, chosen, table, rng):
            chosen = enough
            if not _brought_to(rows, chosen, table, rng, few_labels_first=True):
                return None
    return np.flatnonzero(chosen).tolist()


def select_rows_per_label(labels: Labels, rows: int, seed: int) -> list[int]:
    """So many rows of each label, or all that there are; with several labels a row at least so many, and few more.

    The rarest labels choose first; what their rows bring of others counts for these. So many rows of no label as well.

    Args:
        labels: A label a row, or a list of labels a row.
        rows: Of each label, at least 1.
        seed: The same seed chooses the same rows.

    Returns:
        Their places in ascending order.
    """
    places, numbers = to_label_indices(labels)
    without = np.setdiff1d(np.arange(len(labels)), places)
    classes = numbers.max(initial=-1) + 1
    places, numbers = np.append(places, without), np.append(numbers, np.full(len(without), classes))
    chosen = _few_of_each(places, numbers, np.full(classes + 1, rows), np.random.default_rng(seed))
    return np.flatnonzero(chosen).tolist()


def _few_of_each(places: np.ndarray, numbers: np.ndarray, wanted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which rows to choose so that there are so many of each label, the rarest labels first; bool `(rows,)`."""
    chosen = np.zeros(places.max(initial=-1) + 1, bool)
    counts = np.bincount(numbers, minlength=len(wanted))
    rows_of_label = np.split(places[np.argsort(numbers, kind="stable")], np.cumsum(counts)[:-1])
    for label in np.argsort(counts, kind="stable").tolist():
        rows = rows_of_label[label]
        left = rows[~chosen[rows]]
        missing = int(wanted[label]) - (len(rows) - len(left))
        chosen[rng.permutation(left)[: max(missing, 0)]] = True
    return chosen


def _brought_to(
    rows: int, chosen: np.ndarray, table: np.ndarray, rng: np.random.Generator, few_labels_first: bool = False
) -> bool:
    """Adds or takes rows, of those whose labels are left without them; says whether that was enough."""
    missing = rows - int(chosen.sum())
    if missing >= 0:
        chosen[rng.permutation(np.flatnonzero(~chosen))[:missing]] = True
        return True
    counts = table[chosen].sum(axis=0)
    order = rng.permutation(np.flatnonzero(chosen))
    if few_labels_first:
        order = order[np.argsort(table[order].sum(axis=1), kind="stable")]
    for place in order.tolist():
        if missing == 0:
            break
        if (counts[table[place]] > 1).all():
            chosen[place] = False
            counts = counts - table[place]
            missing += 1
    return missing == 0


def _parted(labels: Labels, cut_off: np.ndarray) -> tuple[list[int], list[int]]:
    """Both parts, once a row was taken back for each label whose rows were all cut off."""
    names = to_label_lists(labels)
    staying = {label for row, off in zip(names, cut_off, strict=True) if not off for label in row}
    if len(staying) < len({label for row in names for label in row}):
        for place in np.flatnonzero(cut_off).tolist():
            if not staying.issuperset(names[place]):
                cut_off[place] = False
                staying.update(names[place])
    return np.flatnonzero(~cut_off).tolist(), np.flatnonzero(cut_off).tolist()
