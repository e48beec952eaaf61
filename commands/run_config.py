"""Writes `config.yaml` of a run once training has started, so that a refused start does not change a resumed run."""

from __future__ import annotations

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
            super().setup(trainer, pl_module, stage)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any, **kwargs: Any) -> None:
        """Saves the config, if it has not been saved."""
        super().setup(trainer, pl_module, "fit")

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the config of a run in which no training step was left."""
        super().setup(trainer, pl_module, "fit")
