"""Checkpoint files of a run: each records its validation, and replaces an older file only when it is complete."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO
from pytorch_lightning import Trainer

from lightning_modules.checkpoint_records import RECORD


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its final name and renames it: a file that is found is always complete.

    Lightning writes to the system's temporary folder; moving a file from there to another disk is a copy, of which a
    killed run leaves a part.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Writes a file, and removes what a killed run has left of an earlier attempt."""
        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        for left in file.parent.glob(f".{_escape(file.name)}.*.part"):
            left.unlink(missing_ok=True)
        part = file.with_name(f".{file.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as stream:
                torch.save(checkpoint, stream)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)


def use_atomic_files(trainer: Trainer) -> None:
    """Makes a trainer write its checkpoints atomically, unless its strategy or the user chose another way."""
    if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
        trainer.strategy.checkpoint_io = AtomicCheckpointIO()


def build_checkpoint(
    trainer: Trainer, kind: Literal["best", "last"], weights_only: bool = False, is_validated: bool = False
) -> dict[str, Any]:
    """Builds a checkpoint with a record of the epoch, the step and the validation of its weights.

    Args:
        trainer: A trainer that fits; to be called on all ranks.
        kind: Whether it is kept for its score, or as the newest.
        weights_only: Whether optimizer, progress and callbacks are left out.
        is_validated: Whether the last validation measured these weights.
    """
    checkpoint = trainer._checkpoint_connector.dump_checkpoint(weights_only)
    model = trainer.lightning_module
    metrics = read_validation_metrics(trainer) if is_validated else {}
    monitor = getattr(model, "monitor", None)
    checkpoint[RECORD] = {
        "kind": kind,
        "epoch": trainer.current_epoch + 1,
        "step": trainer.global_step,
        "monitor": monitor,
        "mode": getattr(model, "monitor_mode", None),
        "value": metrics.get(str(monitor).removeprefix("validation/")),
        "metrics": metrics,
    }
    return checkpoint


def write_checkpoint(trainer: Trainer, checkpoint: dict[str, Any], path: str | Path) -> None:
    """Writes a checkpoint, on all ranks at the same time."""
    trainer.strategy.save_checkpoint(checkpoint, str(path))
    trainer.strategy.barrier("write_checkpoint")


def read_validation_metrics(trainer: Trainer) -> dict[str, float]:
    """Returns the logged validation metrics, without the prefix of their names."""
    prefix = "validation/"
    return {
        name.removeprefix(prefix): float(value)
        for name, value in trainer.callback_metrics.items()
        if name.startswith(prefix)
    }


def find_checkpoint_folder(trainer: Trainer) -> str:
    """Returns the folder of a run's checkpoints; to be called on all ranks."""
    folder = trainer.log_dir
    return os.path.join(folder or trainer.default_root_dir, "checkpoints")


def _escape(name: str) -> str:
    """Escapes characters that have a meaning in `glob`."""
    return "".join(f"[{letter}]" if letter in "[]*?" else letter for letter in name)
