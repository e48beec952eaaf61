"""Rare classes more often, frequent ones less; from the first epoch on, later, or by and by."""

from __future__ import annotations

from typing import Literal

import numpy as np

from contracts.errors import UsageError
from datamodules.balance.class_weights import BETA, Weighting, compute_class_weights
from datamodules.balance.label_sets import compute_balanced_draws, find_label_sets, find_rarest_label
from datamodules.balance.quotas import allocate_within_bounds
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.group_sampler import GroupSampler, group_rows_by_class
from datamodules.samplers.length_bucket import POOL

Schedule = Literal["constant", "deferred", "progressive"]

_START = 0.8


class ClassBalanced(GroupSampler):
    """Draws each class in a share that its number of texts and its weight set together, over all ranks.

    Texts that count for the same class, or have the same labels, take even turns: in an epoch no two of them are drawn
    more than one time apart. Texts with no label form a class of their own. A class with no training text is not drawn.

    Args:
        context: Given by the project.
        weighting: A text's weight: "inverse" to its class's count draws all classes equally often, "sqrt" goes half the
            way, "effective" weighs by the effective number of texts (Cui et al. 2019).
        beta: Of the effective number, in [0, 1); larger draws rare classes more often. Only "effective" reads it.
        multi_label: What is balanced where texts have several labels: with "rarest" a text counts for its rarest label
            alone, with "expected" all labels of all texts drawn come in the shares wanted. Commoner labels that come
            along with rare ones (Wu et al. 2020) are made up for by drawing them less otherwise.
        min_repeats: How often each text is drawn in an epoch at the least; below `epoch_length`.
        max_repeats: How often each text is drawn in an epoch at the most, above `epoch_length`; what this takes from a
            class goes to the others. No limit where not given.
        epoch_length: Texts of an epoch, as a multiple of the training texts; above 0.
        schedule: When classes are balanced: in all epochs ("constant"), from `start` on while earlier ones are as the
            data are ("deferred", Cao et al. 2019), or by and by, from as the data are in the first epoch to balanced in
            the last ("progressive", Kang et al. 2020). Early stopping may end training before.
        start: The share of the epochs that come before the balanced ones, in [0, 1). Only "deferred" reads it.
        group_by_length: Whether batches hold texts of like length.
        pool: Batches that are sorted by length together, at least 1; where `group_by_length`.
    """

    balances = True

    def __init__(
        self,
        context: SamplingContext,
        /,
        weighting: Weighting = "inverse",
        beta: float = BETA,
        multi_label: Literal["rarest", "expected"] = "rarest",
        min_repeats: int = 0,
        max_repeats: int | None = None,
        epoch_length: float = 1.0,
        schedule: Schedule = "constant",
        start: float = _START,
        group_by_length: bool = True,
        pool: int = POOL,
    ) -> None:
        _check_repeats(min_repeats, max_repeats, epoch_length)
        _check_schedule(schedule, start, context.epochs)
        draws = max(1, round(len(context.labels) * epoch_length))
        if min_repeats:  # or what cannot be shared out would be missing from some texts' turns
            draws -= draws % context.world_size
            if draws < min_repeats * len(context.labels):
                raise UsageError(
                    f"min_repeats {min_repeats} of {len(context.labels)} texts does not fit an epoch of {draws} draws, "
                    f"shared out evenly to {context.world_size} processes; choose a larger epoch_length"
                )
        by_set = multi_label == "expected" and context.labels.ndim == 2
        if by_set:
            sets = find_label_sets(context.labels)
            group_of_row, sizes, strata = sets.of_row, sets.sizes, find_rarest_label(sets.members)
        else:
            (group_of_row, sizes), strata = group_rows_by_class(context.labels), None
        super().__init__(context, group_of_row, draws, group_by_length, pool, strata)

        natural = sizes * (draws / sizes.sum())
        low = sizes * float(min_repeats)
        high = sizes * (np.inf if max_repeats is None else float(max_repeats))
        if by_set:
            members = np.column_stack([sets.members, ~sets.members.any(axis=1)])  # no label is a class of its own
            shares = _shares(sizes @ members, weighting, beta)
            balanced = compute_balanced_draws(members, shares, natural, low, high)
        else:
            balanced = _shares(sizes, weighting, beta) * draws
            if min_repeats or max_repeats is not None:
                balanced = allocate_within_bounds(balanced, low, high, draws)
        self._natural, self._balanced = natural, balanced
        self._schedule, self._start = schedule, start

    def compute_expected_draws(self, epoch: int) -> np.ndarray:
        """Draws of each class or set of labels."""
        part = self.compute_balance(epoch)
        if part == 1:
            return self._balanced
        return (1 - part) * self._natural + part * self._balanced

    def compute_balance(self, epoch: int) -> float:
        """How far an epoch goes from classes as they are (0) to balanced ones (1)."""
        epochs = self.context.epochs
        if self._schedule == "constant" or epochs is None:
            return 1.0
        if self._schedule == "deferred":
            return float(epoch >= np.floor(self._start * epochs + 1e-9))
        return min(1.0, epoch / (epochs - 1)) if epochs > 1 else 1.0


def _shares(counts: np.ndarray, weighting: Weighting, beta: float) -> np.ndarray:
    shares = counts * compute_class_weights(counts, weighting, beta)
    return shares / shares.sum()


def _check_repeats(least: int, most: int | None, epoch_length: float) -> None:
    if not 0 < epoch_length < float("inf"):
        raise UsageError(f"epoch_length is a multiple of the training texts and must be above 0, got {epoch_length}")
    if least < 0:
        raise UsageError(f"min_repeats is a number of draws and must be 0 or more, got {least}")
    if least and least >= epoch_length:
        raise UsageError(
            f"min_repeats {least} fills an epoch of {epoch_length:g} times the training texts and leaves nothing to "
            f"balance; choose less, or an epoch_length above {least}"
        )
    if most is not None and most < 1:
        raise UsageError(f"max_repeats is a number of draws and must be at least 1, got {most}")
    if most is not None and most <= epoch_length:
        raise UsageError(
            f"max_repeats {most} cannot fill an epoch of {epoch_length:g} times the training texts and leave a choice; "
            f"choose at least {int(epoch_length) + 1}, or an epoch_length below {most}"
        )


def _check_schedule(schedule: Schedule, start: float, epochs: int | None) -> None:
    if not 0 <= start < 1:
        raise UsageError(f"start is a share of the epochs and must be in [0, 1), got {start}")
    if schedule not in ("constant", "deferred", "progressive"):
        raise UsageError(f'schedule must be "constant", "deferred" or "progressive", got "{schedule}"')
    if schedule != "deferred" and start != _START:
        raise UsageError(f"start {start} is read by schedule deferred only, which is {schedule}; leave one out")
    if schedule != "constant" and epochs is None:
        raise UsageError(
            f"schedule {schedule} goes by the share of the epochs that is done, and training has no last epoch; give "
            "--trainer.max_epochs a number, or choose schedule constant"
        )
