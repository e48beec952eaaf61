"""Checks model, data and checkpoint of a run, and prepares the data, before Lightning creates the run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from pytorch_lightning import Trainer

from callbacks.checkpointing.tested_weights import list_missing_checkpoints
from commands.batch_limits import check_batch_limits, format_limits
from commands.placeholder_spec import build_placeholder_spec
from contracts.console import announce
from contracts.errors import UsageError
from datamodules.loading.placement import get_max_epochs
from datamodules.text_datamodule import TextDataModule
from lightning_modules.checkpoints import check_checkpoint_matches
from lightning_modules.dry_run import (
    check_loss_and_monitor,
    check_preprocessing_is_registered,
    dry_run_initialization,
    dry_run_model,
)
from lightning_modules.monitor import check_monitor, find_imbalance
from lightning_modules.precision import find_replaced_precision, find_slow_precision, set_matmul_precision
from lightning_modules.text_classifier import TextClassifier


def prepare_and_check(
    config: Namespace,
    verb: str,
    trainer: Trainer,
    model: TextClassifier,
    data: TextDataModule,
    path: Path | None,
    checkpoint: dict[str, Any] | None,
) -> None:
    """Prepares the data; raises an error for a model, data or checkpoint that do not fit each other.

    Args:
        config: Config of the verb.
        verb: `fit`, `validate` or `test`.
        trainer: The trainer that will run the verb.
        model: The model, not yet configured.
        data: The data, not yet prepared.
        path: Path of the checkpoint to continue from or to evaluate; None without.
        checkpoint: Its content.

    Raises:
        UsageError: Options that contradict each other, or the checkpoint.
        DataError: Data that cannot be read.
    """
    set_matmul_precision(config.matmul_precision)
    if verb != "test":  # computed in 32 bits
        replaced = find_replaced_precision(config.trainer.precision, trainer.precision)
        slow = find_slow_precision(trainer.precision, trainer.strategy.root_device.type)
        for note in filter(None, (replaced, slow)):
            announce(f"note: {note}")
    if verb == "fit":
        model.forward_pass.check_compiler(trainer.strategy.root_device)
    data.validate_configuration(get_max_epochs(trainer) if verb == "fit" else 1)
    endless = verb == "fit" and trainer.max_epochs == -1 and trainer.max_steps == -1
    placeholder = build_placeholder_spec(config, data.source.detect_task())
    parts, monitor = model.factories, model.monitor
    dry_run_model(parts, monitor, placeholder, endless)
    check_preprocessing_is_registered(data)
    data.prepare_data()
    data.setup()
    spec = data.spec
    check_loss_and_monitor(parts, monitor, spec)
    data.run_notes = find_imbalance(monitor, spec) if verb == "fit" else []
    check_batch_limits(trainer, data, verb)
    if verb == "fit" and config.early_stopping is not None and config.early_stopping.monitor is not None:
        check_monitor(config.early_stopping.monitor, spec, "--early_stopping.monitor")
    if checkpoint is not None and path is not None:
        shapes = dry_run_model(parts, monitor, spec)
        check_checkpoint_matches(checkpoint, path, spec, data.tokenizer, shapes)
    elif verb == "fit":
        dry_run_initialization(parts, spec, data.prepared)
    if verb == "test" and not data.has_split("test"):
        raise UsageError("the data have no test split; give a file named test, or use `validate`")
    notes = format_limits(trainer, data, verb)
    if verb == "fit" and not trainer.fast_dev_run:  # type: ignore[attr-defined]  # set by its constructor
        notes += list_missing_checkpoints(trainer)
    for note in notes:
        announce(f"note: {note}")
