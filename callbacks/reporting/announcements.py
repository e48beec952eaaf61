"""Announces the data and the model when a run starts, and the next commands when it has ended."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from contracts.console import announce

_ROOT = Path(__file__).parents[2]


def announce_data(summary: dict[str, Any]) -> None:
    """Announces the sizes of the data, and a note on each thing that a user should know of them.

    Args:
        summary: Facts about the data, as in `report.json`.
    """
    rows = ", ".join(f"{count:,} {split}" for split, count in summary["rows"].items())
    announce(
        f"data: {rows} texts; {len(summary['classes'])} classes; vocabulary of {summary['vocabulary_size']:,}; "
        f"truncated to {summary['max_length']} tokens"
    )
    for note in summary["notes"]:
        announce(f"note: {note}")


def announce_next_commands(folder: Path, log_root: str | None, takes_pairs: bool) -> None:
    """Announces the commands that label new texts and show the curves, ready to be pasted into a shell.

    Args:
        folder: The run folder; without a checkpoint in it, nothing can be labelled.
        log_root: The folder that TensorBoard reads; None where nothing was logged for it.
        takes_pairs: Whether the model classifies pairs of texts, which come from a file.
    """
    if any((folder / "checkpoints").glob("*.ckpt")):
        script = "predict.py" if Path.cwd() == _ROOT else shlex.quote(os.fspath(_ROOT / "predict.py"))
        texts = "FILE" if takes_pairs else '"a text"'
        announce(f"label new texts:  python {script} {shlex.quote(os.fspath(folder))} {texts}")
    if log_root is not None:
        announce(f"compare runs:     tensorboard --logdir {shlex.quote(log_root)}")
