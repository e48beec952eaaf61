"""Writes the predictions for the test split as a table: `predictions.csv`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from callbacks.reporting.files import write_atomically
from datamodules.text_datamodule import TextDataModule
from lightning_modules.evaluation import Evaluation
from lightning_modules.prediction_columns import (
    compute_confidence,
    format_labels,
    format_prediction,
    name_prediction_columns,
)
from lightning_modules.tasks import decode_labels
from lightning_modules.text_classifier import TextClassifier


def write_predictions(path: Path, model: TextClassifier, data: TextDataModule, evaluation: Evaluation) -> None:
    """Writes one line per test text: source row, text, label, prediction, confidence, probabilities, loss in nats.

    Args:
        path: The CSV file, replaced if it exists.
        model: The model that was evaluated.
        data: The data module with the test split.
        evaluation: The evaluation of the model on the test split.
    """
    spec = model.text_spec
    split = data.get_split("test")
    texts, pairs = data.load_texts("test"), data.load_pairs("test")

    def write_rows(file: TextIO) -> None:
        writer = csv.writer(file, lineterminator="\n")
        pair_column = ["text_pair"] if pairs else []
        writer.writerow(["row", "text", *pair_column, "label", *name_prediction_columns(spec.label_names), "loss"])
        for chunk in _split_rows(evaluation):
            predictions = decode_labels(model.task, spec, chunk.probabilities)
            labels = _decode_true_labels(model, chunk)
            confidences = compute_confidence(chunk.probabilities, model.task.decide(chunk.probabilities)).tolist()
            probabilities, losses = chunk.probabilities.tolist(), chunk.losses.tolist()
            for place, row in enumerate(chunk.index.tolist()):
                pair = [pairs[row]] if pairs else []
                text = [split.numbers[row], texts[row], *pair, format_labels(labels[place])]
                prediction = format_prediction(predictions[place], confidences[place], probabilities[place])
                writer.writerow([*text, *prediction, f"{losses[place]:.6f}"])

    write_atomically(path, write_rows)


def _split_rows(evaluation: Evaluation) -> Iterator[Evaluation]:
    """Splits an evaluation into parts of a limited number of probabilities, since each takes 41 bytes as an object."""
    rows_per_part = max(1, _MAX_PROBABILITIES // evaluation.probabilities.shape[1])
    for start in range(0, len(evaluation.index), rows_per_part):
        yield Evaluation(**{name: part[start : start + rows_per_part] for name, part in vars(evaluation).items()})


def _decode_true_labels(model: TextClassifier, evaluation: Evaluation) -> list[str] | list[list[str]]:
    """Returns the true label, or labels, of each text by name."""
    spec = model.text_spec
    if evaluation.labels.ndim == 2:
        return decode_labels(model.task, spec, evaluation.labels)
    return [spec.label_names[label] for label in evaluation.labels.tolist()]


_MAX_PROBABILITIES = 100_000
