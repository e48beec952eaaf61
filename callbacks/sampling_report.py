"""Logs the statistics of a sampler: class proportions of an epoch and of its batches, and how texts are repeated."""

from __future__ import annotations

from typing import Any

import numpy as np
from pytorch_lightning import Callback, LightningModule, Trainer

from datamodules.balance.batch_spread import compute_batch_spread
from datamodules.samplers.base import TextSampler

_MAX_CURVES = 50  # maximum number of classes with a curve each


class SamplingReport(Callback):
    """Logs the class proportions and repetitions of each epoch before it starts, over all ranks.

    A class's proportion is its fraction of the texts drawn, or of the labels drawn in multi-label data. Each epoch logs
    the largest and the smallest of them, their ratio and their entropy, and one curve per class for up to 50 classes;
    and how the proportions vary over batches of all ranks (`compute_batch_spread`).

    `sampling` holds the last values that were logged, and the proportions of all classes.
    """

    sampling: dict[str, Any] | None = None

    def state_dict(self) -> dict[str, Any]:
        """Returns the last values, so that a run resumed after its last epoch reports them."""
        return {"sampling": self.sampling}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the state saved by `state_dict`."""
        self.sampling = state_dict["sampling"]

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Computes and logs the sampling statistics of the next epoch."""
        sampler = getattr(trainer.train_dataloader, "sampler", None)
        if not isinstance(sampler, TextSampler):
            return
        names = trainer.datamodule.spec.label_names  # type: ignore[attr-defined]  # Lightning's trainer has one
        context, rows = sampler.context, sampler.plan_epoch(trainer.current_epoch)
        draws = np.bincount(rows, minlength=len(context.labels))
        ratios = compute_class_ratios(context.labels, draws, len(names))
        spread = compute_batch_spread(rows, context.labels, len(names), context.batch_size * context.world_size)
        statistics = {**compute_imbalance(ratios), **compute_repetition(draws), **spread}
        ratio_by_class = dict(zip(names, ratios.tolist(), strict=True))
        self.sampling = {"epoch": trainer.current_epoch + 1, **statistics, "shares": ratio_by_class}
        curves = {f"share/{name}": ratio for name, ratio in ratio_by_class.items()} if len(names) <= _MAX_CURVES else {}
        metrics = {f"watch_sampling/{name}": value for name, value in {**statistics, **curves}.items()}
        for logger in trainer.loggers:
            logger.log_metrics(metrics, step=trainer.global_step)


def compute_class_ratios(labels: np.ndarray, draws: np.ndarray, num_classes: int) -> np.ndarray:
    """Computes the proportion of each class among the drawn labels, `(classes,)`; sums to 1 if any label is drawn.

    >>> compute_class_ratios(np.array([0, 1, 1]), np.array([2, 1, 1]), num_classes=2)
    array([0.5, 0.5])

    Args:
        labels: `(rows,)` class indices, or `(rows, classes)` of zeros and ones.
        draws: `(rows,)`, number of times each row is drawn.
        num_classes: Number of classes.
    """
    if labels.ndim == 1:
        counts = np.bincount(labels, draws, num_classes)
    else:
        rows, columns = np.nonzero(labels)
        counts = np.bincount(columns, draws[rows], num_classes)
    return counts / max(counts.sum(), 1)


def compute_imbalance(ratios: np.ndarray) -> dict[str, float]:
    """Computes the extremes, imbalance ratio and entropy (in nats) of class proportions.

    Classes that are never drawn are excluded from the imbalance ratio.

    >>> compute_imbalance(np.array([0.75, 0.25, 0.0]))["imbalance_ratio"]
    3.0
    """
    drawn = ratios[ratios > 0]
    return {
        "largest_share": float(ratios.max()),
        "smallest_share": float(ratios.min()),
        "imbalance_ratio": float(drawn.max() / drawn.min()) if len(drawn) else 1.0,
        "entropy": float(-(drawn * np.log(drawn)).sum()),
    }


def compute_repetition(draws: np.ndarray) -> dict[str, float]:
    """Computes the maximum and mean number of draws of the texts drawn, and the fraction of texts drawn at least once.

    >>> compute_repetition(np.array([3, 1, 0, 0]))
    {'max_repeats': 3.0, 'mean_repeats': 2.0, 'distinct_share': 0.5}
    """
    return {
        "max_repeats": float(draws.max()),
        "mean_repeats": float(draws[draws > 0].mean()),
        "distinct_share": float((draws > 0).mean()),
    }
