"""Rare classes more often, frequent ones less, in epochs as long as the training split."""

from __future__ import annotations

import numpy as np

from datamodules.class_balance import BETA, Weighting, class_weights
from datamodules.samplers.base import SamplingFrame, TextSampler
from datamodules.samplers.length_bucket import POOL, bucketed, checked_pool


class ClassBalanced(TextSampler):
    """Draws each class in a share that its number of texts and its weight set together, over all ranks.

    Within a class the texts take even turns: in an epoch no two are drawn more than one time apart. A text with several
    labels counts for its rarest; those with none form a class of their own. A class with no training text is not drawn.

    Args:
        frame: Given by the project.
        weighting: A text's weight: "inverse" to its class's count draws all classes equally often, "sqrt" goes half the
            way, "effective" weighs by the effective number of texts (Cui et al. 2019).
        beta: Of the effective number, in [0, 1); larger draws rare classes more often. Only "effective" reads it.
        group_by_length: Whether batches hold texts of like length.
        pool: Batches that are sorted by length together, at least 1; where `group_by_length`.
    """

    def __init__(
        self,
        frame: SamplingFrame,
        /,
        weighting: Weighting = "inverse",
        beta: float = BETA,
        group_by_length: bool = True,
        pool: int = POOL,
    ) -> None:
        super().__init__(frame)
        self._pool = checked_pool(pool)
        self._group_by_length = group_by_length
        classes, self._class_of_row, self._counts = np.unique(
            _classes(frame.labels), return_inverse=True, return_counts=True
        )
        # the smallest integers that can hold them, which numpy sorts in linear time
        self._class_of_row = self._class_of_row.astype(np.min_scalar_type(len(classes)))
        shares = self._counts * class_weights(self._counts, weighting, beta)
        self._shares = shares / shares.sum()

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """As many draws as there are rows, each class in its share."""
        quotas = rounded(self._shares * len(self._class_of_row), rng)
        shuffled = rng.permutation(len(self._class_of_row))
        by_class = shuffled[np.argsort(self._class_of_row[shuffled], kind="stable")]
        # draw number d of a class with n rows takes the class's row d modulo n, in an order of this epoch
        draw = np.arange(len(by_class)) - np.repeat(_starts(quotas), quotas)
        drawn = by_class[np.repeat(_starts(self._counts), quotas) + draw % np.repeat(self._counts, quotas)]
        rows = rng.permutation(drawn)
        if not self._group_by_length:
            return rows
        return bucketed(rows, self.frame.lengths, self._global_batch, self._pool, rng)


def rounded(expected: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Whole numbers with the same sum, each less than 1 from what was expected and right on average over epochs.

    Args:
        expected: `(classes,)` draws of each class, of a whole sum.
        rng: One number is drawn from it (systematic sampling).
    """
    edges = np.concatenate([[0.0], np.cumsum(expected)])
    edges[-1] = np.rint(edges[-1])
    return np.diff(np.floor(edges + rng.random())).astype(np.int64)


def _classes(labels: np.ndarray) -> np.ndarray:
    if labels.ndim == 1:
        return labels
    rarest_first = np.argsort(labels.sum(axis=0, dtype=np.int64), kind="stable")
    rarest = rarest_first[np.argmax(labels[:, rarest_first] > 0, axis=1)]
    return np.where(labels.any(axis=1), rarest, labels.shape[1])


def _starts(counts: np.ndarray) -> np.ndarray:
    return np.cumsum(counts) - counts
