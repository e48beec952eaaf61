"""Keeps the best checkpoints of a run, by the monitored metric."""

from __future__ import annotations

from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from callbacks.checkpointing.checkpoint_file import build_checkpoint, find_checkpoint_folder, write_checkpoint
from callbacks.checkpointing.file_names import check_placeholders, check_template, format_checkpoint_path, make_unique
from contracts.console import announce
from contracts.errors import UsageError

_REFUSED = {
    "dirpath": "checkpoints lie in the run folder: choose it with --trainer.default_root_dir, --name and --version",
    "save_last": "last.ckpt is written by --last_checkpoint, whose options say when",
    "save_on_exception": "it would replace the best weights by those of the failure; the last ones are in last.ckpt",
    "every_n_train_steps": "the best weights are chosen after a validation: validate more often with "
    "--trainer.val_check_interval, or save the last weights with --last_checkpoint.every_n_train_steps",
    "train_time_interval": "the best weights are chosen after a validation: validate more often with "
    "--trainer.val_check_interval, or save the last weights with --last_checkpoint.train_time_interval",
    "save_on_train_epoch_end": "the best weights are chosen right after a validation",
}
"""Options of Lightning that contradict what this project promises of its checkpoints, and what there is instead."""


class BestCheckpoint(ModelCheckpoint):
    """Keeps the best checkpoints by the monitored metric, each with the record of its validation.

    It works as Lightning's `ModelCheckpoint`, except that epochs in file names count from 1, that a metric's name
    makes no folder, and that several kept checkpoints always have different names.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for option, reason in _REFUSED.items():
            if kwargs.get(option):
                raise UsageError(f"--checkpoint.{option} is not supported: {reason}")
        check_template(self.filename, "--checkpoint.filename")
        self.filename = make_unique(self.filename, self.save_top_k)
        self._save_on_train_epoch_end = False
        self._obsolete: list[str] = []

    @property
    def state_key(self) -> str:
        """The key of its state: a run may be resumed with other intervals."""
        return self._generate_state_key(monitor=self.monitor, mode=self.mode)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Finds the folder, and checks the placeholders of the name."""
        self.dirpath = find_checkpoint_folder(trainer)
        super().setup(trainer, pl_module, stage)
        check_placeholders(self.filename, getattr(pl_module, "metric_names", ()), "--checkpoint.filename")

    def format_checkpoint_name(
        self, metrics: dict[str, Tensor], filename: str | None = None, ver: int | None = None, prefix: str | None = None
    ) -> str:
        """Returns the path of a checkpoint."""
        return format_checkpoint_path(self, metrics, filename or self.filename, ver, prefix)

    def remove_obsolete(self, trainer: Trainer) -> None:
        """Removes files that are no longer among the best, once the last checkpoint knows those that replaced them."""
        for path in self._obsolete:
            if path not in self.best_k_models:
                trainer.strategy.remove_checkpoint(path)
        self._obsolete = []

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Removes files that are no longer among the best."""
        self.remove_obsolete(trainer)

    def _remove_checkpoint(self, trainer: Trainer, filepath: str) -> None:
        self._obsolete.append(filepath)

    def _monitor_candidates(self, trainer: Trainer) -> dict[str, Tensor]:
        """Returns the values for names, with the epoch counted from 1."""
        candidates = super()._monitor_candidates(trainer)
        return candidates | {"epoch": candidates["epoch"] + 1}

    def _save_checkpoint(self, trainer: Trainer, filepath: str) -> None:
        write_checkpoint(
            trainer, build_checkpoint(trainer, "best", self.save_weights_only, is_validated=True), filepath
        )
        self._last_global_step_saved = trainer.global_step
        self._last_checkpoint_saved = filepath
        if self.verbose:
            announce(f"saved {filepath}: {self.monitor} {float(self.current_score):.4f}")  # type: ignore[arg-type]  # set before
