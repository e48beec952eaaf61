"""Shows what the vocabulary lacks: a table on the terminal and in TensorBoard, and its numbers as scalars."""

from __future__ import annotations

from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.loggers import TensorBoardLogger
from rich.table import Table

_SHARES = {"token_rate": "of tokens", "type_rate": "of types", "text_share": "texts touched"}
_SHOWN = 5


def oov_table(oov: dict[str, dict[str, Any]]) -> Table:
    """One row a split.

    Args:
        oov: Reports by split, as in `report.json`.
    """
    table = Table(
        title="unknown to the vocabulary", title_style="",
        caption="whatever it leaves out, shares an id for, or has to spell in characters or bytes",
    )  # fmt: skip
    table.add_column("split")
    for title in (*_SHARES.values(), "ids a text"):
        table.add_column(title, justify="right")
    table.add_column("commonest", overflow="fold")
    for split, report in oov.items():
        table.add_row(split, *_cells(report), _commonest(report))
    return table


def log_oov(trainer: Trainer, oov: dict[str, dict[str, Any]]) -> None:
    """Writes scalars to every logger and a table to TensorBoard; for one process only."""
    numbers = {
        f"oov/{split}/{key}": float(report[key]) for split, report in oov.items() for key in (*_SHARES, "ids_per_text")
    }
    head = ["split", *_SHARES.values(), "ids a text", "commonest"]
    rows = [head, ["---"] * len(head)]
    for split, report in oov.items():
        rows.append([split, *_cells(report), _commonest(report).replace("|", "\\|")])
    page = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    for logger in trainer.loggers:
        logger.log_metrics(numbers, step=trainer.global_step)
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_text("oov", page, trainer.global_step)


def with_coverage(oov: dict[str, dict[str, Any]], encoder: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The reports with what of each split has a word vector.

    Args:
        oov: Reports by split.
        encoder: What it says of itself.
    """
    coverage = _coverage(encoder)
    return {split: report | {"vector_coverage": coverage.get(split)} for split, report in oov.items()}


def coverage_numbers(encoder: dict[str, Any]) -> dict[str, float]:
    """The share of each split's tokens that has a word vector, for loggers; nothing where there are none."""
    return {f"oov/{split}/vector_coverage": tokens for split, (tokens, _) in _coverage(encoder).items()}


def _coverage(encoder: dict[str, Any]) -> dict[str, list[float]]:
    return encoder.get("vectors", {}).get("coverage", {})


def _cells(report: dict[str, Any]) -> list[str]:
    return [*(f"{report[key]:.2%}" for key in _SHARES), f"{report['ids_per_text']:.1f}"]


def _commonest(report: dict[str, Any]) -> str:
    return " ".join(name for name, _ in report["commonest"][:_SHOWN])
