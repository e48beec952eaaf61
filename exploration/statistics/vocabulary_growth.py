"""Computes vocabulary size as a function of the number of tokens, and fits Heaps' law (Heaps 1978)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_NUM_POINTS = 60


@dataclass(frozen=True)
class VocabularyGrowth:
    """Types (distinct tokens) among the first tokens of training, its texts in random order.

    Args:
        tokens: Number of tokens at each point of the curve.
        types: Number of types among these tokens.
        once: Fraction of types that occur exactly once.
        exponent: Exponent of Heaps' law, `types = factor * tokens ** exponent`; near 1 if each text adds new words.
        factor: Factor of Heaps' law.
        next_new: Expected fraction of new types among the added tokens if the number of tokens doubles.
    """

    tokens: list[int]
    types: list[int]
    once: float
    exponent: float
    factor: float
    next_new: float


def measure_vocabulary_growth(type_ids: np.ndarray, offsets: np.ndarray, seed: int = 0) -> VocabularyGrowth | None:
    """Counts types along the training texts in random order, and fits Heaps' law.

    Args:
        type_ids: Integers `(all tokens,)`, the type of each token.
        offsets: Start of each text in `type_ids`, and the end of the last one.
        seed: Seed of the order of texts.

    Returns:
        None for fewer than ten tokens.
    """
    lengths = np.diff(offsets)
    if lengths.sum() < 10:
        return None
    order = np.random.default_rng(seed).permutation(len(lengths))
    lengths = lengths[order]
    starts = np.cumsum(lengths) - lengths
    shuffled = type_ids[np.repeat(offsets[order] - starts, lengths) + np.arange(lengths.sum())]
    _, first_positions, frequency = np.unique(shuffled, return_index=True, return_counts=True)
    first_positions.sort()
    tokens = np.unique(np.geomspace(1, len(shuffled), _NUM_POINTS).astype(np.int64))
    types = np.searchsorted(first_positions, tokens)
    fitted = tokens >= len(shuffled) // 20
    exponent, intercept = np.polyfit(np.log(tokens[fitted]), np.log(types[fitted]), 1)
    return VocabularyGrowth(
        tokens=tokens.tolist(),
        types=types.tolist(),
        once=float((frequency == 1).mean()),
        exponent=float(exponent),
        factor=float(np.exp(intercept)),
        next_new=float(types[-1] * (2.0**exponent - 1) / len(shuffled)),
    )
