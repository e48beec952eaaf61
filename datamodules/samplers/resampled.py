"""What `OverSampled` and `UnderSampled` share: each class is drawn as often in every epoch, to a ratio of sizes."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from contracts.errors import UsageError
from datamodules.samplers.base import SamplingFrame
from datamodules.samplers.drawn_by_group import DrawnByGroup, class_groups
from datamodules.samplers.length_bucket import POOL


class Resampled(DrawnByGroup):
    """Changes the sizes of classes. A text of several labels counts for its rarest; those of none are one class.

    Args:
        frame: Given by the project.
        ratio: Draws of the largest class for one of the smallest, at least 1; classes within it stay as they are.
        group_by_length: Whether batches hold texts of like length.
        pool: Batches that are sorted by length together, at least 1; where `group_by_length`.
    """

    balances = True

    def __init__(
        self, frame: SamplingFrame, /, ratio: float = 1.0, group_by_length: bool = True, pool: int = POOL
    ) -> None:
        if not 1 <= ratio < float("inf"):
            raise UsageError(f"ratio is of the largest class to the smallest and must be at least 1, got {ratio}")
        group_of_row, sizes = class_groups(frame.labels)
        self._quotas = self.quotas(sizes, ratio).astype(np.int64)
        super().__init__(frame, group_of_row, int(self._quotas.sum()), group_by_length, pool)

    @staticmethod
    @abstractmethod
    def quotas(sizes: np.ndarray, ratio: float) -> np.ndarray:
        """Whole draws of each class, `(classes,)`, from the rows it has."""

    def expected(self, epoch: int) -> np.ndarray:
        """The same draws in every epoch."""
        return self._quotas.astype(float)
