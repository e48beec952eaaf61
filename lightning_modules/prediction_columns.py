"""The columns of a prediction, shared by `predictions.csv` and `predict.py`: labels, confidence, probabilities."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor


def name_prediction_columns(label_names: Iterable[str]) -> list[str]:
    """Returns the column names of a prediction, in their order.

    >>> name_prediction_columns(["neg", "pos"])
    ['prediction', 'confidence', 'probability:neg', 'probability:pos']
    """
    return ["prediction", "confidence", *(f"probability:{name}" for name in label_names)]


def format_prediction(labels: str | list[str], confidence: float, probabilities: Iterable[float]) -> list[str]:
    """Formats the values of these columns; several labels as a JSON list.

    >>> format_prediction(["neg", "pos"], 0.75, [0.75, 0.875])
    ['["neg", "pos"]', '0.7500000', '0.7500000', '0.8750000']
    """
    return [format_labels(labels), *(f"{value:.7f}" for value in (confidence, *probabilities))]


def format_labels(labels: str | Sequence[str]) -> str:
    """Formats the label of a text, or its labels as a JSON list."""
    return labels if isinstance(labels, str) else json.dumps(labels, ensure_ascii=False)


def compute_confidence(probabilities: Tensor, predictions: Tensor) -> Tensor:
    """Computes the probability of the least certain prediction of each text.

    With one label per text that is the probability of the predicted class. With several, each class is a decision: a
    predicted class has its probability, any other one the probability that it is absent.

    Args:
        probabilities: Float `(texts, classes)`.
        predictions: int64 `(texts,)` class numbers, or `(texts, classes)` of 0 and 1.

    Returns:
        Float `(texts,)`, each in [0, 1].

    >>> compute_confidence(torch.tensor([[0.25, 0.75]]), torch.tensor([1]))
    tensor([0.7500])
    >>> compute_confidence(torch.tensor([[0.875, 0.25, 0.0]]), torch.tensor([[1, 0, 0]]))
    tensor([0.7500])
    """
    if predictions.ndim == 1:
        return probabilities.gather(1, predictions[:, None]).squeeze(1)
    return torch.where(predictions == 1, probabilities, 1 - probabilities).amin(dim=1)
