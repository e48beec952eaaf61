"""Shows what a sampler makes of the training split: the share of each class in an epoch, and how often texts repeat."""

from __future__ import annotations

from typing import Any

import numpy as np
from pytorch_lightning import Callback, LightningModule, Trainer

from datamodules.samplers.base import TextSampler

_CURVES = 50  # classes beyond this would be more curves than anyone reads


class EffectiveShares(Callback):
    """Logs the classes and repeats of each epoch before it starts, over all ranks together.

    A class's share is one of the texts drawn, and of the labels drawn where a text may have several. Every epoch logs
    the largest and smallest of them, their ratio and their entropy, and up to 50 classes each its own curve.

    `sampling` holds what was logged last, and all shares by class.
    """

    sampling: dict[str, Any] | None = None

    def state_dict(self) -> dict[str, Any]:
        """A run that is resumed after its last epoch reports it all the same."""
        return {"sampling": self.sampling}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave."""
        self.sampling = state_dict["sampling"]

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measures and logs the epoch to come."""
        sampler = getattr(trainer.train_dataloader, "sampler", None)
        if not isinstance(sampler, TextSampler):
            return
        names = trainer.datamodule.spec.label_names  # type: ignore[attr-defined]  # Lightning's trainer has one
        times = np.bincount(sampler.plan(trainer.current_epoch), minlength=len(sampler.frame.labels))
        shares = dict(zip(names, class_shares(sampler.frame.labels, times, len(names)).tolist(), strict=True))
        measured = {**spread(np.array(list(shares.values()))), **repeats(times)}
        self.sampling = {"epoch": trainer.current_epoch + 1, **measured, "shares": shares}
        curves = {f"share/{name}": share for name, share in shares.items()} if len(names) <= _CURVES else {}
        logged = {f"sampling/{name}": value for name, value in {**measured, **curves}.items()}
        for logger in trainer.loggers:
            logger.log_metrics(logged, step=trainer.global_step)


def class_shares(labels: np.ndarray, times: np.ndarray, classes: int) -> np.ndarray:
    """The share of each class in what is drawn, `(classes,)`; together 1 where any label is drawn.

    >>> class_shares(np.array([0, 1, 1]), np.array([2, 1, 1]), classes=2)
    array([0.5, 0.5])

    Args:
        labels: `(rows,)` class numbers, or `(rows, classes)` of zeros and ones.
        times: `(rows,)`, how often each is drawn.
        classes: How many there are.
    """
    if labels.ndim == 1:
        counts = np.bincount(labels, times, classes)
    else:
        rows, columns = np.nonzero(labels)
        counts = np.bincount(columns, times[rows], classes)
    return counts / max(counts.sum(), 1)


def spread(shares: np.ndarray) -> dict[str, float]:
    """How uneven shares are; those of nothing are classes that are not drawn at all, and left out of the ratio.

    >>> spread(np.array([0.75, 0.25, 0.0]))["imbalance_ratio"]
    3.0
    """
    drawn = shares[shares > 0]
    return {
        "largest_share": float(shares.max()),
        "smallest_share": float(shares.min()),
        "imbalance_ratio": float(drawn.max() / drawn.min()) if len(drawn) else 1.0,
        "entropy": float(-(drawn * np.log(drawn)).sum()),
    }


def repeats(times: np.ndarray) -> dict[str, float]:
    """How often texts are drawn, and how many of them are.

    >>> repeats(np.array([3, 1, 0, 0]))
    {'max_repeats': 3.0, 'mean_repeats': 2.0, 'distinct_share': 0.5}
    """
    return {
        "max_repeats": float(times.max()),
        "mean_repeats": float(times[times > 0].mean()),
        "distinct_share": float((times > 0).mean()),
    }
