"""Formats the reports on unknown tokens as a table for the terminal and for TensorBoard."""

from __future__ import annotations

from typing import Any

from pytorch_lightning import Trainer
from rich.table import Table

from callbacks.reporting.text_tables import log_text_table
from contracts.control_characters import escape_control_characters

_RATIOS = {"token_rate": "of tokens", "type_rate": "of types", "text_share": "texts with unknown tokens"}
_COLUMNS = ["split", *_RATIOS.values(), "tokens per text", "most frequent"]
_MAX_EXAMPLES = 5


def build_oov_table(oov: dict[str, dict[str, Any]]) -> Table:
    """Builds a terminal table with one row per split.

    Args:
        oov: Reports by split, as in `report.json`.
    """
    table = Table(
        title="unknown to the vocabulary", title_style="",
        caption="unknown: tokens that did not occur in training, or too rarely, so that the vocabulary "
        "has no id of their own",
    )  # fmt: skip
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in ("split", "most frequent") else "right", overflow="fold")
    for row in _format_rows(oov):
        table.add_row(*map(escape_control_characters, row))
    return table


def log_oov_table(trainer: Trainer, oov: dict[str, dict[str, Any]]) -> None:
    """Writes the table to TensorBoard's text page, with the word vector coverage of each split, if any.

    Args:
        trainer: The trainer with the loggers.
        oov: Reports by split, as in `report.json`.
    """
    rows = _format_rows(oov)
    columns = list(_COLUMNS)
    coverage = [report.get("vector_coverage") for report in oov.values()]
    if any(value is not None for value in coverage):
        columns.append("tokens with a word vector")
        rows = [[*row, "–" if value is None else f"{value[0]:.2%}"] for row, value in zip(rows, coverage, strict=True)]
    log_text_table(trainer, "unknown_tokens", columns, rows)


def add_vector_coverage(oov: dict[str, dict[str, Any]], encoder: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Adds to each split's report the fractions of its tokens and types with a word vector, None without word vectors.

    Args:
        oov: Reports by split.
        encoder: The encoder's report on its initial weights.
    """
    coverage = encoder.get("vectors", {}).get("coverage", {})
    return {split: report | {"vector_coverage": coverage.get(split)} for split, report in oov.items()}


def _format_rows(oov: dict[str, dict[str, Any]]) -> list[list[str]]:
    """Formats one row of cells per split."""
    return [
        [split, *(f"{report[key]:.2%}" for key in _RATIOS), f"{report['ids_per_text']:.1f}", _join_examples(report)]
        for split, report in oov.items()
    ]


def _join_examples(report: dict[str, Any]) -> str:
    """Joins the most frequent unknown tokens."""
    return " ".join(name for name, _ in report["commonest"][:_MAX_EXAMPLES])
