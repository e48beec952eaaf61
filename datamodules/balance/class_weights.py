"""Class weights from class counts; shared by losses and samplers.

"effective" is the effective number of samples of Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of
Samples": the more texts a class has, the less information a further one adds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from contracts.errors import UsageError, join_names, suggest_name

Weighting = Literal["inverse", "sqrt", "effective"]

BETA = 0.999


def compute_class_weights(counts: Sequence[int] | np.ndarray, weighting: Weighting, beta: float = BETA) -> np.ndarray:
    """Computes one weight per class, scaled so that the mean over the training texts is 1.

    A class without training texts gets the largest weight of the others.

    >>> compute_class_weights([30, 10], "inverse")  # each class has a total weight of 20
    array([0.66666667, 2.        ])

    Args:
        counts: `(classes,)` number of training texts with each label.
        weighting: A class's weight before scaling: `1 / count`, `1 / sqrt(count)` or `1 / effective number`.
        beta: For the effective number `(1 - beta**count) / (1 - beta)`, in [0, 1); 0 gives all classes equal weights,
            and values near 1 approach "inverse".

    Returns:
        float64 `(classes,)`, positive and finite.

    Raises:
        UsageError: The weighting is unknown or beta is out of range.
    """
    counts = np.asarray(counts, dtype=np.float64)
    seen = counts > 0
    if not seen.any():
        return np.ones_like(counts)
    weights = np.ones_like(counts)
    weights[seen] = 1.0 / _compute_effective_counts(counts[seen], weighting, beta)
    weights[~seen] = weights[seen].max()
    return scale_to_mean_one(weights, counts)


def resolve_named_weights(names: Sequence[str], weights: Mapping[str, float]) -> np.ndarray:
    """Orders weights given by label name as a class axis; labels that are not named get weight 1.

    >>> resolve_named_weights(["ham", "spam"], {"spam": 3})
    array([1., 3.])

    Raises:
        UsageError: A name is not a label, or a weight is not a positive number.
    """
    for name, weight in weights.items():
        if name not in names:
            raise UsageError(
                f'class weights name the label "{name}", which the training texts do not have; '
                f"they have: {join_names(names)}.{suggest_name(name, names)}"
            )
        if not 0 < weight < float("inf"):
            raise UsageError(f'the class weight of "{name}" must be a positive number, got {weight}')
    return np.array([float(weights.get(name, 1.0)) for name in names])


def scale_to_mean_one(weights: np.ndarray, counts: Sequence[int] | np.ndarray) -> np.ndarray:
    """Scales class weights so that their mean over the counted texts is 1.

    >>> scale_to_mean_one(np.array([1.0, 3.0]), [1, 1])
    array([0.5, 1.5])
    """
    counts = np.asarray(counts, dtype=np.float64)
    total = float((weights * counts).sum())
    return weights * (counts.sum() / total) if total > 0 else weights


def _compute_effective_counts(counts: np.ndarray, weighting: str, beta: float) -> np.ndarray:
    """Computes the counts to which the weights are inversely proportional."""
    if weighting == "inverse":
        return counts
    if weighting == "sqrt":
        return np.sqrt(counts)
    if weighting == "effective":
        if not 0 <= beta < 1:
            raise UsageError(f"beta of the effective number must be in [0, 1), got {beta}")
        # expm1 and log1p keep the digits that 1 - beta**count loses when beta is near 1
        return -np.expm1(counts * np.log1p(beta - 1)) / (1 - beta) if beta > 0 else np.ones_like(counts)
    raise UsageError(f'class weights must be "inverse", "sqrt" or "effective", got "{weighting}"')
