"""Writes `config.yaml` of a run once training has started, so that a refused start does not change a resumed run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.cli import SaveConfigCallback


class RunConfig(SaveConfigCallback):
    """Saves the config after the first training step; that of `validate` and `test` at their start.

    Lightning's own callback saves it before the checkpoint is loaded: a run that is resumed with options that do not
    fit its checkpoint would keep them in `config.yaml`, and could not be resumed again.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Saves the config of a verb that does not train; also before the test of a run whose training was complete."""
        if stage != "fit":
            self._save(trainer, pl_module, stage)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any, **kwargs: Any) -> None:
        """Saves the config, if it has not been saved."""
        self._save(trainer, pl_module, "fit")

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the config of a run in which no training step was left."""
        self._save(trainer, pl_module, "fit")

    def _save(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Saves the config beside its file and renames it: whoever reads the file finds all of it."""
        if self.already_saved:
            return
        folder, name = trainer.log_dir, self.config_filename
        part = Path(str(folder), f".{name}.{os.getpid()}")
        self.config_filename = part.name
        try:
            super().setup(trainer, pl_module, stage)
            if trainer.is_global_zero:
                part.replace(part.with_name(name))
        finally:
            self.config_filename = name
            part.unlink(missing_ok=True)
