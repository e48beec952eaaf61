"""Over- and under-sampling: each class is drawn a fixed number of times per epoch, up to a ratio of class sizes."""

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
        context: Given by the project.
        ratio: Draws of the largest class per draw of the smallest, at least 1; smaller imbalances are left as they are.
        group_by_length: Whether to make length-bucketed batches.
        pool: Batches that are sorted by length together, at least 1; for `group_by_length`.
    """

    balances = True

    def __init__(
        self, context: SamplingContext, /, ratio: float = 1.0, group_by_length: bool = True, pool: int = POOL
    ) -> None:
        if not 1 <= ratio < float("inf"):
            raise UsageError(f"ratio is of the largest class to the smallest and must be at least 1, got {ratio}")
        group_of_row, sizes = group_rows_by_class(context.labels)
        self._class_draws = self.count_draws(sizes, ratio).astype(np.int64)
        super().__init__(context, group_of_row, int(self._class_draws.sum()), group_by_length, pool)

    @staticmethod
    @abstractmethod
    def count_draws(class_counts: np.ndarray, ratio: float) -> np.ndarray:
        """Computes the draws of each class per epoch, whole numbers `(classes,)`, from its number of rows."""

    def compute_expected_draws(self, epoch: int) -> np.ndarray:
        """Returns the draws of each class, the same in every epoch."""
        return self._class_draws.astype(float)


class OverSampled(ClassResampler):
    """Draws every text at least once per epoch, and texts of small classes again, each nearly as often as the next.

    An epoch is longer than the training split: with `ratio` 1 it has as many draws as the number of classes times the
    size of the largest class. A text with several labels counts for its rarest; texts without labels form a class.
    """

    @staticmethod
    def count_draws(class_counts: np.ndarray, ratio: float) -> np.ndarray:
        """Raises the draws of small classes to the largest class's size divided by the ratio."""
        return np.maximum(class_counts, np.ceil(class_counts.max() / ratio))


class UnderSampled(ClassResampler):
    """Draws no text more than once per epoch, and a subset of each large class, which changes with the epoch.

    An epoch is shorter than the training split: with `ratio` 1 it has as many draws as the number of classes times the
    size of the smallest class. A text with several labels counts for its rarest; texts without labels form a class.
    """

    @staticmethod
    def count_draws(class_counts: np.ndarray, ratio: float) -> np.ndarray:
        """Lowers the draws of large classes to the smallest class's size times the ratio."""
        return np.minimum(class_counts, np.floor(class_counts.min() * ratio))
