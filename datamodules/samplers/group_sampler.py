"""The base class of samplers that draw some texts more often than others: groups of rows with expected draws."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from datamodules.balance.label_sets import find_rarest_label
from datamodules.balance.quotas import round_randomly
from datamodules.samplers.base import SamplingContext, TextSampler
from datamodules.samplers.length_bucket import validate_pool
from datamodules.samplers.stratified_batches import stratify_batches


class GroupSampler(TextSampler):
    """Draws each group of rows as often as expected, over all ranks, and each stratum equally often in every batch.

    Within a group the draws are spread evenly: in an epoch the draws of two rows differ by at most one. Batches are
    stratified: the draws of a stratum in two batches differ by at most one (`stratified_batches.py`).

    Args:
        context: The training split and the run, as the data module describes them.
        group_of_row: Group of each row, integers `(rows,)` from 0. Every number up to the largest occurs.
        num_draws: Draws per epoch, over all ranks.
        group_by_length: Whether batches are bucketed by length.
        pool: Number of batches in a pool, which is sorted by length; at least 1. For `group_by_length`.
        strata: Stratum of each group, `(groups,)`, integers from 0, for groups below one draw. Groups of one stratum
            compensate for each other: different ones are drawn in each epoch. None if each group is a stratum.
    """

    def __init__(
        self,
        context: SamplingContext,
        /,
        group_of_row: np.ndarray,
        num_draws: int,
        group_by_length: bool,
        pool: int,
        strata: np.ndarray | None = None,
    ) -> None:
        self._num_draws = num_draws
        super().__init__(context)
        self._pool = validate_pool(pool)
        self._group_by_length = group_by_length
        self._sizes = np.bincount(group_of_row)
        # the smallest integer type that holds them, which numpy sorts in linear time
        self._group_of_row = group_of_row.astype(np.min_scalar_type(len(self._sizes)))
        self._strata = strata
        self._stratum_of_row = self._group_of_row if strata is None else strata[group_of_row]

    @property
    def num_draws(self) -> int:
        """Number of draws per epoch, over all ranks."""
        return self._num_draws

    @abstractmethod
    def compute_expected_draws(self, epoch: int) -> np.ndarray:
        """Computes the draws of each group, `(groups,)`, fractions included; their sum is `num_draws`.

        Args:
            epoch: Number of the epoch, from 0.
        """

    def draw_rows(self, rng: np.random.Generator, epoch: int) -> np.ndarray:
        """Draws each group as often as expected, rounded to integers, in stratified batches."""
        draws_of_group = self._round_draws(self.compute_expected_draws(epoch), rng)
        shuffled = rng.permutation(len(self._group_of_row))
        by_group = shuffled[np.argsort(self._group_of_row[shuffled], kind="stable")]
        # draw number d of a group of n rows takes the group's row d modulo n, in an order of this epoch
        draw = np.arange(self._num_draws) - np.repeat(_compute_starts(draws_of_group), draws_of_group)
        starts = np.repeat(_compute_starts(self._sizes), draws_of_group)
        rows = by_group[starts + draw % np.repeat(self._sizes, draws_of_group)]
        copies = np.bincount(rows, minlength=len(self._group_of_row))
        lengths = self.context.lengths if self._group_by_length else None
        return stratify_batches(copies, self._stratum_of_row, lengths, self._global_batch_size, self._pool, rng)

    def _round_draws(self, expected: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Rounds expected draws to integers at random; groups of one stratum compensate for each other."""
        if self._strata is None:
            return round_randomly(expected, rng)
        groups = rng.permutation(len(expected))
        groups = groups[np.argsort(self._strata[groups], kind="stable")]
        draws = np.empty(len(expected), np.int64)
        draws[groups] = round_randomly(expected[groups], rng)
        return draws


def group_rows_by_class(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Computes the group of each row from its class, and the size of each group; classes without rows have no group.

    A row with several labels counts for its rarest; rows without labels form a class of their own.

    >>> group_rows_by_class(np.array([0, 2, 2]))
    (array([0, 1, 1]), array([1, 2]))

    Args:
        labels: `(rows,)` class indices, or `(rows, classes)` of zeros and ones.
    """
    classes = labels if labels.ndim == 1 else find_rarest_label(labels)
    _, group_of_row, sizes = np.unique(classes, return_inverse=True, return_counts=True)
    return group_of_row, sizes


def _compute_starts(counts: np.ndarray) -> np.ndarray:
    """Computes the position at which each of several successive groups begins."""
    return np.cumsum(counts) - counts
