"""What a checkpoint records of itself: kept as the best or as the last one, its step, and its validation."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch

from lightning_modules.checkpoint_file import check_file

RECORD = "record"
"""The key of the record in a checkpoint."""


class CheckpointRecord(NamedTuple):
    """What is known of one checkpoint file without its weights."""

    kind: Literal["best", "last"]
    """Whether it was kept for its score, or as the newest."""
    epoch: int
    """In progress or just completed when it was written, counted from 1."""
    step: int
    """Optimizer steps so far."""
    monitor: str | None
    mode: str | None
    value: float | None
    """The monitored metric of these weights; None if they were not validated."""
    metrics: dict[str, float]
    """Of the validation of these weights, without the prefix of their names; empty if they were not validated."""
    is_resumable: bool
    """Whether it holds the state of the optimizer and of the progress."""


def read_record(path: Path) -> CheckpointRecord | None:
    """Reads the record of a checkpoint file without reading its weights; None if it has none or cannot be read."""
    try:
        check_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return get_record(checkpoint)
    except Exception:  # of any type; whoever reads the whole file says what is wrong with it
        return None


def get_record(checkpoint: dict[str, Any]) -> CheckpointRecord | None:
    """Returns the record in a checkpoint; None if it has none."""
    record = checkpoint.get(RECORD)
    if not isinstance(record, dict):
        return None
    return CheckpointRecord(**record, is_resumable="optimizer_states" in checkpoint)


def choose_best(files: Iterable[Path]) -> Path | None:
    """Chooses the checkpoint with the best recorded score, the first of equals; without scores, that of the last step.

    Args:
        files: Checkpoints of one run; those without a record are left out.
    """
    records = _read_records(files)
    if not records:
        return None
    newest = max(records, key=lambda file: records[file].step)
    scored = {
        file: one for file, one in records.items() if one.kind == "best" and one.monitor == records[newest].monitor
    }
    return min(scored, key=lambda file: _rank(scored[file])) if scored else newest


def choose_last(files: Iterable[Path]) -> Path | None:
    """Chooses the checkpoint of the last step that a run was to be resumed from; None if there is none.

    Args:
        files: Checkpoints of one run; those without a record are left out.
    """
    records = {file: one for file, one in _read_records(files).items() if one.kind == "last" and one.is_resumable}
    return max(records, key=lambda file: records[file].step, default=None)


def _read_records(files: Iterable[Path]) -> dict[Path, CheckpointRecord]:
    records = ((file, read_record(file)) for file in files)
    return {file: record for file, record in records if record is not None}


def _rank(record: CheckpointRecord) -> tuple[float, int]:
    """Returns what is smaller for a better score; no score and one that is not a number come last."""
    value = record.value
    if value is None or math.isnan(value):
        return math.inf, record.step
    return (value if record.mode == "min" else -value), record.step
