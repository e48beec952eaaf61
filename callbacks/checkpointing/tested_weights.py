"""Loads the weights to measure after training: those of the best checkpoint, or else of the last; states which."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from pytorch_lightning import LightningModule, Trainer

from callbacks.checkpointing.best_checkpoint import BestCheckpoint
from callbacks.checkpointing.last_checkpoint import LastCheckpoint
from callbacks.early_stopping import EarlyStopping
from lightning_modules.checkpoint_records import get_record, read_record


class TestedWeights(NamedTuple):
    """Which weights were measured."""

    kind: str
    """`best` or `last`."""
    epoch: int
    """Counted from 1: that of the best validation, or the last one that was trained in."""
    step: int | None
    """Optimizer steps up to these weights; None if only the epoch is known."""
    checkpoint: str | None
    """The file that holds them, relative to the run folder; None if no file does."""
    validation: dict[str, float]
    """Metrics of the validation of these weights; empty if there was none."""

    def to_report(self) -> dict[str, Any]:
        """Returns the part of `report.json` that says which weights were tested."""
        return {"weights": self.kind, "epoch": self.epoch, "step": self.step, "checkpoint": self.checkpoint}


def load_tested_weights(trainer: Trainer, model: LightningModule) -> TestedWeights:
    """Loads the weights of the best checkpoint into the model, or leaves it as it is; to be called on all ranks.

    Args:
        trainer: The trainer after `fit`.
        model: The model that was trained.
    """
    best = next((one for one in trainer.checkpoint_callbacks if isinstance(one, BestCheckpoint)), None)
    if best is not None and best.best_model_path and Path(best.best_model_path).is_file():
        file = Path(best.best_model_path)
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)  # written by this run
        model.load_state_dict(checkpoint["state_dict"])  # not with `ckpt_path`: states of callbacks would follow
        record = get_record(checkpoint)
        assert record is not None
        return TestedWeights("best", record.epoch, record.step, f"checkpoints/{file.name}", record.metrics)
    return _describe_weights_in_memory(trainer)


def list_missing_checkpoints(trainer: Trainer) -> list[str]:
    """Returns a note for each checkpoint that a run does not write, though a run usually does."""
    kept = [type(one) for one in trainer.checkpoint_callbacks if getattr(one, "save_top_k", 0) != 0]
    notes = []
    if BestCheckpoint not in kept:
        measured = "the last weights are measured" if LastCheckpoint in kept else "no weights are kept"
        notes.append(f"no best checkpoint is written, so {measured}")
    if LastCheckpoint not in kept:
        notes.append("no last checkpoint is written, so the run cannot be resumed")
    return notes


def _describe_weights_in_memory(trainer: Trainer) -> TestedWeights:
    """Returns which weights a model has after training without a best checkpoint: restored from memory, or the last."""
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]  # Lightning's trainer has them
    stopping = next((one for one in callbacks if isinstance(one, EarlyStopping)), None)
    if stopping is not None and stopping.restored_epoch is not None:
        return TestedWeights("best", stopping.restored_epoch, None, None, {})
    last = next((one for one in trainer.checkpoint_callbacks if isinstance(one, LastCheckpoint)), None)
    path = Path(last.last_model_path) if last is not None and last.last_model_path else None
    epoch, step = max(trainer.current_epoch, 1), trainer.global_step
    if path is None or not path.is_file():
        return TestedWeights("last", epoch, step, None, {})
    written = read_record(path)
    return TestedWeights("last", epoch, step, f"checkpoints/{path.name}", {} if written is None else written.metrics)
