"""Texts with several labels, by which labels they have: which texts are alike, and how often to draw each kind.

Texts with the same labels are interchangeable to whatever balances labels, and real data have few sets of labels:
what would be slow for every text is quick for every set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datamodules.balance.quotas import allocate_within_bounds

_UPDATES = 300
_NEAR = 1e-6
_LEAST = 1e-9  # draws: what no label needs shrinks for ever, and would become a zero to divide by


@dataclass(frozen=True)
class LabelSets:
    """The distinct sets of labels of some rows.

    Args:
        of_row: int64 `(rows,)`, which set each row has.
        members: bool `(sets, classes)`.
        sizes: int64 `(sets,)`, the rows of each.
    """

    of_row: np.ndarray
    members: np.ndarray
    sizes: np.ndarray


def find_label_sets(labels: np.ndarray) -> LabelSets:
    """Finds the sets.

    Args:
        labels: `(rows, classes)` of zeros and ones.
    """
    bits = np.packbits(labels > 0, axis=1)
    words = np.zeros((len(bits), -(-max(bits.shape[1], 1) // 8) * 8), np.uint8)
    words[:, : bits.shape[1]] = bits
    keys = words.view(np.uint64)
    if keys.shape[1] == 1:  # numpy sorts plain numbers far faster than rows of them
        _, first, of_row, sizes = np.unique(keys[:, 0], return_index=True, return_inverse=True, return_counts=True)
    else:
        _, first, of_row, sizes = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)
    return LabelSets(of_row.ravel(), labels[first] > 0, sizes)


def find_rarest_label(labels: np.ndarray) -> np.ndarray:
    """The label of each row that the fewest rows have, `(rows,)`; `classes` itself for a row of no label.

    >>> find_rarest_label(np.array([[1, 1], [1, 0], [0, 0]]))
    array([1, 0, 2])

    Args:
        labels: `(rows, classes)` of zeros and ones.
    """
    rarest_first = np.argsort(labels.sum(axis=0, dtype=np.int64), kind="stable")
    rarest = rarest_first[np.argmax(labels[:, rarest_first] > 0, axis=1)]
    return np.where(labels.any(axis=1), rarest, labels.shape[1])


def compute_balanced_draws(
    members: np.ndarray, shares: np.ndarray, start: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """How often to draw each set of labels, so that the labels drawn come in given shares.

    Starts at some draws, and lets each set grow by the mean, over its labels, of how much too rarely each of them is
    drawn. These are the multiplicative updates that never raise the Kullback-Leibler divergence of the shares drawn
    from those wanted (expectation maximisation; Lee and Seung 2001): weights stay positive, shares are met where they
    can be, and come near where they cannot. Raking (Deming and Stephan 1940) meets the same shares with weights that
    are products over labels, which draws the few texts of two rare labels several times as often.

    Args:
        members: bool `(sets, classes)`; each set has a label.
        shares: `(classes,)` wanted, of all labels drawn; 0 for classes that no set has, and only for those.
        start: `(sets,)` draws to begin with, positive.
        low: `(sets,)` draws at the least.
        high: `(sets,)` draws at the most.

    Returns:
        `(sets,)` draws, with the same sum as at the start.
    """
    of_set, label = np.nonzero(members)
    labels_of_set = members.sum(axis=1)
    total, draws = start.sum(), start
    wanted = np.where(shares > 0, shares, 1.0)
    for _ in range(_UPDATES):
        found = np.bincount(label, draws[of_set], len(shares))
        missing = np.where(found > 0, wanted * found.sum() / np.where(found > 0, found, 1.0), 1.0)
        if np.abs(missing - 1).max() < _NEAR:
            break
        growth = np.bincount(of_set, missing[label], len(members)) / labels_of_set
        draws = allocate_within_bounds(np.maximum(draws * growth, _LEAST), low, high, total)
    return draws
