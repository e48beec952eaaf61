"""Prints the sizes of the data at the start of a run, and the next commands at its end."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from contracts.console import announce

_ROOT = Path(__file__).parents[2]


def announce_data(summary: dict[str, Any]) -> None:
    """Prints the sizes of the data, and the notes on them.

    Args:
        summary: Properties of the data, as in `report.json`.
    """
    rows = ", ".join(f"{count:,} {split}" for split, count in summary["rows"].items())
    announce(
        f"data: {rows} texts; {len(summary['classes'])} classes; vocabulary of {summary['vocabulary_size']:,}; "
        f"truncated to {summary['max_length']} tokens"
    )
    for note in summary["notes"]:
        announce(f"note: {note}")


def announce_next_commands(folder: Path, log_root: str | None, takes_pairs: bool) -> None:
    """Prints the shell commands that label new texts and show the curves.

    Args:
        folder: The run folder; without a checkpoint in it, the first command is not printed.
        log_root: The folder that TensorBoard reads; None without a TensorBoard logger.
        takes_pairs: Whether the model classifies pairs of texts, which are read from a file.
    """
    if any((folder / "checkpoints").glob("*.ckpt")):
        script = "predict.py" if Path.cwd() == _ROOT else shlex.quote(os.fspath(_ROOT / "predict.py"))
        texts = "FILE" if takes_pairs else '"a text"'
        announce(f"label new texts:  python {script} {shlex.quote(os.fspath(folder))} {texts}")
    if log_root is not None:
        announce(f"compare runs:     tensorboard --logdir {shlex.quote(log_root)}")
