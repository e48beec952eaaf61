"""Over- and under-sampling: each class is drawn a fixed number of times per epoch, to limit the imbalance."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from contracts.errors import UsageError
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.group_sampler import GroupSampler, group_rows_by_class
from datamodules.samplers.length_bucket import POOL


class ClassResampler(GroupSampler):
    """Draws each class a fixed number of times per epoch.

    A text with several labels counts for its rarest; texts without labels form a class of their own.

    Args:
        context: The training split and the run, as the data module describes them.
        ratio: Maximum imbalance after resampling: largest to smallest class. At least 1, which balances all classes;
            classes within this ratio are left as they are.
        group_by_length: Whether batches are bucketed by length.
        pool: Number of batches in a pool, which is sorted by length; at least 1. For `group_by_length`.
    """

    balances = True

    def __init__(
        self, context: SamplingContext, /, ratio: float = 1.0, group_by_length: bool = True, pool: int = POOL
    ) -> None:
        if not 1 <= ratio < float("inf"):
            raise UsageError(
                f"ratio is the size of the largest class over that of the smallest and must be at least 1, got {ratio}"
            )
        group_of_row, sizes = group_rows_by_class(context.labels)
        self._class_draws = self.compute_class_draws(sizes, ratio).astype(np.int64)
        super().__init__(context, group_of_row, int(self._class_draws.sum()), group_by_length, pool)

    @staticmethod
    @abstractmethod
    def compute_class_draws(class_counts: np.ndarray, ratio: float) -> np.ndarray:
        """Computes the draws per epoch of each class from its number of rows: integers `(classes,)`."""

    def compute_expected_draws(self, epoch: int) -> np.ndarray:
        """Returns the draws of each class, the same in every epoch."""
        return self._class_draws.astype(float)


class OverSampled(ClassResampler):
    """Repeats texts of small classes.

    The texts of a class are repeated equally often, give or take one; every text is drawn at least once per epoch.

    An epoch is longer than the training split: with `ratio` 1 it has as many draws as the number of classes times the
    size of the largest class. A text with several labels counts for its rarest; texts without labels form a class.
    """

    @staticmethod
    def compute_class_draws(class_counts: np.ndarray, ratio: float) -> np.ndarray:
        """Raises the draws of small classes to the size of the largest class divided by the ratio."""
        return np.maximum(class_counts, np.ceil(class_counts.max() / ratio))


class UnderSampled(ClassResampler):
    """Draws a random subset of each large class, a different one in each epoch; no text is repeated.

    An epoch is shorter than the training split: with `ratio` 1 it has as many draws as the number of classes times the
    size of the smallest class. A text with several labels counts for its rarest; texts without labels form a class.
    """

    @staticmethod
    def compute_class_draws(class_counts: np.ndarray, ratio: float) -> np.ndarray:
        """Lowers the draws of large classes to the size of the smallest class times the ratio."""
        return np.minimum(class_counts, np.floor(class_counts.min() * ratio))
