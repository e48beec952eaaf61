"""How many draws or rows each group gets: shares of a total within bounds, and whole numbers in place of fractions."""

from __future__ import annotations

import numpy as np

_WHOLE = 1e-9  # a fraction below this is what is left of adding and multiplying whole numbers


def allocate_within_bounds(weights: np.ndarray, low: np.ndarray, high: np.ndarray, total: float) -> np.ndarray:
    """Shares a total out by weight, where each group has a floor and a ceiling.

    What a ceiling takes away goes to the other groups by their weights, and what a floor costs comes from them.

    >>> allocate_within_bounds(np.array([1.0, 1.0, 2.0]), np.zeros(3), np.array([1.0, 9.0, 9.0]), 10)
    array([1., 3., 6.])

    Args:
        weights: `(groups,)`, positive.
        low: `(groups,)`; together no more than the total.
        high: `(groups,)`, infinite where nothing limits a group; together no less than the total.
        total: To be shared out.
    """
    # As one level rises, a group leaves its floor at `low / weights` and stops at `high / weights`.
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


def round_to_whole_draws(expected: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Whole numbers with the same sum, each less than 1 from what was expected and right on average over epochs.

    What is expected in whole numbers stays, so bounds in whole numbers hold afterwards if they held before.

    Args:
        expected: `(groups,)` draws of each group, of a whole sum.
        rng: One number is drawn from it (systematic sampling).
    """
    whole = np.floor(expected + _WHOLE)
    rest = expected - whole
    rest[rest < _WHOLE] = 0.0
    edges = np.concatenate([[0.0], np.cumsum(rest)])
    edges[edges > np.rint(edges[-1]) - _WHOLE] = np.rint(edges[-1])
    return (whole + np.diff(np.floor(edges + rng.random()))).astype(np.int64)
