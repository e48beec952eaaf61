"""Converts logits to probabilities, predictions and metrics, for one label per text or several."""

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
    """Converts logits to probabilities and predictions, and computes the metrics of a split."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The names of the metrics that `compute_metrics` returns."""

    def compute_probabilities(self, logits: Tensor) -> Tensor:
        """Converts logits `(batch, classes)` to probabilities: float `(batch, classes)`, each in [0, 1]."""

    def decide(self, probabilities: Tensor) -> Tensor:
        """Predicts labels from probabilities: int64 `(batch,)`, or `(batch, classes)` of 0 and 1."""

    def compute_metrics(self, probabilities: Tensor, labels: Tensor) -> dict[str, float]:
        """Computes each of `metric_names` over a split."""


class SingleLabel:
    """One label per text: softmax, then the most probable class."""

    metric_names = SINGLE_LABEL_METRICS

    def compute_probabilities(self, logits: Tensor) -> Tensor:
        """Computes the softmax over classes."""
        return logits.float().softmax(dim=1)

    def decide(self, probabilities: Tensor) -> Tensor:
        """Returns the most probable class of each text."""
        return probabilities.argmax(dim=1)

    def compute_metrics(self, probabilities: Tensor, labels: Tensor) -> dict[str, float]:
        """Computes the metrics of `compute_single_label_metrics`."""
        return compute_single_label_metrics(probabilities, labels)


class MultiLabel:
    """Any number of labels per text: a sigmoid per label, then a threshold.

    Args:
        threshold: The lowest probability at which a label is predicted, in [0, 1].
    """

    metric_names = MULTI_LABEL_METRICS

    def __init__(self, threshold: float = 0.5) -> None:
        self.threshold = threshold

    def compute_probabilities(self, logits: Tensor) -> Tensor:
        """Computes the sigmoid of each class."""
        return logits.float().sigmoid()

    def decide(self, probabilities: Tensor) -> Tensor:
        """Returns 1 where the probability is at least the threshold, else 0."""
        return (probabilities >= self.threshold).long()

    def compute_metrics(self, probabilities: Tensor, labels: Tensor) -> dict[str, float]:
        """Computes the metrics of `compute_multi_label_metrics`."""
        return compute_multi_label_metrics(probabilities, self.decide(probabilities), labels.long())


def create_task(spec: TextSpec) -> ClassificationTask:
    """Creates the task of the data: one label per text, or several."""
    return SingleLabel() if spec.task == "single_label" else MultiLabel()


def decode_labels(task: ClassificationTask, spec: TextSpec, probabilities: Tensor) -> list[str] | list[list[str]]:
    """Predicts labels by name from probabilities `(texts, classes)`: a label per text, or a list of labels per text."""
    predictions = task.decide(probabilities)
    if predictions.ndim == 1:
        return [spec.label_names[position] for position in predictions.tolist()]
    return [[spec.label_names[position] for position in torch.nonzero(row).flatten().tolist()] for row in predictions]
