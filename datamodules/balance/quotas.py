"""Quotas of groups: a total allocated by weight within bounds, and fractional quotas rounded to integers."""

from __future__ import annotations

import numpy as np

_ROUNDING_ERROR = 1e-9  # fractions below this come from adding and multiplying integers


def allocate_within_bounds(weights: np.ndarray, low: np.ndarray, high: np.ndarray, total: float) -> np.ndarray:
    """Allocates a total to groups in proportion to their weights, within a minimum and a maximum for each.

    What exceeds a maximum goes to the other groups by their weights, and what a minimum adds is subtracted from them.

    >>> allocate_within_bounds(np.array([1.0, 1.0, 2.0]), np.zeros(3), np.array([1.0, 9.0, 9.0]), 10)
    array([1., 3., 6.])

    Args:
        weights: `(groups,)`, positive.
        low: `(groups,)` minima; their sum is at most the total.
        high: `(groups,)` maxima, infinite for a group without one; their sum is at least the total.
        total: The sum of the result.
    """
    # As one level rises, a group leaves its minimum at `low / weights` and stops at `high / weights`.
    leaves, stops = low / weights, high / weights
    bounded = np.isfinite(stops)
    levels = np.concatenate([leaves, stops[bounded]])
    slopes = np.concatenate([weights, -weights[bounded]])
    order = np.argsort(levels, kind="stable")
    levels, slopes = levels[order], np.cumsum(slopes[order])
    reached = low.sum() + np.concatenate([[0.0], np.cumsum(np.diff(levels) * slopes[:-1])])
    level = levels[max(int(np.searchsorted(reached, total, side="right")) - 1, 0)]
    free = (leaves <= level) & (stops > level)
    if free.any():  # the level again, from the groups it moves: sums of slopes that cancel out are not exact
        level = (total - low[leaves > level].sum() - high[stops <= level].sum()) / weights[free].sum()
    return np.clip(level * weights, low, high)


def round_randomly(quotas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rounds quotas to integers with the same sum, each less than 1 away and unbiased over repeated calls.

    Integer quotas are unchanged, so integer bounds that hold before hold afterwards.

    Args:
        quotas: `(groups,)`, with an integer sum.
        rng: One number is drawn from it (systematic sampling).
    """
    integers = np.floor(quotas + _ROUNDING_ERROR)
    rest = quotas - integers
    rest[rest < _ROUNDING_ERROR] = 0.0
    edges = np.concatenate([[0.0], np.cumsum(rest)])
    edges[edges > np.rint(edges[-1]) - _ROUNDING_ERROR] = np.rint(edges[-1])
    return (integers + np.diff(np.floor(edges + rng.random()))).astype(np.int64)
