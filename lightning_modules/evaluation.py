"""Collects what a model predicts for a split, over batches and ranks, into one table with each text once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from pytorch_lightning import Trainer
from torch import Tensor

from lightning_modules.tasks import ClassificationTask


@dataclass(frozen=True)
class Evaluation:
    """Predictions and losses of a split or a batch: one entry per text; of a split in the order of its rows."""

    index: Tensor  # int64 (rows,)
    labels: Tensor  # int64 (rows,) or float (rows, classes)
    probabilities: Tensor  # float (rows, classes)
    losses: Tensor  # float (rows,), in nats


def gather_batches(batches: list[Evaluation], gather: Callable[[Tensor], Tensor]) -> Evaluation:
    """Concatenates the evaluations of all batches of all ranks, in no particular order.

    Args:
        batches: Evaluations of the batches of this rank, at least one.
        gather: Concatenates a tensor of all ranks along its first dimension.
    """
    names = vars(batches[0])
    return Evaluation(**{name: gather(torch.cat([getattr(batch, name) for batch in batches])) for name in names})


def merge_repeated_rows(evaluation: Evaluation) -> Evaluation:
    """Sorts an evaluation by row and drops repeated rows, on the CPU.

    Ranks are filled up with repeated texts so that none waits for another; each text counts once.
    """
    parts = {name: part.cpu() for name, part in vars(evaluation).items()}
    rows, inverse = torch.unique(parts["index"], return_inverse=True)
    first = torch.full_like(rows, len(inverse)).scatter_reduce_(0, inverse, torch.arange(len(inverse)), "amin")
    return Evaluation(**{name: part[first] for name, part in parts.items()})


def evaluate_split(
    batches: list[Evaluation], task: ClassificationTask, trainer: Trainer
) -> tuple[Evaluation | None, dict[str, float], int]:
    """Merges the evaluations of all batches of all ranks and computes the metrics of the split, on the first rank.

    Args:
        batches: Evaluations of the batches of this rank, at least one.
        task: Computes the metrics.
        trainer: Its strategy gathers the evaluations and broadcasts the metrics.

    Returns:
        The evaluation, None on other ranks than the first; the metrics and the number of texts, on every rank.
    """

    def gather(part: Tensor) -> Tensor:
        return trainer.strategy.all_gather(part).flatten(0, 1) if trainer.world_size > 1 else part

    evaluation: Evaluation | None = None
    results: tuple[dict[str, float], int] = {}, 0
    parts = gather_batches(batches, gather)
    if trainer.is_global_zero:
        evaluation = merge_repeated_rows(parts)
        results = compute_evaluation_metrics(evaluation, task), len(evaluation.index)
    values, num_texts = trainer.strategy.broadcast(results)
    return evaluation, values, num_texts


def compute_evaluation_metrics(evaluation: Evaluation, task: ClassificationTask) -> dict[str, float]:
    """Computes the metrics of a task and the mean loss of a split; all are NaN if a probability is not finite.

    The most probable class of non-finite numbers is still a class, so that their metrics could be the best of a run.
    """
    if evaluation.probabilities.isfinite().all():
        values = task.compute_metrics(evaluation.probabilities, evaluation.labels)
    else:
        values = dict.fromkeys(task.metric_names, math.nan)
    return values | {"loss": float(evaluation.losses.mean())}
