"""Part b: each experiment trains in each precision: its loss falls, all is finite, and no step waits for the GPU."""

from __future__ import annotations

import json
import math
import warnings
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from benchmarks.gpu.cells import Cell, format_failure
from benchmarks.gpu.probes import LossRecorder, SyncGuard
from benchmarks.gpu.workload import CONFIGS, Workplace, find_data_name
from benchmarks.timed_fit import run_train
from commands.cli import TextCLI

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
_STEPS, _QUICK_STEPS = 200, 4
_LOG_EVERY = 50


def list_cells(place: Workplace) -> list[Cell]:
    """Lists a cell for each experiment config and precision; in a rehearsal one precision for all but the first."""
    names = [folder.name for folder in place.data.iterdir() if folder.is_dir()] if place.data else []
    cells = []
    for number, config in enumerate(CONFIGS):
        for order, precision in enumerate(PRECISIONS):
            if place.quick and number and number % len(PRECISIONS) != order:
                continue
            measure = partial(train_experiment, place, config, find_data_name(config, names), precision)
            priority = 1 if precision == "bf16-mixed" else 2 + order
            labels = {"experiment": config.stem, "precision": precision}
            cells.append(Cell("b", f"{config.stem}, {precision}", measure, priority, 6.0, labels))
    return cells


def train_experiment(place: Workplace, config: Path, data: str, precision: str) -> dict[str, Any]:
    """Trains an experiment for some hundred steps in which torch raises an error where a step waits for the GPU.

    If one does, it is trained again with the waits counted, so that the losses are known too.

    Raises:
        AssertionError: A loss is not finite, or the losses do not fall.
    """
    steps = _QUICK_STEPS if place.quick else _STEPS
    options = [
        *("--config", str(config), "--data.source.path", str(place.find_data(data)), "--trainer.precision", precision),
        *("--trainer.max_steps", str(steps), "--trainer.max_epochs", "-1", "--trainer.limit_val_batches", "0"),
        *("--trainer.limit_test_batches", "1", "--trainer.log_every_n_steps", str(_LOG_EVERY), *place.accelerator),
        *("--trainer.enable_checkpointing", "false"),
    ]
    if place.quick and "pretrained" in config.stem:
        options = place.shrink([*options, "--model.encoder", "Pretrained"])
    waits: dict[str, Any] = {"waits": 0}
    try:
        losses = record_losses(place, options, "error")
    except RuntimeError as error:
        if "synchronizing CUDA operation" not in str(error):
            raise
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            losses = record_losses(place, options, "warn")
        count = sum("synchronizing CUDA operation" in str(warning.message) for warning in caught)
        waits = {"waits": count, "first_wait": format_failure(error)}
    return check_losses(losses, must_fall=not place.quick) | waits


def record_losses(place: Workplace, options: list[str], sync_mode: str) -> list[float]:
    """Runs the command line and returns the loss of each step."""
    SyncGuard.mode = sync_mode
    classes = [f"{cls.__module__}.{cls.__name__}" for cls in (LossRecorder, SyncGuard)]
    callbacks = json.dumps([{"class_path": path} for path in classes])
    cli: TextCLI = run_train([*options, "--trainer.callbacks", callbacks], place.folder)
    recorder = next(one for one in cli.trainer.callbacks if isinstance(one, LossRecorder))  # type: ignore[attr-defined]  # set when it is made
    return torch.stack(recorder.losses).float().tolist()


def check_losses(losses: list[float], must_fall: bool) -> dict[str, Any]:
    """Compares the mean loss of the last steps with that of the first ones, a tenth of all each.

    Args:
        losses: Of each step.
        must_fall: Whether losses that do not fall are an error.

    Raises:
        AssertionError: A loss is not finite, or they do not fall.
    """
    wrong = [step for step, loss in enumerate(losses, start=1) if not math.isfinite(loss)]
    if wrong:
        raise AssertionError(f"{len(wrong)} of {len(losses)} losses are not finite, the first in step {wrong[0]}")
    window = max(1, len(losses) // 10)
    first, last = mean(losses[:window]), mean(losses[-window:])
    if must_fall and not last < first:
        raise AssertionError(f"the loss does not fall: {first:.4f} in the first {window} steps, {last:.4f} in the last")
    return {"steps": len(losses), "first_loss": first, "last_loss": last}
