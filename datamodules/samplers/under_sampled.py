"""Large classes cut until none is far larger than the smallest; other texts of them in each epoch."""

from __future__ import annotations

import numpy as np

from datamodules.errors import UsageError
from datamodules.samplers.base import SamplingFrame
from datamodules.samplers.drawn_by_group import DrawnByGroup, class_groups
from datamodules.samplers.length_bucket import POOL


class UnderSampled(DrawnByGroup):
    """No text more than once an epoch, and of large classes only some, other ones in each epoch.

    An epoch is shorter than the training split: with `ratio` 1 as long as the number of classes times the smallest one.
    A text with several labels counts for its rarest; those with none form a class of their own.

    Args:
        frame: Given by the project.
        ratio: Draws of the largest class for one of the smallest, at least 1; classes that are as small already stay as
            they are.
        group_by_length: Whether batches hold texts of like length.
        pool: Batches that are sorted by length together, at least 1; where `group_by_length`.
    """

    balances = True

    def __init__(
        self, frame: SamplingFrame, /, ratio: float = 1.0, group_by_length: bool = True, pool: int = POOL
    ) -> None:
        group_of_row, sizes = class_groups(frame.labels)
        self._quotas = np.minimum(sizes, np.floor(sizes.min() * checked_ratio(ratio))).astype(np.int64)
        super().__init__(frame, group_of_row, int(self._quotas.sum()), group_by_length, pool)

    def expected(self, epoch: int) -> np.ndarray:
        """The same draws in every epoch."""
        return self._quotas.astype(float)


def checked_ratio(ratio: float) -> float:
    """The ratio, if it can be one.

    Raises:
        UsageError: It would make the largest class the smallest.
    """
    if not 1 <= ratio < float("inf"):
        raise UsageError(f"ratio is of the largest class to the smallest and must be at least 1, got {ratio}")
    return ratio
