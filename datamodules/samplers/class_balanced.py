"""Class-balanced sampling: rare classes more often, frequent ones less, from the first epoch on, later or gradually."""

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
    """Draws each class with a frequency proportional to its size times its class weight, in each batch of all ranks.

    Draws are spread evenly over the texts of a class, or with the same labels: in an epoch the draws of two of them
    differ by at most one. Texts without labels form a class of their own. A class without training texts is not drawn.

    Args:
        context: The training split and the run, as the data module describes them.
        weighting: Class weights: "inverse", "sqrt" or "effective". "inverse" to the class count draws all classes
            equally often; "sqrt" is halfway to that; "effective" is inverse to the effective number of texts (Cui et
            al. 2019).
        beta: Beta of the effective number of texts, in [0, 1). A larger value draws rare classes more often. For
            "effective" only.
        multi_label: What is balanced if texts have several labels: "rarest" or "expected". With "rarest" a text counts
            for its rarest label only; with "expected" the labels of all texts drawn have the target frequencies, and
            frequent labels that co-occur with rare ones (Wu et al. 2020) are drawn less often elsewhere.
        min_repeats: Minimum draws per text and epoch; below `epoch_length`.
        max_repeats: Maximum draws per text and epoch, above `epoch_length`. The draws that a class loses by this limit
            go to the other classes. None is no limit.
        epoch_length: Draws per epoch as a multiple of the training texts, above 0.
        schedule: When classes are balanced: "constant", "deferred" or "progressive". "constant" balances all epochs;
            "deferred" (Cao et al. 2019) those from `start` on, and earlier epochs have the class frequencies of the
            data; "progressive" (Kang et al. 2020) goes gradually from the frequencies of the data in the first epoch to
            balanced in the last. Early stopping may end training before that.
        start: Fraction of epochs before balancing starts, in [0, 1). For "deferred" only.
        group_by_length: Whether batches are bucketed by length.
        pool: Number of batches in a pool, which is sorted by length; at least 1. For `group_by_length`.
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
        _validate_repeats(min_repeats, max_repeats, epoch_length)
        _validate_schedule(schedule, start, context.epochs)
        draws = max(1, round(len(context.labels) * epoch_length))
        if min_repeats:  # or the draws that cannot be split evenly would be missing from some texts
            draws -= draws % context.world_size
            if draws < min_repeats * len(context.labels):
                raise UsageError(
                    f"min_repeats {min_repeats} of {len(context.labels)} texts does not fit an epoch of {draws} draws, "
                    f"split evenly among {context.world_size} processes; choose a larger epoch_length"
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
            frequencies = _compute_frequencies(sizes @ members, weighting, beta)
            balanced = compute_balanced_draws(members, frequencies, natural, low, high)
        else:
            balanced = _compute_frequencies(sizes, weighting, beta) * draws
            if min_repeats or max_repeats is not None:
                balanced = allocate_within_bounds(balanced, low, high, draws)
        self._natural, self._balanced = natural, balanced
        self._schedule, self._start = schedule, start

    def compute_expected_draws(self, epoch: int) -> np.ndarray:
        """Interpolates the draws of each class or set of labels between those of the data and the balanced ones."""
        balance = self.compute_balance(epoch)
        if balance == 1:
            return self._balanced
        return (1 - balance) * self._natural + balance * self._balanced

    def compute_balance(self, epoch: int) -> float:
        """Computes how balanced an epoch is, from 0 (class frequencies of the data) to 1 (balanced)."""
        epochs = self.context.epochs
        if self._schedule == "constant" or epochs is None:
            return 1.0
        if self._schedule == "deferred":
            return float(epoch >= np.floor(self._start * epochs + 1e-9))
        return min(1.0, epoch / (epochs - 1)) if epochs > 1 else 1.0


def _compute_frequencies(counts: np.ndarray, weighting: Weighting, beta: float) -> np.ndarray:
    """Computes the frequency at which each class is drawn; their sum is 1."""
    weighted = counts * compute_class_weights(counts, weighting, beta)
    return weighted / weighted.sum()


def _validate_repeats(min_repeats: int, max_repeats: int | None, epoch_length: float) -> None:
    """Checks limits of draws per text and the length of an epoch."""
    if not 0 < epoch_length < float("inf"):
        raise UsageError(f"epoch_length is a multiple of the training texts and must be above 0, got {epoch_length}")
    if min_repeats < 0:
        raise UsageError(f"min_repeats is a number of draws and must be 0 or more, got {min_repeats}")
    if min_repeats and min_repeats >= epoch_length:
        raise UsageError(
            f"min_repeats {min_repeats} fills an epoch of {epoch_length:g} times the training texts and leaves nothing "
            f"to balance; choose a smaller one, or an epoch_length above {min_repeats}"
        )
    if max_repeats is not None and max_repeats < 1:
        raise UsageError(f"max_repeats is a number of draws and must be at least 1, got {max_repeats}")
    if max_repeats is not None and max_repeats <= epoch_length:
        raise UsageError(
            f"max_repeats {max_repeats} is too small to balance classes in an epoch of {epoch_length:g} times the "
            f"training texts; choose at least {int(epoch_length) + 1}, or an epoch_length below {max_repeats}"
        )


def _validate_schedule(schedule: Schedule, start: float, epochs: int | None) -> None:
    """Checks schedule and start against each other and the number of epochs."""
    if not 0 <= start < 1:
        raise UsageError(f"start is a fraction of the epochs and must be in [0, 1), got {start}")
    if schedule not in ("constant", "deferred", "progressive"):
        raise UsageError(f'schedule must be "constant", "deferred" or "progressive", got "{schedule}"')
    if schedule != "deferred" and start != _START:
        raise UsageError(f"start {start} is for schedule deferred only, got schedule {schedule}; leave one out")
    if schedule != "constant" and epochs is None:
        raise UsageError(
            f"schedule {schedule} needs the number of epochs, and training has no last epoch; set "
            "--trainer.max_epochs, or choose schedule constant"
        )
