"""Small classes repeated until none is far smaller than the largest; no text is left out."""

from __future__ import annotations

import numpy as np

from datamodules.samplers.base import SamplingFrame
from datamodules.samplers.drawn_by_group import DrawnByGroup, class_groups
from datamodules.samplers.length_bucket import POOL
from datamodules.samplers.under_sampled import checked_ratio


class OverSampled(DrawnByGroup):
    """Every text at least once an epoch, and those of small classes again, in even turns.

    An epoch is longer than the training split: with `ratio` 1 as long as the number of classes times the largest one.
    A text with several labels counts for its rarest; those with none form a class of their own.

    Args:
        frame: Given by the project.
        ratio: Draws of the largest class for one of the smallest, at least 1; classes that are as large already stay as
            they are.
        group_by_length: Whether batches hold texts of like length.
        pool: Batches that are sorted by length together, at least 1; where `group_by_length`.
    """

    balances = True

    def __init__(
        self, frame: SamplingFrame, /, ratio: float = 1.0, group_by_length: bool = True, pool: int = POOL
    ) -> None:
        group_of_row, sizes = class_groups(frame.labels)
        self._quotas = np.maximum(sizes, np.ceil(sizes.max() / checked_ratio(ratio))).astype(np.int64)
        super().__init__(frame, group_of_row, int(self._quotas.sum()), group_by_length, pool)

    def expected(self, epoch: int) -> np.ndarray:
        """The same draws in every epoch."""
        return self._quotas.astype(float)
