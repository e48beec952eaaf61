"""How long texts are, in characters and in tokens, and which length covers nearly all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHARES = (0.5, 0.9, 0.95, 0.99, 1.0)
_BINS = 40
_VERY_LONG = 10  # times the length that covers 99 %


@dataclass(frozen=True)
class LengthStatistics:
    """Lengths in one unit.

    Args:
        unit: What is counted.
        mean: By split.
        covering: By split, the least length that covers 50, 90, 95, 99 and 100 % of its texts whole.
        edges: Of the bins of the histogram; the last bin ends at the length that covers 99.5 % of training.
        histogram: By split, the share of its texts in each bin; longer texts are in none.
    """

    unit: str
    mean: dict[str, float]
    covering: dict[str, list[int]]
    edges: list[float]
    histogram: dict[str, list[float]]


def summarize_lengths(unit: str, by_split: dict[str, np.ndarray]) -> LengthStatistics:
    """Sums lengths up.

    Args:
        unit: What is counted.
        by_split: Lengths of the texts of each split; that of training sets the bins.
    """
    limit = max(1, int(np.quantile(by_split["train"], 0.995, method="inverted_cdf")))
    width = max(1, -(-limit // _BINS))
    edges = np.arange(0, limit + width + 1, width) - 0.5
    return LengthStatistics(
        unit=unit,
        mean={split: float(lengths.mean()) for split, lengths in by_split.items()},
        covering={
            split: np.quantile(lengths, SHARES, method="inverted_cdf").astype(int).tolist()
            for split, lengths in by_split.items()
        },
        edges=edges.tolist(),
        histogram={
            split: (np.histogram(lengths, edges)[0] / len(lengths)).tolist() for split, lengths in by_split.items()
        },
    )


def find_very_long(lengths: np.ndarray) -> np.ndarray:
    """Places of texts beyond ten times the length that covers 99 %, longest first.

    >>> find_very_long(np.array([5] * 999 + [51])).tolist()
    [999]
    """
    limit = _VERY_LONG * max(1, int(np.quantile(lengths, 0.99, method="inverted_cdf")))
    long = np.flatnonzero(lengths > limit)
    return long[np.argsort(-lengths[long], kind="stable")]
