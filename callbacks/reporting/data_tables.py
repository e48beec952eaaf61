"""Writes properties of the data to TensorBoard's text page: sizes, classes, unknown tokens, initial weights."""

from __future__ import annotations

from typing import Any

from pytorch_lightning import Trainer

from callbacks.reporting.oov_table import log_oov_table
from callbacks.reporting.text_tables import log_text_table


def log_data_tables(trainer: Trainer, summary: dict[str, Any], initialization: dict[str, Any]) -> None:
    """Writes a table each for sizes, classes and unknown tokens, and one for initial weights if there are details.

    Args:
        trainer: The trainer with the loggers.
        summary: Properties of the data, as in `report.json`.
        initialization: How the encoder was initialized: names and values by topic.
    """
    sizes: list[list[object]] = [[f"{split} texts", f"{count:,}"] for split, count in summary["rows"].items()]
    sizes += [["classes", len(summary["classes"])], ["vocabulary size", f"{summary['vocabulary_size']:,}"]]
    sizes += [["truncated to", f"{summary['max_length']} tokens"], *(["note", note] for note in summary["notes"])]
    log_text_table(trainer, "data", ["fact", "value"], sizes)
    log_text_table(trainer, "data_classes", ["class", "training texts"], summary["classes"].items())
    log_oov_table(trainer, summary["oov"])
    facts = [[topic, name, value] for topic, values in initialization.items() for name, value in values.items()]
    if facts:
        log_text_table(trainer, "initial_weights", ["topic", "name", "value"], facts)
