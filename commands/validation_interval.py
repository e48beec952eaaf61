"""Checks the interval of validation against the number of batches of an epoch."""

from __future__ import annotations

from pytorch_lightning import Trainer

from contracts.errors import UsageError
from datamodules.text_datamodule import TextDataModule


def check_validation_interval(trainer: Trainer, data: TextDataModule) -> None:
    """Raises an error if the training split has fewer batches than `--trainer.val_check_interval`."""
    interval = trainer.val_check_interval
    if not isinstance(interval, int) or trainer.check_val_every_n_epoch is None:
        return
    batches = len(data.sampler(data.build_sampling_context(world_size=trainer.world_size)))
    if interval > batches:
        raise UsageError(
            f"--trainer.val_check_interval {interval} is beyond the {batches} batches of an epoch; give less, "
            "a fraction such as 0.5, or --trainer.check_val_every_n_epoch null to count over all epochs"
        )
