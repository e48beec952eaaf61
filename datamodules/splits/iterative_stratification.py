"""Iterative stratification: assigns rows to parts so that every part has the same label frequencies.

After Sechidis, Tsoumakas and Vlahavas 2011, "On the Stratification of Multi-Label Data": the label with the fewest
unassigned rows comes first, as it is the easiest to lose, and each of its rows goes to the part that needs most of it.
Here the need of a part is relative to its size: as an absolute number, as in the paper, a large part would get all
rows of rare combinations. Rows with the same labels are assigned together, with the same result as one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datamodules.balance.label_sets import LabelSets, find_label_sets
from datamodules.sources.labels import Labels, is_single_label, to_indicator_matrix, to_label_indices


def assign_rows_to_parts(labels: Labels, sizes: Sequence[float], seed: int) -> np.ndarray:
    """Assigns each row to a part, int64 `(rows,)`.

    Args:
        labels: One label per row, or a list of labels per row.
        sizes: Size of each part, as a positive fraction of the rows; their sum is 1.
        seed: The same seed makes the same assignment.
    """
    rng = np.random.default_rng(seed)
    sets = _find_sets(labels)
    order = rng.permutation(len(sets.of_row))
    by_set = order[np.argsort(sets.of_row[order], kind="stable")]
    counts = _count_rows_per_part(sets.members, sets.sizes, np.array(sizes), rng)
    parts = np.empty(len(order), np.int64)
    parts[by_set] = np.repeat(np.tile(np.arange(len(sizes)), len(counts)), counts.ravel())
    return parts


def _find_sets(labels: Labels) -> LabelSets:
    """Finds the distinct label sets of rows, for one label per row or several."""
    if not is_single_label(labels):
        return find_label_sets(to_indicator_matrix(labels))
    _, indices = to_label_indices(labels)
    counts = np.bincount(indices)
    return LabelSets(indices, np.eye(len(counts), dtype=bool), counts)


def _count_rows_per_part(
    members: np.ndarray, set_sizes: np.ndarray, sizes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Computes how many rows of each label set go to each part, `(sets, parts)`."""
    counts = np.zeros((len(set_sizes), len(sizes)), np.int64)
    unassigned = set_sizes @ members  # rows of each label
    wanted = np.outer(unassigned, sizes)  # rows of each label, by each part
    wanted_rows = set_sizes.sum() * sizes
    waiting = np.ones(len(set_sizes), bool)
    most_labels_first = np.argsort(-members.sum(axis=1), kind="stable")
    while unassigned.any():
        label = int(np.argmin(np.where(unassigned > 0, unassigned, np.iinfo(np.int64).max)))
        for number in most_labels_first[(waiting & members[:, label])[most_labels_first]].tolist():
            assigned = allocate_rows(int(set_sizes[number]), wanted[label], wanted_rows, sizes, rng)
            counts[number] = assigned
            wanted[members[number]] -= assigned
            wanted_rows = wanted_rows - assigned
            unassigned = unassigned - set_sizes[number] * members[number]
            waiting[number] = False
    for number in np.flatnonzero(waiting).tolist():  # rows without a label
        counts[number] = allocate_rows(int(set_sizes[number]), wanted_rows, wanted_rows, sizes, rng)
    return counts


def allocate_rows(
    num_rows: int, wanted: np.ndarray, wanted_rows: np.ndarray, sizes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Allocates rows one by one to the part that needs most relative to its size; returns the number for each part.

    Ties go to the part that needs most rows, then to a random one. Each row lowers the need of its part by one, so the
    result is the rows of greatest need: all but the last few are counted in one step.
    """
    neediest = np.argsort(-wanted / sizes)
    levels = (np.cumsum(wanted[neediest]) - num_rows) / np.cumsum(sizes[neediest])
    level = levels[np.flatnonzero((wanted / sizes)[neediest] >= levels)[-1]]  # parts above this level get rows
    allocated = np.maximum(np.floor(wanted - level * sizes) - 2, 0).astype(np.int64)
    rest = num_rows - int(allocated.sum())
    halves = np.arange(rest) + 0.5
    needs, row_needs = (
        ((many - allocated)[:, None] - halves).round(9) / sizes[:, None] for many in (wanted, wanted_rows)
    )
    chance = np.broadcast_to(rng.random(len(wanted))[:, None], needs.shape)
    last = np.lexsort((chance.ravel(), row_needs.ravel(), needs.ravel()))[::-1][:rest]
    return allocated + np.bincount(last // max(rest, 1), minlength=len(wanted))
