"""What `OverSampled` and `UnderSampled` share: each class is drawn as often in every epoch, to a ratio of sizes."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from contracts.errors import UsageError
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.group_sampler import GroupSampler, group_rows_by_class
from datamodules.samplers.length_bucket import POOL


class ClassResampler(GroupSampler):
    """Changes the sizes of classes. A text of several labels counts for its rarest; those of none are one class.

    Args:
        context: Given by the project.
        ratio: Draws of the largest class for one of the smallest, at least 1; classes within it stay as they are.
        group_by_length: Whether batches hold texts of like length.
        pool: Batches that are sorted by length together, at least 1; where `group_by_length`.
    """

    balances = True

    def __init__(
        self, context: SamplingContext, /, ratio: float = 1.0, group_by_length: bool = True, pool: int = POOL
    ) -> None:
        if not 1 <= ratio < float("inf"):
            raise UsageError(f"ratio is of the largest class to the smallest and must be at least 1, got {ratio}")
        group_of_row, sizes = group_rows_by_class(context.labels)
        self._quotas = self.quotas(sizes, ratio).astype(np.int64)
        super().__init__(context, group_of_row, int(self._quotas.sum()), group_by_length, pool)

    @staticmethod
    @abstractmethod
    def quotas(sizes: np.ndarray, ratio: float) -> np.ndarray:
        """Whole draws of each class, `(classes,)`, from the rows it has."""

    def compute_expected_draws(self, epoch: int) -> np.ndarray:
        """The same draws in every epoch."""
        return self._quotas.astype(float)
