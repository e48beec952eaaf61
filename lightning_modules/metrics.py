"""Metrics over a whole split at once, by torchmetrics.

All metrics take the probabilities of a split, not running averages of batches: a mean of macro-F1 over batches is no
macro-F1. Averages over classes leave out a class that has neither texts nor predictions, as scikit-learn does.
"""

from __future__ import annotations

import torch
import torchmetrics.functional.classification as tm
from torch import Tensor

SINGLE_LABEL_METRICS = ("accuracy", "macro_f1", "micro_f1", "weighted_f1", "cohen_kappa", "auroc")
MULTI_LABEL_METRICS = ("accuracy", "label_accuracy", "macro_f1", "micro_f1", "weighted_f1", "auroc")


def single_label_metrics(probabilities: Tensor, labels: Tensor) -> dict[str, float]:
    """Accuracy, averages of F1, Cohen's kappa, and the mean one-against-rest AUROC.

    Args:
        probabilities: Float `(rows, classes)`.
        labels: int64 `(rows,)`.

    Returns:
        Shares in [0, 1]; kappa in [-1, 1]. AUROC is over the classes that have both texts and other texts in the split,
        and not a number where none has.
    """
    classes = probabilities.shape[1]
    decided = probabilities.argmax(dim=1)
    values = {"accuracy": tm.multiclass_accuracy(decided, labels, classes, average="micro")}
    for average in ("macro", "micro", "weighted"):
        values[f"{average}_f1"] = tm.multiclass_f1_score(decided, labels, classes, average=average)
    values["cohen_kappa"] = tm.multiclass_cohen_kappa(decided, labels, classes)
    one_hot = torch.nn.functional.one_hot(labels, classes)
    return {name: float(value) for name, value in values.items()} | {"auroc": _auroc(probabilities, one_hot)}


def multi_label_metrics(probabilities: Tensor, decisions: Tensor, labels: Tensor) -> dict[str, float]:
    """Shares of texts and of decisions that are right, averages of F1, and the mean AUROC over labels.

    Args:
        probabilities: Float `(rows, classes)`.
        decisions: int64 `(rows, classes)` of 0 and 1.
        labels: int64 `(rows, classes)` of 0 and 1.

    Returns:
        `accuracy` is the share of texts with exactly the right labels, `label_accuracy` that of single decisions.
    """
    classes = labels.shape[1]
    values = {
        "accuracy": (decisions == labels).all(dim=1).float().mean(),
        "label_accuracy": (decisions == labels).float().mean(),
    }
    for average in ("macro", "micro", "weighted"):
        values[f"{average}_f1"] = tm.multilabel_f1_score(decisions, labels, classes, average=average)
    return {name: float(value) for name, value in values.items()} | {"auroc": _auroc(probabilities, labels)}


def class_table(decisions: Tensor, labels: Tensor, classes: int) -> dict[str, list[float]]:
    """Precision, recall and F1 of each class, and the number of its texts.

    Args:
        decisions: int64 `(rows,)`, or `(rows, classes)` of 0 and 1.
        labels: Of the same shape.
        classes: How many there are.
    """
    kind = "multiclass" if decisions.ndim == 1 else "multilabel"
    table: dict[str, list[float]] = {}
    for name in ("precision", "recall", "f1_score"):
        measure = getattr(tm, f"{kind}_{name}")
        table[name.removesuffix("_score")] = measure(decisions, labels, classes, average="none").tolist()
    counts = torch.bincount(labels, minlength=classes) if decisions.ndim == 1 else labels.sum(dim=0)
    return table | {"texts": counts.tolist()}


def confusion_matrix(decisions: Tensor, labels: Tensor, classes: int) -> Tensor:
    """int64 `(classes, classes)`: a row a true class, a column a decided one."""
    return tm.multiclass_confusion_matrix(decisions, labels, classes)


def _auroc(probabilities: Tensor, truths: Tensor) -> float:
    """The mean over classes of the area under the ROC curve."""
    positives = truths.sum(dim=0)
    measurable = (positives > 0) & (positives < len(truths))
    if not measurable.any():
        return float("nan")
    areas = tm.multilabel_auroc(
        probabilities[:, measurable], truths[:, measurable], int(measurable.sum()), average="none"
    )
    return float(areas.mean())
