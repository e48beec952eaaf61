"""Distinct label sets of multi-label rows, and how often to draw each set so that labels are balanced.

Texts with the same label set are interchangeable for balancing labels, and real data have few distinct sets: what would
be slow per text is fast per set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datamodules.balance.quotas import allocate_within_bounds

_MAX_UPDATES = 300
_TOLERANCE = 1e-6
_MIN_DRAWS = 1e-9  # a set that no label needs shrinks forever, and would become a zero to divide by


@dataclass(frozen=True)
class LabelSets:
    """The distinct label sets of some rows.

    Args:
        of_row: int64 `(rows,)`, the number of each row's set.
        members: bool `(sets, classes)`, the labels of each set.
        sizes: int64 `(sets,)`, the number of rows with each set.
    """

    of_row: np.ndarray
    members: np.ndarray
    sizes: np.ndarray


def find_label_sets(labels: np.ndarray) -> LabelSets:
    """Finds the distinct label sets of rows.

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
    """Finds the label of each row that the fewest rows have, `(rows,)`; `classes` for a row without labels.

    >>> find_rarest_label(np.array([[1, 1], [1, 0], [0, 0]]))
    array([1, 0, 2])

    Args:
        labels: `(rows, classes)` of zeros and ones.
    """
    rarest_first = np.argsort(labels.sum(axis=0, dtype=np.int64), kind="stable")
    rarest = rarest_first[np.argmax(labels[:, rarest_first] > 0, axis=1)]
    return np.where(labels.any(axis=1), rarest, labels.shape[1])


def compute_balanced_draws(
    members: np.ndarray, frequencies: np.ndarray, start: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Computes how often to draw each label set so that the labels drawn have given frequencies.

    Multiplies the draws of each set by the mean, over its labels, of the ratio of wanted to current frequency, until
    nothing changes. These updates never raise the Kullback-Leibler divergence of the drawn label frequencies from the
    wanted ones (expectation maximisation; Lee and Seung 2001): draws stay positive, frequencies are met if they can be,
    and approached if they cannot. Raking (Deming and Stephan 1940) meets the same frequencies with weights that are
    products over labels, which draws the few texts of two rare labels several times as often.

    Args:
        members: bool `(sets, classes)`; each set has a label.
        frequencies: `(classes,)` wanted, as fractions of all labels drawn; 0 for classes without a set, and only those.
        start: `(sets,)` draws to start from, positive.
        low: `(sets,)` minimum draws.
        high: `(sets,)` maximum draws.

    Returns:
        `(sets,)` draws, with the same sum as at the start.
    """
    of_set, label = np.nonzero(members)
    labels_per_set = members.sum(axis=1)
    total, draws = start.sum(), start
    wanted = np.where(frequencies > 0, frequencies, 1.0)
    for _ in range(_MAX_UPDATES):
        drawn = np.bincount(label, draws[of_set], len(frequencies))
        ratio = np.where(drawn > 0, wanted * drawn.sum() / np.where(drawn > 0, drawn, 1.0), 1.0)
        if np.abs(ratio - 1).max() < _TOLERANCE:
            break
        growth = np.bincount(of_set, ratio[label], len(members)) / labels_per_set
        draws = allocate_within_bounds(np.maximum(draws * growth, _MIN_DRAWS), low, high, total)
    return draws
