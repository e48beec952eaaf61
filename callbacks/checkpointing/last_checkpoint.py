"""Keeps the last checkpoint of a run, from which it can be resumed, whenever and however training ends."""

from __future__ import annotations

import time
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from callbacks.checkpointing.best_checkpoint import BestCheckpoint
from callbacks.checkpointing.checkpoint_file import build_checkpoint, find_checkpoint_folder, write_checkpoint
from callbacks.checkpointing.file_names import check_placeholders, check_template, format_checkpoint_path, make_unique
from contracts.console import announce
from contracts.errors import UsageError

_REFUSED = {
    "dirpath": "checkpoints lie in the run folder: choose it with --trainer.default_root_dir, --name and --version",
    "monitor": "it keeps the last weights; the best by --model.monitor are kept by --checkpoint",
    "save_last": "it keeps the last weights without this",
    "save_weights_only": "a run is resumed from it, which needs the optimizer too; --checkpoint.save_weights_only "
    "makes the best checkpoint small",
    "save_on_exception": "weights in the middle of a step cannot be resumed exactly; an interrupt (Ctrl-C, SIGTERM) "
    "saves them after the step, and --last_checkpoint.every_n_train_steps saves them regularly",
}
"""Options of Lightning that contradict what this project promises of its checkpoints, and what there is instead."""


class LastCheckpoint(ModelCheckpoint):
    """Keeps the last weights and the state of training: after each validation, after each epoch, and at the end.

    It works as Lightning's `ModelCheckpoint`, except that training never ends without its last weights, and that a
    checkpoint is written between optimizer steps only.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for option, reason in _REFUSED.items():
            if kwargs.get(option):
                raise UsageError(f"--last_checkpoint.{option} is not supported: {reason}")
        if self.mode != "min":
            raise UsageError("--last_checkpoint.mode has no effect: the last weights are kept, whatever their metric")
        check_template(self.filename, "--last_checkpoint.filename")
        self.filename = make_unique(self.filename, self.save_top_k)
        self._is_validated = False
        self.saves_epoch_end = self._save_on_train_epoch_end
        self._save_on_train_epoch_end = False

    @property
    def state_key(self) -> str:
        """The key of its state: a run may be resumed with other intervals."""
        return self._generate_state_key()

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Finds the folder, and checks the placeholders of the name."""
        self.dirpath = find_checkpoint_folder(trainer)
        super().setup(trainer, pl_module, stage)
        check_placeholders(self.filename, (), "--last_checkpoint.filename")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Saves at the chosen intervals, and where training ends in the middle of an epoch without a validation."""
        epoch_loop = trainer.fit_loop.epoch_loop
        if epoch_loop._should_accumulate():
            return
        if is_validated_next(trainer):  # Lightning would leave out the validation when resumed from here
            return
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
        if not epoch_loop._num_ready_batches_reached() and is_last_step(trainer):
            self.save_unless_saved(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves after a validation, unless the intervals say otherwise; always after that at the end of training."""
        if trainer.sanity_checking or trainer.state.fn != "fit" or self.saves_epoch_end:
            return
        if self._is_scheduled(trainer) or is_last_step(trainer):
            self.save_unless_saved(trainer, is_validated=True)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves after an epoch without a validation, unless the intervals say otherwise; always after the last one."""
        if self._is_scheduled(trainer) or is_last_step(trainer):
            self.save_unless_saved(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Does nothing: the last weights are saved before, where training can be continued from."""

    def format_checkpoint_name(
        self, metrics: dict[str, Tensor], filename: str | None = None, ver: int | None = None, prefix: str | None = None
    ) -> str:
        """Returns the path of a checkpoint."""
        return format_checkpoint_path(self, metrics, filename or self.filename, ver, prefix)

    @property
    def resume_name(self) -> str:
        """The name of the checkpoint of an interrupt: the usual one, unless each gets a name of its own."""
        return self.filename if self.filename and "{" not in self.filename else "last"

    def format_resume_path(self) -> str:
        """Returns the path of the checkpoint of an interrupt."""
        return f"{self.dirpath}/{self.resume_name}{self.FILE_EXTENSION}"

    def save_unless_saved(self, trainer: Trainer, is_validated: bool = False) -> None:
        """Saves the last weights, unless those of this step are saved or none are to be kept."""
        if (
            self.save_top_k == 0
            or self._last_global_step_saved == trainer.global_step
            or getattr(trainer, "fast_dev_run", False)
        ):
            return
        self._is_validated = is_validated
        self._save_none_monitor_checkpoint(trainer, self._monitor_candidates(trainer))
        self._is_validated = False

    def _is_scheduled(self, trainer: Trainer) -> bool:
        """Whether the chosen interval ends with the present step."""
        if self._every_n_train_steps >= 1:
            return trainer.global_step % self._every_n_train_steps == 0
        if self._train_time_interval is not None:
            waited = time.monotonic() - (self._last_time_checked or 0.0)
            is_due: bool = trainer.strategy.broadcast(waited >= self._train_time_interval.total_seconds())
            return is_due
        return self._every_n_epochs >= 1 and (trainer.current_epoch + 1) % self._every_n_epochs == 0

    def _monitor_candidates(self, trainer: Trainer) -> dict[str, Tensor]:
        """Returns the values for names, with the epoch counted from 1."""
        candidates = super()._monitor_candidates(trainer)
        return candidates | {"epoch": candidates["epoch"] + 1}

    def _save_checkpoint(self, trainer: Trainer, filepath: str) -> None:
        self.last_model_path = filepath
        self._last_time_checked = time.monotonic()
        write_checkpoint(trainer, build_checkpoint(trainer, "last", is_validated=self._is_validated), filepath)
        self._last_global_step_saved = trainer.global_step
        self._last_checkpoint_saved = filepath
        for callback in trainer.checkpoint_callbacks:
            if isinstance(callback, BestCheckpoint):
                callback.remove_obsolete(trainer)
        if self.verbose:
            announce(f"saved {filepath}: the last weights, step {trainer.global_step}")


def is_last_step(trainer: Trainer) -> bool:
    """Whether training ends with the present step: by a limit on epochs, steps or time, or by a callback."""
    loop = trainer.fit_loop
    if trainer.max_steps != -1 and trainer.global_step >= trainer.max_steps:
        return True
    if trainer.should_stop and loop._can_stop_early:
        return True
    is_epoch_complete = loop.epoch_loop._num_ready_batches_reached()
    limit = trainer.max_epochs
    return is_epoch_complete and limit not in (None, -1) and trainer.current_epoch + 1 >= limit


def is_validated_next(trainer: Trainer) -> bool:
    """Whether a validation follows the present training step."""
    loop = trainer.fit_loop
    assert loop._data_fetcher is not None
    return loop.epoch_loop._should_check_val_fx(loop._data_fetcher)
