"""Classification metrics over an entire split, computed by torchmetrics.

All metrics take the probabilities of a split, not running averages of batches: a mean of macro-F1 over batches is no
macro-F1. Averages over classes exclude a class that has neither texts nor predictions, as in scikit-learn.

torchmetrics is imported inside the functions: the import takes longer than predicting a few texts, which needs none.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

SINGLE_LABEL_METRICS = ("accuracy", "macro_f1", "micro_f1", "weighted_f1", "cohen_kappa", "auroc")
MULTI_LABEL_METRICS = ("accuracy", "label_accuracy", "macro_f1", "micro_f1", "weighted_f1", "auroc")


def compute_single_label_metrics(probabilities: Tensor, labels: Tensor) -> dict[str, float]:
    """Computes accuracy, F1 averages, Cohen's kappa, and the mean one-vs-rest AUROC.

    Args:
        probabilities: Float `(rows, classes)`.
        labels: int64 `(rows,)`.

    Returns:
        Fractions in [0, 1]; kappa in [-1, 1]. AUROC is averaged over the classes that some but not all texts have, and
        NaN if there is none.
    """
    import torchmetrics.functional.classification as tm

    classes = probabilities.shape[1]
    predicted = probabilities.argmax(dim=1)
    values = {"accuracy": tm.multiclass_accuracy(predicted, labels, classes, average="micro")}
    for average in ("macro", "micro", "weighted"):
        values[f"{average}_f1"] = tm.multiclass_f1_score(predicted, labels, classes, average=average)
    values["cohen_kappa"] = tm.multiclass_cohen_kappa(predicted, labels, classes)
    truths = (labels == place for place in range(classes))
    return {name: float(value) for name, value in values.items()} | {"auroc": _compute_auroc(probabilities, truths)}


def compute_multi_label_metrics(probabilities: Tensor, predictions: Tensor, labels: Tensor) -> dict[str, float]:
    """Computes accuracy per text and per label, F1 averages, and the mean AUROC over labels.

    Args:
        probabilities: Float `(rows, classes)`.
        predictions: int64 `(rows, classes)` of 0 and 1.
        labels: int64 `(rows, classes)` of 0 and 1.

    Returns:
        `accuracy` is the fraction of texts with exactly the right labels, `label_accuracy` the fraction of
        correct predictions of single labels.
    """
    values = {
        "accuracy": (predictions == labels).all(dim=1).float().mean(),
        "label_accuracy": (predictions == labels).float().mean(),
    }
    for average in ("macro", "micro", "weighted"):
        values[f"{average}_f1"] = _compute_per_label("f1_score", predictions, labels, average).mean()
    return {name: float(value) for name, value in values.items()} | {"auroc": _compute_auroc(probabilities, labels.T)}


def compute_per_class_metrics(predictions: Tensor, labels: Tensor, classes: int) -> dict[str, list[float]]:
    """Computes precision, recall and F1 of each class, and counts its texts.

    Args:
        predictions: int64 `(rows,)`, or `(rows, classes)` of 0 and 1.
        labels: True labels, of the same shape.
        classes: Number of classes.
    """
    import torchmetrics.functional.classification as tm

    table: dict[str, list[float]] = {}
    for name in ("precision", "recall", "f1_score"):
        if predictions.ndim == 1:
            measured = getattr(tm, f"multiclass_{name}")(predictions, labels, classes, average="none")
        else:
            measured = _compute_per_label(name, predictions, labels, "none")
        table[name.removesuffix("_score")] = measured.tolist()
    counts = torch.bincount(labels, minlength=classes) if predictions.ndim == 1 else labels.sum(dim=0)
    return table | {"texts": counts.tolist()}


def compute_confusion_matrix(predictions: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Counts texts by true class (row) and predicted class (column): int64 `(classes, classes)`."""
    import torchmetrics.functional.classification as tm

    return tm.multiclass_confusion_matrix(predictions, labels, classes)


def _compute_auroc(probabilities: Tensor, truths: Iterable[Tensor]) -> float:
    """Computes the mean AUROC over classes with both positive and negative texts; NaN if there are none.

    Args:
        probabilities: Float `(rows, classes)`, on the CPU.
        truths: Of each class, which rows have it: bool or 0 and 1 `(rows,)`.
    """
    areas = []
    classes = iter(truths)
    for start in range(0, probabilities.shape[1], _CLASSES_PER_CHUNK):
        for scores in probabilities[:, start : start + _CLASSES_PER_CHUNK].T.contiguous().numpy():
            is_positive = next(classes).numpy()
            if 0 < is_positive.sum() < len(is_positive):
                areas.append(_compute_area(scores, is_positive))
    return float(torch.stack(areas).mean()) if areas else float("nan")


def _compute_area(scores: np.ndarray, is_positive: np.ndarray) -> Tensor:
    """Computes the area under the ROC curve of one class.

    The same as `binary_auroc` of torchmetrics to the last bit, in a seventh of its time: numpy sorts faster than torch.
    """
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)  # last row of each score
    true_positives = np.cumsum(is_positive[order])[ends]
    false_positives = 1 + ends - true_positives
    curve = [torch.from_numpy(np.append(0, counts).astype(np.float32)) for counts in (true_positives, false_positives)]
    return torch.trapz(*(counts / counts[-1] for counts in curve))


_CLASSES_PER_CHUNK = 64  # of a transposed copy


def _compute_per_label(name: str, predictions: Tensor, labels: Tensor, average: str) -> Tensor:
    """Computes a multilabel metric; uses the binary version if there is one label."""
    import torchmetrics.functional.classification as tm

    if labels.shape[1] == 1:
        measured: Tensor = getattr(tm, f"binary_{name}")(predictions[:, 0], labels[:, 0])
        return measured.reshape(1)
    return getattr(tm, f"multilabel_{name}")(predictions, labels, labels.shape[1], average=average)
