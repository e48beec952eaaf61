"""The end of a run on one screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from callbacks.reporting.oov_table import build_oov_table
from contracts.console import create_console

_MOST_CLASSES = 20  # beyond this only the weakest are shown


def print_result(report: dict[str, Any], split: str, folder: Path) -> None:
    """Prints overall metrics, those of each class, and where everything is.

    Args:
        report: As in `report.json`.
        split: Which of its splits the classes are shown of.
        folder: Of the run.
    """
    console = create_console()
    overall = Table()
    overall.add_column("metric")
    splits = [name for name in ("validation", "test") if report.get(name)]
    for name in splits:
        overall.add_column(name, justify="right")
    for metric in [key for key in report[splits[-1]] if key != "per_class"]:
        overall.add_row(metric, *(_number(report[name].get(metric)) for name in splits))
    trained = report["seconds"]["fit"] > 0
    if trained:
        best = f"best after epoch {report['best_epoch']} of {report['epochs']}, by {report['monitor']}"
        console.print(best)
    console.print(overall)
    classes = report.get(split, {}).get("per_class")
    if classes:
        console.print(_class_table(classes, split))
    console.print(build_oov_table(report["data"]["oov"]))
    if report["stopped"]:
        console.print(f"stopped: {report['stopped']}")
    if report.get("tta", 1) > 1:
        console.print(f"test: each prediction is a mean over {report['tta']} variants of the text")
    if trained:
        epochs = "1 epoch" if report["epochs"] == 1 else f"{report['epochs']} epochs"
        speed = f"{report['texts_per_second'] or 0:,.0f} training texts a second"
        console.print(f"{epochs} in {report['seconds']['fit']:.0f} s, {speed}")
    console.print(f"run folder: {folder}", soft_wrap=True)


def _class_table(classes: dict[str, dict[str, float]], split: str) -> Table:
    shown = list(classes.items())
    title = f"classes ({split})"
    if len(shown) > _MOST_CLASSES:
        shown = sorted(shown, key=lambda item: item[1]["f1"])[:_MOST_CLASSES]
        title = f"the {_MOST_CLASSES} weakest of {len(classes)} classes ({split})"
    table = Table(title=title, title_style="")
    table.add_column("class")
    for name in ("precision", "recall", "F1", f"{split} texts", "training texts"):
        table.add_column(name, justify="right")
    for name, row in shown:
        numbers = [_number(row[key]) for key in ("precision", "recall", "f1")]
        table.add_row(name, *numbers, f"{row['texts']:.0f}", f"{row['training_texts']}")
    return table


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.4f}"
