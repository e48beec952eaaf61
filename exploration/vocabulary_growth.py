"""How the vocabulary grows with the texts read, and Heaps' law fitted to it (Heaps 1978)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_POINTS = 60


@dataclass(frozen=True)
class VocabularyGrowth:
    """Different tokens among the first tokens of training, its texts in random order.

    Args:
        tokens: How many were read, at each point of the curve.
        types: How many different ones were among them.
        once: The share of different tokens that occur a single time.
        exponent: Of Heaps' law, `types = factor * tokens ** exponent`; the nearer to 1, the more new words to expect.
        factor: Of Heaps' law.
        next_new: New tokens to expect among as many tokens again, as a share of these.
    """

    tokens: list[int]
    types: list[int]
    once: float
    exponent: float
    factor: float
    next_new: float


def measure_vocabulary_growth(places: np.ndarray, offsets: np.ndarray, seed: int = 0) -> VocabularyGrowth | None:
    """Follows the vocabulary through the training texts.

    Args:
        places: Integers `(all tokens,)`, a number for each different token.
        offsets: Where each text begins and the last one ends.
        seed: Of the order of texts.

    Returns:
        None where there are fewer than ten tokens.
    """
    counts = np.diff(offsets)
    if counts.sum() < 10:
        return None
    order = np.random.default_rng(seed).permutation(len(counts))
    lengths = counts[order]
    firsts = np.cumsum(lengths) - lengths
    read = places[np.repeat(offsets[order] - firsts, lengths) + np.arange(lengths.sum())]
    _, seen_first, frequency = np.unique(read, return_index=True, return_counts=True)
    seen_first.sort()
    tokens = np.unique(np.geomspace(1, len(read), _POINTS).astype(np.int64))
    types = np.searchsorted(seen_first, tokens)
    late = tokens >= len(read) // 20
    exponent, intercept = np.polyfit(np.log(tokens[late]), np.log(types[late]), 1)
    factor = float(np.exp(intercept))
    return VocabularyGrowth(
        tokens=tokens.tolist(),
        types=types.tolist(),
        once=float((frequency == 1).mean()),
        exponent=float(exponent),
        factor=factor,
        next_new=float(types[-1] * (2.0**exponent - 1) / len(read)),
    )
