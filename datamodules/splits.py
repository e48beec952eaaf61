"""Cuts rows into splits, stratified by label and seeded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np


def stratified_split(
    labels: Sequence[str] | Sequence[list[str]], share: float, seed: int
) -> tuple[list[int], list[int]]:
    """Cuts a share of the rows off, of each class as near to that share as whole rows allow.

    A class keeps at least one row in the part that stays, so that it can be learned. A row with several labels counts
    for its rarest one.

    Args:
        labels: A label a row, or a list of labels a row.
        share: In (0, 1).
        seed: The same seed cuts the same rows.

    Returns:
        Places of the rows that stay and of those cut off, each in ascending order.

    >>> stay, off = stratified_split(["a"] * 8 + ["b"] * 4 + ["c"], share=0.25, seed=0)
    >>> len(off), sum(i < 8 for i in off), 12 in stay
    (3, 2, True)
    """
    strata = np.asarray(_strata(labels))
    rng = np.random.default_rng(seed)
    cut_off = np.zeros(len(strata), bool)
    for stratum in np.unique(strata):
        rows = rng.permutation(np.flatnonzero(strata == stratum))
        wanted = int(np.floor(len(rows) * share + 0.5))
        cut_off[rows[: min(wanted, len(rows) - 1)]] = True
    _keep_every_label(labels, cut_off)
    return np.flatnonzero(~cut_off).tolist(), np.flatnonzero(cut_off).tolist()


def _keep_every_label(labels: Sequence[str] | Sequence[list[str]], cut_off: np.ndarray) -> None:
    """Takes a row back for each label whose rows all counted for rarer ones, and were all cut off."""
    if not labels or isinstance(labels[0], str):
        return
    staying = {label for row, off in zip(labels, cut_off, strict=True) if not off for label in row}
    for place in np.flatnonzero(cut_off).tolist():
        if not staying.issuperset(labels[place]):
            cut_off[place] = False
            staying.update(labels[place])


def _strata(labels: Sequence[str] | Sequence[list[str]]) -> list[str]:
    if not labels or isinstance(labels[0], str):
        return list(labels)  # type: ignore[arg-type]  # a plain label a row
    counts = Counter(label for row in labels for label in row)
    return [min(row, key=lambda label: (counts[label], label), default="") for row in labels]
