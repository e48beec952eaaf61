"""Creates the trainer of a run: the groups of options of its callbacks, its logger, and the callbacks of every run."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from pytorch_lightning import Callback
from pytorch_lightning.callbacks import ModelCheckpoint, WeightAveraging
from pytorch_lightning.callbacks import ProgressBar as LightningProgressBar
from pytorch_lightning.cli import LightningArgumentParser
from pytorch_lightning.loggers import Logger
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from callbacks.checkpointing.best_checkpoint import BestCheckpoint
from callbacks.checkpointing.interruption import SaveOnInterrupt
from callbacks.checkpointing.last_checkpoint import LastCheckpoint
from callbacks.checkpointing.name_collisions import check_names_differ
from callbacks.differential_learning_rates import DifferentialLearningRates
from callbacks.early_stopping import EarlyStopping
from callbacks.epoch_log import EpochLog
from callbacks.exact_resume import ExactResume
from callbacks.gradient_norm import GradientNorm
from callbacks.progress_bar import ProgressBar
from callbacks.reporting.run_logger import RunLogger
from callbacks.run_report import RunReport
from callbacks.sampling_report import SamplingReport
from commands.failed_ranks import report_lost_processes
from commands.resume import ResumedRun
from commands.run_folder import build_run_name, shorten_path
from contracts.errors import UsageError
from lightning_modules.monitor import infer_mode

CALLBACK_CLASSES: dict[str, type[Callback]] = {
    "early_stopping": EarlyStopping,
    "gradient_norm": GradientNorm,
    "differential_learning_rates": DifferentialLearningRates,
    "checkpoint": BestCheckpoint,
    "last_checkpoint": LastCheckpoint,
}
"""Callbacks of every run whose arguments are a group of options, by the name of the group."""


def add_callback_groups(parser: LightningArgumentParser) -> None:
    """Adds a group of options for each callback that every run has."""
    for group, callback in CALLBACK_CLASSES.items():
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


def list_named_loggers(named: Any) -> list[Logger]:
    """Lists the loggers that `--trainer.logger` adds to that of the run folder.

    Args:
        named: The value of the option: a boolean, null, a logger or a list of them.
    """
    return [logger for logger in (named if isinstance(named, list) else [named]) if isinstance(logger, Logger)]


def add_callbacks_of_every_run(
    config: dict[str, Any], groups: Sequence[Callback | None], report: RunReport
) -> list[Callback]:
    """Returns the callbacks of a run; unless it is set, `enable_progress_bar` becomes whether there is a terminal.

    Args:
        config: Arguments of the trainer.
        groups: Those of the groups of options; None for each that is switched off.
        report: The callback that writes the report; left out of a dev run.
    """
    report_lost_processes()
    callbacks: list[Callback] = [*filter(None, groups), ExactResume(), SamplingReport(), EpochLog()]
    is_dev_run = bool(config.get("fast_dev_run"))
    if is_dev_run or config.get("enable_checkpointing") is False:
        callbacks = [callback for callback in callbacks if not isinstance(callback, ModelCheckpoint)]
    for best, last in product(callbacks, callbacks):
        if isinstance(best, BestCheckpoint) and isinstance(last, LastCheckpoint):
            check_names_differ(best, last)
    has_best = any(isinstance(callback, ModelCheckpoint) and callback.monitor for callback in callbacks)
    if not any(isinstance(callback, ModelCheckpoint) for callback in callbacks):
        config["enable_checkpointing"] = False  # otherwise Lightning adds one of its own
    else:
        callbacks.append(SaveOnInterrupt())
    named, shown = config.get("callbacks") or [], config.get("enable_progress_bar")
    named = named if isinstance(named, list) else [named]
    if any(isinstance(callback, WeightAveraging) for callback in named) and not has_best and not is_dev_run:
        raise UsageError(
            "--trainer.callbacks WeightAveraging needs the best checkpoint, which holds its average: leave "
            "--trainer.enable_checkpointing and --checkpoint at their defaults"
        )
    if any(isinstance(callback, LightningProgressBar) for callback in named):
        if shown is False:
            raise UsageError(
                "--trainer.enable_progress_bar false contradicts the progress bar of --trainer.callbacks; drop one"
            )
    else:
        config["enable_progress_bar"] = sys.stdout.isatty() if shown is None else shown
        callbacks += [ProgressBar()] if config["enable_progress_bar"] else []
    return callbacks if is_dev_run else [*callbacks, report]


def format_late_rejection(error: BaseException) -> str | None:
    """Returns the message for options that Lightning rejects when a run starts; None if the error is another one."""
    if isinstance(error, ModuleNotFoundError):
        frames = traceback.extract_tb(error.__traceback__)
        if not frames or "pytorch_lightning" not in frames[-1].filename:
            return None
    elif not isinstance(error, MisconfigurationException):
        return None
    return f"the trainer rejects its options (--trainer.…): {' '.join(str(error).split())}"
