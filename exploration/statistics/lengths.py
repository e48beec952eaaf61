"""Computes percentiles and histograms of text lengths in characters or tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PERCENTILES = {"min": 0.0, "median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
_NUM_BINS = 40
_VERY_LONG = 10  # times the 99th percentile


@dataclass(frozen=True)
class LengthStatistics:
    """Length statistics in one unit.

    Args:
        unit: What is counted: `characters` or `tokens`.
        mean: Mean length by split.
        percentiles: By split, the minimum, median, 90th, 95th and 99th percentile and maximum: the smallest length
            that at least this fraction of the texts does not exceed.
        edges: Bin edges of the histogram, up to the 99.5th percentile of training.
        histogram: By split, the fraction of its texts in each bin; longer texts are in no bin.
    """

    unit: str
    mean: dict[str, float]
    percentiles: dict[str, dict[str, int]]
    edges: list[float]
    histogram: dict[str, list[float]]


def summarize_lengths(unit: str, by_split: dict[str, np.ndarray]) -> LengthStatistics:
    """Computes mean, percentiles and histograms of lengths.

    Args:
        unit: What is counted: `characters` or `tokens`.
        by_split: Lengths of the texts of each split; the bins follow those of training.
    """
    limit = max(1, int(np.quantile(by_split["train"], 0.995, method="inverted_cdf")))
    width = max(1, -(-limit // _NUM_BINS))
    edges = np.arange(0, limit + width + 1, width) - 0.5
    return LengthStatistics(
        unit=unit,
        mean={split: float(lengths.mean()) for split, lengths in by_split.items()},
        percentiles={split: compute_percentiles(lengths) for split, lengths in by_split.items()},
        edges=edges.tolist(),
        histogram={
            split: (np.histogram(lengths, edges)[0] / len(lengths)).tolist() for split, lengths in by_split.items()
        },
    )


def compute_percentiles(lengths: np.ndarray) -> dict[str, int]:
    """Computes the percentiles of lengths, each a length that occurs.

    >>> compute_percentiles(np.arange(1, 101))
    {'min': 1, 'median': 50, 'p90': 90, 'p95': 95, 'p99': 99, 'max': 100}
    """
    values = np.quantile(lengths, list(PERCENTILES.values()), method="inverted_cdf").astype(int)
    return dict(zip(PERCENTILES, values.tolist(), strict=True))


def find_very_long(lengths: np.ndarray) -> np.ndarray:
    """Returns the positions of texts longer than ten times the 99th percentile, longest first.

    >>> find_very_long(np.array([5] * 999 + [51])).tolist()
    [999]
    """
    limit = _VERY_LONG * max(1, int(np.quantile(lengths, 0.99, method="inverted_cdf")))
    positions = np.flatnonzero(lengths > limit)
    return positions[np.argsort(-lengths[positions], kind="stable")]
