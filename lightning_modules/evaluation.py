"""Collects what a model predicts for a split, over batches and ranks, into one table with each text once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lightning_modules.tasks import ClassificationTask


@dataclass(frozen=True)
class Evaluation:
    """Predictions and losses of a split or a batch: one entry per text; of a split in the order of its rows."""

    index: Tensor  # int64 (rows,)
    labels: Tensor  # int64 (rows,) or float (rows, classes)
    probabilities: Tensor  # float (rows, classes)
    losses: Tensor  # float (rows,), in nats


def merge_evaluations(batches: list[Evaluation], gather: Callable[[Tensor], Tensor]) -> Evaluation:
    """Concatenates the evaluations of all batches of all ranks, sorts them by row and drops repeated rows; on the CPU.

    Args:
        batches: Evaluations of the batches of this rank, at least one.
        gather: Concatenates a tensor of all ranks along its first dimension.
    """
    parts = {name: gather(torch.cat([getattr(batch, name) for batch in batches])) for name in vars(batches[0])}
    # Ranks are filled up with repeated texts so that none waits for another; each text counts once.
    rows, inverse = torch.unique(parts["index"], return_inverse=True)
    positions = torch.arange(len(inverse), device=rows.device)
    first = torch.full_like(rows, len(inverse)).scatter_reduce_(0, inverse, positions, "amin")
    return Evaluation(**{name: part[first].cpu() for name, part in parts.items()})


def compute_evaluation_metrics(evaluation: Evaluation, task: ClassificationTask) -> dict[str, float]:
    """Computes the metrics of a task and the mean loss of a split; all are NaN if a probability is not finite.

    The most probable class of non-finite numbers is still a class, so that their metrics could be the best of a run.
    """
    values = task.compute_metrics(evaluation.probabilities, evaluation.labels)
    if not evaluation.probabilities.isfinite().all():
        values = dict.fromkeys(values, math.nan)
    return values | {"loss": float(evaluation.losses.mean())}
