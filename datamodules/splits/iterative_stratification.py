"""Deals rows out to parts so that every part has every label in its share: iterative stratification.

After Sechidis, Tsoumakas and Vlahavas 2011, "On the Stratification of Multi-Label Data": the label that the fewest of
the rows still to be dealt out have comes first, as it is the easiest to lose, and each of its rows goes to the part
that lacks most of it. Ours counts what a part lacks for its share: as a plain number, as in the paper, a large part
would get all rows of rare combinations. Rows with the same labels are dealt out together, as if one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datamodules.balance.label_sets import LabelSets, find_label_sets
from datamodules.sources.labels import Labels, is_single_label, to_indicator_matrix, to_label_indices


def assign_rows_to_parts(labels: Labels, shares: Sequence[float], seed: int) -> np.ndarray:
    """The part of each row, int64 `(rows,)`.

    Args:
        labels: A label a row, or a list of labels a row.
        shares: Of each part, positive; together 1.
        seed: The same seed deals out the same rows.
    """
    rng = np.random.default_rng(seed)
    sets = _sets(labels)
    order = rng.permutation(len(sets.of_row))
    by_set = order[np.argsort(sets.of_row[order], kind="stable")]
    counts = _counts(sets.members, sets.sizes, np.array(shares), rng)
    parts = np.empty(len(order), np.int64)
    parts[by_set] = np.repeat(np.tile(np.arange(len(shares)), len(counts)), counts.ravel())
    return parts


def _sets(labels: Labels) -> LabelSets:
    if not is_single_label(labels):
        return find_label_sets(to_indicator_matrix(labels))
    _, numbers = to_label_indices(labels)
    sizes = np.bincount(numbers)
    return LabelSets(numbers, np.eye(len(sizes), dtype=bool), sizes)


def _counts(members: np.ndarray, sizes: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How many rows of each set go to each part, `(sets, parts)`."""
    counts = np.zeros((len(sizes), len(shares)), np.int64)
    left = sizes @ members
    wanted = np.outer(left, shares)  # of each label, by each part
    wanted_rows = sizes.sum() * shares
    waiting = np.ones(len(sizes), bool)
    more_labels_first = np.argsort(-members.sum(axis=1), kind="stable")
    while left.any():
        label = int(np.argmin(np.where(left > 0, left, np.iinfo(np.int64).max)))
        for place in more_labels_first[(waiting & members[:, label])[more_labels_first]].tolist():
            given = _poured(int(sizes[place]), wanted[label], wanted_rows, shares, rng)
            counts[place] = given
            wanted[members[place]] -= given
            wanted_rows = wanted_rows - given
            left = left - sizes[place] * members[place]
            waiting[place] = False
    for place in np.flatnonzero(waiting).tolist():  # rows without a label
        counts[place] = _poured(int(sizes[place]), wanted_rows, wanted_rows, shares, rng)
    return counts


def _poured(
    rows: int, wanted: np.ndarray, wanted_rows: np.ndarray, shares: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Gives rows, one after another, to the part that wants most for its share; of equals to the one lacking most rows.

    Each row that a part gets makes it want one less, so in the end those rows were given that were wanted most: all but
    the last few are counted at once.
    """
    neediest = np.argsort(-wanted / shares)
    levels = (np.cumsum(wanted[neediest]) - rows) / np.cumsum(shares[neediest])
    level = levels[np.flatnonzero((wanted / shares)[neediest] >= levels)[-1]]  # down to which parts are served
    given = np.maximum(np.floor(wanted - level * shares) - 2, 0).astype(np.int64)
    rest = rows - int(given.sum())
    halves = np.arange(rest) + 0.5
    wants, lacks = (((many - given)[:, None] - halves).round(9) / shares[:, None] for many in (wanted, wanted_rows))
    chance = np.broadcast_to(rng.random(len(wanted))[:, None], wants.shape)
    last = np.lexsort((chance.ravel(), lacks.ravel(), wants.ravel()))[::-1][:rest]
    return given + np.bincount(last // max(rest, 1), minlength=len(wanted))
