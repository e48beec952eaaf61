"""Metrics over a whole split at once, by torchmetrics.

All metrics take the probabilities of a split, not running averages of batches: a mean of macro-F1 over batches is no
macro-F1. Averages over classes leave out a class that has neither texts nor predictions, as scikit-learn does.

torchmetrics is imported where it measures: that takes longer than labelling a few new texts, which needs none of it.
"""

from __future__ import annotations

import torch
from torch import Tensor

SINGLE_LABEL_METRICS = ("accuracy", "macro_f1", "micro_f1", "weighted_f1", "cohen_kappa", "auroc")
MULTI_LABEL_METRICS = ("accuracy", "label_accuracy", "macro_f1", "micro_f1", "weighted_f1", "auroc")


def compute_single_label_metrics(probabilities: Tensor, labels: Tensor) -> dict[str, float]:
    """Accuracy, averages of F1, Cohen's kappa, and the mean one-against-rest AUROC.

    Args:
        probabilities: Float `(rows, classes)`.
        labels: int64 `(rows,)`.

    Returns:
        Shares in [0, 1]; kappa in [-1, 1]. AUROC is over the classes that have both texts and other texts in the split,
        and not a number where none has.
    """
    import torchmetrics.functional.classification as tm

    classes = probabilities.shape[1]
    decided = probabilities.argmax(dim=1)
    values = {"accuracy": tm.multiclass_accuracy(decided, labels, classes, average="micro")}
    for average in ("macro", "micro", "weighted"):
        values[f"{average}_f1"] = tm.multiclass_f1_score(decided, labels, classes, average=average)
    values["cohen_kappa"] = tm.multiclass_cohen_kappa(decided, labels, classes)
    one_hot = torch.nn.functional.one_hot(labels, classes)
    return {name: float(value) for name, value in values.items()} | {"auroc": _auroc(probabilities, one_hot)}


def compute_multi_label_metrics(probabilities: Tensor, decisions: Tensor, labels: Tensor) -> dict[str, float]:
    """Shares of texts and of decisions that are right, averages of F1, and the mean AUROC over labels.

    Args:
        probabilities: Float `(rows, classes)`.
        decisions: int64 `(rows, classes)` of 0 and 1.
        labels: int64 `(rows, classes)` of 0 and 1.

    Returns:
        `accuracy` is the share of texts with exactly the right labels, `label_accuracy` that of single decisions.
    """
    values = {
        "accuracy": (decisions == labels).all(dim=1).float().mean(),
        "label_accuracy": (decisions == labels).float().mean(),
    }
    for average in ("macro", "micro", "weighted"):
        values[f"{average}_f1"] = _multilabel("f1_score", decisions, labels, average).mean()
    return {name: float(value) for name, value in values.items()} | {"auroc": _auroc(probabilities, labels)}


def compute_per_class_metrics(decisions: Tensor, labels: Tensor, classes: int) -> dict[str, list[float]]:
    """Precision, recall and F1 of each class, and the number of its texts.

    Args:
        decisions: int64 `(rows,)`, or `(rows, classes)` of 0 and 1.
        labels: Of the same shape.
        classes: How many there are.
    """
    import torchmetrics.functional.classification as tm

    table: dict[str, list[float]] = {}
    for name in ("precision", "recall", "f1_score"):
        if decisions.ndim == 1:
            measured = getattr(tm, f"multiclass_{name}")(decisions, labels, classes, average="none")
        else:
            measured = _multilabel(name, decisions, labels, "none")
        table[name.removesuffix("_score")] = measured.tolist()
    counts = torch.bincount(labels, minlength=classes) if decisions.ndim == 1 else labels.sum(dim=0)
    return table | {"texts": counts.tolist()}


def compute_confusion_matrix(decisions: Tensor, labels: Tensor, classes: int) -> Tensor:
    """int64 `(classes, classes)`: a row a true class, a column a decided one."""
    import torchmetrics.functional.classification as tm

    return tm.multiclass_confusion_matrix(decisions, labels, classes)


def _auroc(probabilities: Tensor, truths: Tensor) -> float:
    """The mean over classes of the area under the ROC curve."""
    import torchmetrics.functional.classification as tm

    positives = truths.sum(dim=0)
    measurable = (positives > 0) & (positives < len(truths))
    if not measurable.any():
        return float("nan")
    areas = [
        tm.binary_auroc(column, truth, validate_args=False)
        for column, truth in zip(probabilities[:, measurable].T, truths[:, measurable].T, strict=True)
    ]
    return float(torch.stack(areas).mean())


def _multilabel(name: str, decisions: Tensor, labels: Tensor, average: str) -> Tensor:
    """A measure of torchmetrics over several labels; its own functions refuse a single one."""
    import torchmetrics.functional.classification as tm

    if labels.shape[1] == 1:
        measured: Tensor = getattr(tm, f"binary_{name}")(decisions[:, 0], labels[:, 0])
        return measured.reshape(1)
    return getattr(tm, f"multilabel_{name}")(decisions, labels, labels.shape[1], average=average)
