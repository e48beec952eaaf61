"""Creates the trainer of a run: the groups of options of its callbacks, its logger, and the callbacks of every run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from pytorch_lightning import Callback
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.cli import LightningArgumentParser

from callbacks.checkpointing.best_checkpoint import BestCheckpoint
from callbacks.checkpointing.interruption import SaveOnInterrupt
from callbacks.checkpointing.last_checkpoint import LastCheckpoint
from callbacks.differential_learning_rates import DifferentialLearningRates
from callbacks.early_stopping import EarlyStopping
from callbacks.epoch_log import EpochLog
from callbacks.exact_resume import ExactResume
from callbacks.gradient_norm import GradientNorm
from callbacks.progress_bar import ProgressBar
from callbacks.reporting.run_logger import RunLogger
from callbacks.run_report import RunReport
from callbacks.sampling_report import SamplingReport
from commands.resume import ResumedRun
from commands.run_folder import build_run_name, shorten_path
from lightning_modules.monitor import infer_mode

CALLBACK_GROUPS: dict[str, type[Callback]] = {
    "early_stopping": EarlyStopping,
    "gradient_norm": GradientNorm,
    "differential_learning_rates": DifferentialLearningRates,
    "checkpoint": BestCheckpoint,
    "last_checkpoint": LastCheckpoint,
}
"""Callbacks of every run whose arguments are a group of options, by the name of the group."""


def add_callback_groups(parser: LightningArgumentParser) -> None:
    """Adds a group of options for each callback that every run has."""
    for group, callback in CALLBACK_GROUPS.items():
        parser.add_lightning_class_args(callback, group)
    for group, file in (("checkpoint", "best"), ("last_checkpoint", "last")):
        # Both are written after validation, the best one first: Lightning skips a validation that follows a
        # checkpoint at the same step, and `last` must contain the path and score of `best`.
        parser.set_defaults({f"{group}.filename": file, f"{group}.enable_version_counter": False})
    parser.link_arguments("model.monitor", "checkpoint.monitor")
    parser.link_arguments("model.monitor", "checkpoint.mode", compute_fn=infer_mode)


def create_logger(config: Namespace, resumed: ResumedRun | None, step: int | None) -> RunLogger:
    """Creates the logger of a new run folder, or of the one that is resumed.

    Args:
        config: Config of one verb.
        resumed: The run to resume; None for a new one.
        step: The step of the checkpoint of the resumed run.
    """
    if resumed is None:
        return RunLogger(config.trainer.default_root_dir, config.name or build_run_name(config), config.version)
    folder = resumed.folder.absolute()
    root = shorten_path(folder.parent.parent, Path(config.trainer.default_root_dir))
    return RunLogger(str(root), folder.parent.name, folder.name, purge_step=step)


def add_callbacks_of_every_run(config: dict[str, Any], callbacks: list[Callback], report: RunReport) -> list[Callback]:
    """Returns the callbacks of a run; sets `enable_progress_bar` to whether there is a terminal to draw in.

    Args:
        config: Arguments of the trainer.
        callbacks: Those of the groups of options.
        report: The callback that writes the report; left out of a dev run.
    """
    callbacks = [*callbacks, ExactResume(), SamplingReport(), EpochLog()]
    is_dev_run = bool(config.get("fast_dev_run"))
    if is_dev_run or config.get("enable_checkpointing") is False:
        callbacks = [callback for callback in callbacks if not isinstance(callback, ModelCheckpoint)]
    if config.get("enable_progress_bar") is not False and sys.stdout.isatty():
        callbacks.append(ProgressBar())
    else:
        config["enable_progress_bar"] = False
    return callbacks if is_dev_run else [*callbacks, report, SaveOnInterrupt()]
