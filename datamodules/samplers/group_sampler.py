"""What samplers share that draw some texts more often than others: groups of texts, each with a number of draws."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from datamodules.balance.label_sets import find_rarest_label
from datamodules.balance.quotas import round_to_whole_draws
from datamodules.samplers.base import SamplingContext, TextSampler
from datamodules.samplers.length_bucket import bucket_by_length, validate_pool


class GroupSampler(TextSampler):
    """Draws every group of rows a number of times that is expected of it, over all ranks.

    Within a group the rows take even turns: in an epoch no two are drawn more than one time apart.

    Args:
        context: Given by the project.
        group_of_row: Integers `(rows,)` from 0, with no number left out.
        draws: Of an epoch, all ranks together.
        group_by_length: Whether batches hold texts of like length.
        pool: Batches that are sorted by length together, at least 1; where `group_by_length`.
        strata: `(groups,)`, for groups so small that many are drawn in some epochs only: which of them make up for one
            another. Other ones are drawn in each epoch.
    """

    def __init__(
        self,
        context: SamplingContext,
        /,
        group_of_row: np.ndarray,
        draws: int,
        group_by_length: bool,
        pool: int,
        strata: np.ndarray | None = None,
    ) -> None:
        self._draws = draws
        super().__init__(context)
        self._pool = validate_pool(pool)
        self._group_by_length = group_by_length
        self._sizes = np.bincount(group_of_row)
        # the smallest integers that can hold them, which numpy sorts in linear time
        self._group_of_row = group_of_row.astype(np.min_scalar_type(len(self._sizes)))
        self._strata = strata

    @property
    def num_draws(self) -> int:
        """Of an epoch, all ranks together."""
        return self._draws

    @abstractmethod
    def compute_expected_draws(self, epoch: int) -> np.ndarray:
        """Draws of each group, `(groups,)`, fractions included; their sum is `draws`.

        Args:
            epoch: From 0.
        """

    def draw_rows(self, rng: np.random.Generator, epoch: int) -> np.ndarray:
        """Every group as often as expected, to the next whole number."""
        quotas = self._whole(self.compute_expected_draws(epoch), rng)
        shuffled = rng.permutation(len(self._group_of_row))
        by_group = shuffled[np.argsort(self._group_of_row[shuffled], kind="stable")]
        # draw number d of a group of n rows takes the group's row d modulo n, in an order of this epoch
        draw = np.arange(self._draws) - np.repeat(_starts(quotas), quotas)
        drawn = by_group[np.repeat(_starts(self._sizes), quotas) + draw % np.repeat(self._sizes, quotas)]
        rows = rng.permutation(drawn)
        if not self._group_by_length:
            return rows
        return bucket_by_length(rows, self.context.lengths, self._global_batch, self._pool, rng)

    def _whole(self, expected: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if self._strata is None:
            return round_to_whole_draws(expected, rng)
        groups = rng.permutation(len(expected))
        groups = groups[np.argsort(self._strata[groups], kind="stable")]
        quotas = np.empty(len(expected), np.int64)
        quotas[groups] = round_to_whole_draws(expected[groups], rng)
        return quotas


def group_rows_by_class(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The class of each row as a group, with no number left out for classes that have no row, and each group's rows.

    A row of several labels counts for its rarest; those of none form a class of their own.

    >>> group_rows_by_class(np.array([0, 2, 2]))
    (array([0, 1, 1]), array([1, 2]))

    Args:
        labels: `(rows,)` class numbers, or `(rows, classes)` of zeros and ones.
    """
    classes = labels if labels.ndim == 1 else find_rarest_label(labels)
    _, group_of_row, sizes = np.unique(classes, return_inverse=True, return_counts=True)
    return group_of_row, sizes


def _starts(counts: np.ndarray) -> np.ndarray:
    return np.cumsum(counts) - counts
