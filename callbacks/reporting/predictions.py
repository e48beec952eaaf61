"""Writes the predictions for the test split as a table: `predictions.csv`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TextIO

from callbacks.reporting.files import write_atomically
from datamodules.text_datamodule import TextDataModule
from lightning_modules.prediction_columns import (
    compute_confidence,
    format_labels,
    format_prediction,
    name_prediction_columns,
)
from lightning_modules.tasks import decode_labels
from lightning_modules.text_classifier import Evaluation, TextClassifier


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
    predictions = decode_labels(model.task, spec, evaluation.probabilities)
    labels = (
        decode_labels(model.task, spec, evaluation.labels)
        if evaluation.labels.ndim == 2
        else [spec.label_names[label] for label in evaluation.labels.tolist()]
    )
    probabilities = evaluation.probabilities.tolist()
    confidences = compute_confidence(evaluation.probabilities, model.task.decide(evaluation.probabilities)).tolist()
    losses = evaluation.losses.tolist()

    def write_rows(file: TextIO) -> None:
        writer = csv.writer(file, lineterminator="\n")
        pair_column = ["text_pair"] if pairs else []
        writer.writerow(["row", "text", *pair_column, "label", *name_prediction_columns(spec.label_names), "loss"])
        for position, row in enumerate(evaluation.index.tolist()):
            pair = [pairs[row]] if pairs else []
            prediction = format_prediction(predictions[position], confidences[position], probabilities[position])
            text = [split.numbers[row], texts[row], *pair, format_labels(labels[position])]
            writer.writerow([*text, *prediction, f"{losses[position]:.6f}"])

    write_atomically(path, write_rows)
