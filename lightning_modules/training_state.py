"""Checks that a checkpoint holds what training continues from: Lightning takes what is missing as not begun yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.errors import DataError, join_names
from lightning_modules.checkpoints import read_checkpoint

_PROGRESS = ("epoch_progress", "epoch_loop.batch_progress", "epoch_loop.automatic_optimization.optim_progress")
"""The parts of the state of the training loop that say how far training has come."""
_COUNTS = ("epoch", "global_step")


def read_continued_checkpoint(path: Path) -> dict[str, Any]:
    """Reads a checkpoint that training is continued from.

    Raises:
        DataError: It is no checkpoint of this project, or lacks a part of the training state.
    """
    checkpoint = read_checkpoint(path)
    check_training_state(checkpoint, path)
    return checkpoint


def check_training_state(checkpoint: Mapping[str, Any], path: Path) -> None:
    """Raises an error unless the state of loops, optimizers, schedules and callbacks is complete.

    Args:
        checkpoint: Its content.
        path: Its file, for the message.

    Raises:
        DataError: A part is missing or of another type.
    """
    wrong = list(_list_wrong_parts(checkpoint))
    if wrong:
        raise DataError(
            f"{path} cannot be continued from: its training state is damaged; it lacks valid values of "
            f"{join_names(wrong)}; label texts with predict.py"
        )


def _list_wrong_parts(checkpoint: Mapping[str, Any]) -> Iterator[str]:
    """Yields the names of the parts that are missing or of another type."""
    for name in _COUNTS:
        if type(checkpoint.get(name)) is not int or checkpoint[name] < 0:
            yield name
    loops = checkpoint.get("loops")
    loop = loops.get("fit_loop") if isinstance(loops, dict) else None
    for name in _PROGRESS:
        progress = loop.get(name) if isinstance(loop, dict) else None
        if not isinstance(progress, dict) or not progress or min(_iterate_counts(progress), default=-1) < 0:
            yield f"loops.fit_loop.{name}"
    optimizers = checkpoint.get("optimizer_states")
    is_list = isinstance(optimizers, list) and optimizers
    if not is_list or not all(isinstance(of_one, dict) and of_one.get("param_groups") for of_one in optimizers or ()):
        yield "optimizer_states"
    schedules = checkpoint.get("lr_schedulers")
    if not isinstance(schedules, list) or not all(isinstance(of_one, dict) and of_one for of_one in schedules):
        yield "lr_schedulers"
    if not isinstance(checkpoint.get("callbacks"), dict):
        yield "callbacks"
    if not isinstance(checkpoint.get("hyper_parameters", {}), dict):
        yield "hyper_parameters"
    if not isinstance(checkpoint.get("pytorch-lightning_version"), str):
        yield "pytorch-lightning_version"


def _iterate_counts(progress: Mapping[str, Any]) -> Iterator[int]:
    """Yields the counts of a state of progress; -1 for anything else that is no flag."""
    for value in progress.values():
        if isinstance(value, dict):
            yield from _iterate_counts(value)
        else:
            yield value if isinstance(value, int) else -1
