"""Prints the results of a run on one screen, and writes them to TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytorch_lightning import Trainer
from rich.table import Table

from callbacks.reporting.files import replace_non_finite
from callbacks.reporting.numbers import format_metric
from callbacks.reporting.oov_table import build_oov_table
from callbacks.reporting.text_tables import log_text_table
from contracts.console import create_console
from contracts.control_characters import escape_control_characters

_MAX_CLASSES = 20  # above this only the classes with the lowest F1 are shown


def print_results(report: dict[str, Any], split: str, folder: Path) -> None:
    """Prints a summary of `report.json`: best epoch, metrics, unknown tokens, stop reason, speed, run folder.

    Args:
        report: The content of `report.json`.
        split: The split whose metrics per class are printed.
        folder: The run folder.
    """
    console = create_console()
    is_trained = report["seconds"]["fit"] > 0
    if is_trained:
        console.print(_describe_weights(report), soft_wrap=True)
    overall = Table()
    for column in _list_metric_columns(report):
        overall.add_column(column, justify="left" if column == "metric" else "right")
    for row in _format_metric_rows(report):
        overall.add_row(*row)
    console.print(overall)
    per_class = report.get(split, {}).get("per_class")
    if per_class:
        console.print(_build_class_table(per_class, split))
    console.print(build_oov_table(report["data"]["oov"]))
    if report["stopped"]:
        console.print(f"stopped: {report['stopped']}")
    if report.get("tta", 1) > 1:
        console.print(f"test: each prediction is the mean over {report['tta']} variants of the text")
    if is_trained:
        epochs = "1 epoch" if report["epochs"] == 1 else f"{report['epochs']} epochs"
        speed = f"{report['texts_per_second'] or 0:,.0f} training texts/s"
        console.print(f"{epochs} in {report['seconds']['fit']:.0f} s, {speed}")
    console.print(f"run folder: {folder}", soft_wrap=True)


def _describe_weights(report: dict[str, Any]) -> str:
    """Formats which weights were measured: the best by the monitored metric, or the last ones."""
    tested = report.get("tested") or {}
    file = tested.get("checkpoint")
    if tested.get("weights") != "last":
        kept = "" if file or not tested else "; these weights are in no checkpoint"
        return f"best after epoch {report['best_epoch']} of {report['epochs']}, by {report['monitor']}{kept}"
    reason = "no best ones were kept" if report["best_epoch"] else "training ended before a validation"
    kept = f" ({file})" if file else ", which are in no checkpoint"
    return f"measured: the last weights, after epoch {tested['epoch']}, step {tested['step']}{kept}; {reason}"


def log_result_tables(trainer: Trainer, report: dict[str, Any], split: str) -> None:
    """Writes the overall metrics and the metrics per class to TensorBoard's text page.

    Args:
        trainer: The trainer with the loggers.
        report: The content of `report.json`.
        split: The split whose metrics per class are written.
    """
    log_text_table(trainer, "results", _list_metric_columns(report), _format_metric_rows(report))
    per_class = report.get(split, {}).get("per_class")
    if per_class:
        rows = [_format_class_row(name, metrics) for name, metrics in per_class.items()]
        log_text_table(trainer, f"results_per_class_{split}", _list_class_columns(split), rows)


def _list_metric_columns(report: dict[str, Any]) -> list[str]:
    return ["metric", *(split for split in ("validation", "test") if report.get(split))]


def _format_metric_rows(report: dict[str, Any]) -> list[list[str]]:
    """Formats one row of cells per metric."""
    splits = _list_metric_columns(report)[1:]
    metrics = [metric for metric in report[splits[-1]] if metric != "per_class"]
    values = {split: replace_non_finite(report[split]) for split in splits}
    return [[metric, *(format_metric(values[split].get(metric)) for split in splits)] for metric in metrics]


def _build_class_table(per_class: dict[str, dict[str, float]], split: str) -> Table:
    """Builds a table of metrics per class; only the 20 lowest by F1 if there are more."""
    shown = list(per_class.items())
    title = f"classes ({split})"
    if len(shown) > _MAX_CLASSES:
        shown = sorted(shown, key=lambda item: item[1]["f1"])[:_MAX_CLASSES]
        title = f"the {_MAX_CLASSES} of {len(per_class)} classes with the lowest F1 ({split})"
    table = Table(title=title, title_style="")
    for column in _list_class_columns(split):
        table.add_column(column, justify="left" if column == "class" else "right")
    for name, metrics in shown:
        table.add_row(*_format_class_row(escape_control_characters(name), metrics))
    return table


def _list_class_columns(split: str) -> list[str]:
    return ["class", "precision", "recall", "F1", f"{split} texts", "training texts"]


def _format_class_row(name: str, metrics: dict[str, float]) -> list[str]:
    ratios = [format_metric(replace_non_finite(metrics[key])) for key in ("precision", "recall", "f1")]
    return [name, *ratios, f"{metrics['texts']:.0f}", f"{metrics['training_texts']}"]
