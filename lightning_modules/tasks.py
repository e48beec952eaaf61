"""What logits mean: probabilities, decisions and metrics, for one label a text or several."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from contracts.text_spec import TextSpec
from lightning_modules.metrics import (
    MULTI_LABEL_METRICS,
    SINGLE_LABEL_METRICS,
    compute_multi_label_metrics,
    compute_single_label_metrics,
)


class ClassificationTask(Protocol):
    """The seam between logits and everything that people read."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """What `metrics` measures."""

    def compute_probabilities(self, logits: Tensor) -> Tensor:
        """Float `(batch, classes)`, each in [0, 1]."""

    def decide(self, probabilities: Tensor) -> Tensor:
        """int64 `(batch,)` or `(batch, classes)` of 0 and 1."""

    def compute_metrics(self, probabilities: Tensor, labels: Tensor) -> dict[str, float]:
        """Each of `metric_names`, in its unit."""


class SingleLabel:
    """Exactly one label a text: softmax and the likeliest class."""

    metric_names = SINGLE_LABEL_METRICS

    def compute_probabilities(self, logits: Tensor) -> Tensor:
        """Softmax over classes."""
        return logits.float().softmax(dim=1)

    def decide(self, probabilities: Tensor) -> Tensor:
        """The likeliest class of each text."""
        return probabilities.argmax(dim=1)

    def compute_metrics(self, probabilities: Tensor, labels: Tensor) -> dict[str, float]:
        """See `compute_single_label_metrics`."""
        return compute_single_label_metrics(probabilities, labels)


class MultiLabel:
    """Any number of labels a text: a sigmoid and a threshold for each.

    Args:
        threshold: The least probability that counts as yes.
    """

    metric_names = MULTI_LABEL_METRICS

    def __init__(self, threshold: float = 0.5) -> None:
        self.threshold = threshold

    def compute_probabilities(self, logits: Tensor) -> Tensor:
        """A sigmoid for each class."""
        return logits.float().sigmoid()

    def decide(self, probabilities: Tensor) -> Tensor:
        """1 where the probability reaches the threshold."""
        return (probabilities >= self.threshold).long()

    def compute_metrics(self, probabilities: Tensor, labels: Tensor) -> dict[str, float]:
        """See `compute_multi_label_metrics`."""
        return compute_multi_label_metrics(probabilities, self.decide(probabilities), labels.long())


def create_task(spec: TextSpec) -> ClassificationTask:
    """The task that the data call for."""
    return SingleLabel() if spec.task == "single_label" else MultiLabel()


def decode_labels(task: ClassificationTask, spec: TextSpec, probabilities: Tensor) -> list[str] | list[list[str]]:
    """The decisions by name: a label a text, or a list of labels a text."""
    decisions = task.decide(probabilities)
    if decisions.ndim == 1:
        return [spec.label_names[place] for place in decisions.tolist()]
    return [[spec.label_names[place] for place in torch.nonzero(row).flatten().tolist()] for row in decisions]
