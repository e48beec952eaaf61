"""Values of a run for its report: metrics per split and class, the plot of the confusion matrix, parameter counts."""

from __future__ import annotations

from matplotlib.figure import Figure
from pytorch_lightning import LightningModule, Trainer

from callbacks.confusion_plot import MAX_CLASSES, plot_confusion_matrix
from datamodules.text_datamodule import TextDataModule
from lightning_modules.metrics import compute_confusion_matrix, compute_per_class_metrics
from lightning_modules.text_classifier import TextClassifier


def compute_class_metrics(model: TextClassifier, split: str) -> dict[str, dict[str, float]]:
    """Returns precision, recall, F1 and the number of texts of each class, by label."""
    spec = model.text_spec
    evaluation = model.evaluations[split]
    predictions = model.task.decide(evaluation.probabilities)
    table = compute_per_class_metrics(predictions, evaluation.labels.long(), spec.num_classes)
    return {
        name: {key: table[key][label] for key in table} | {"training_texts": spec.class_counts[label]}
        for label, name in enumerate(spec.label_names)
    }


def plot_split_confusion(model: TextClassifier, split: str, run_name: str) -> Figure | None:
    """Plots the confusion matrix of a split; returns None for multi-label data or more than 150 classes."""
    spec, evaluation = model.text_spec, model.evaluations[split]
    if spec.task != "single_label" or spec.num_classes > MAX_CLASSES:
        return None
    predictions = model.task.decide(evaluation.probabilities)
    counts = compute_confusion_matrix(predictions, evaluation.labels, spec.num_classes)
    macro_f1 = float(model.trainer.callback_metrics[f"{split}/macro_f1"])
    return plot_confusion_matrix(counts.numpy(), spec.label_names, f"{run_name}\n{split}, macro-F1 {macro_f1:.3f}")


def get_metrics(trainer: Trainer, split: str) -> dict[str, float]:
    """Returns the logged metrics of a split, without the prefix of their names."""
    prefix = f"{split}/"
    return {
        name.removeprefix(prefix): float(value)
        for name, value in trainer.callback_metrics.items()
        if name.startswith(prefix)
    }


def get_datamodule(trainer: Trainer) -> TextDataModule:
    """Returns the data module of a run."""
    return trainer.datamodule  # type: ignore[attr-defined]  # Lightning's trainer has one


def count_parameters(model: LightningModule, trainable: bool = False) -> int:
    """Returns the number of parameters, all or the trainable ones."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad or not trainable)
