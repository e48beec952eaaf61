"""The progress bar of a run in a terminal, with loss and monitored metric; refreshed at most four times per second."""

from __future__ import annotations

import time
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import RichProgressBar
from pytorch_lightning.callbacks.progress.rich_progress import RichProgressBarTheme
from rich.progress import TaskID

_DRAWS_PER_SECOND = 4


class ProgressBar(RichProgressBar):
    """Shows the batches of an epoch, the last training loss and the last value of the monitored metric.

    The loss is read only in steps in which the model logs it, so that the bar never waits for the device.
    The bar is closed at the end of training and of testing, before anything else is printed. Epochs count from 1.
    """

    def __init__(self) -> None:
        super().__init__(refresh_rate=_DRAWS_PER_SECOND, theme=RichProgressBarTheme(metrics_format=".4f"))
        self._next_draw = 0.0

    def get_metrics(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, float]:  # type: ignore[override]  # narrower
        """Returns the training loss and the monitored metric, if they have been logged."""
        metrics = trainer.callback_metrics
        names = ("loss", str(getattr(pl_module, "monitor", "loss")))
        return {name.removeprefix("validation/"): float(metrics[name]) for name in names if name in metrics}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Advances the bar, and updates the loss if the model has just logged it."""
        if self.is_disabled:
            return
        if self.train_progress_bar_id is None:  # a run resumed within an epoch
            self._initialize_train_progress_bar_id()
        is_last = trainer.is_last_batch
        if is_last or (batch_idx + 1) % max(trainer.log_every_n_steps, 1) == 0:  # type: ignore[attr-defined]  # set by a part of the trainer
            self._update_metrics(trainer, pl_module)
        self._update(self.train_progress_bar_id, batch_idx + 1, hard=is_last)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Closes the bar."""
        self._stop_progress()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Updates the monitored metric; closes the bar if the verb is `validate`."""
        super().on_validation_end(trainer, pl_module)
        if trainer.state.fn != "fit":
            self._complete(self.val_progress_bar_id)
            self._stop_progress()

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Closes the bar."""
        super().on_test_end(trainer, pl_module)
        self._complete(self.test_progress_bar_id)
        self._stop_progress()

    def _get_train_description(self, current_epoch: int) -> str:
        """Returns the label of the bar, with the epoch counted from 1 (Lightning counts from 0)."""
        last = "" if self.trainer.max_epochs in (None, -1) else f"/{self.trainer.max_epochs}"
        return f"Epoch {current_epoch + 1}{last}".ljust(len(self.validation_description))

    def _complete(self, progress_bar_id: TaskID | None) -> None:
        """Advances a bar to its end."""
        if self.progress is not None and progress_bar_id is not None:
            self.progress.update(progress_bar_id, completed=self.progress.tasks[progress_bar_id].total)

    def _update(self, progress_bar_id: TaskID | None, current: int, visible: bool = True, hard: bool = False) -> None:
        """Advances a bar, unless it was refreshed less than 0.25 s ago and `hard` is false."""
        now = time.monotonic()
        if self.progress is None or progress_bar_id is None or (now < self._next_draw and not hard):
            return
        self._next_draw = now + 1 / _DRAWS_PER_SECOND
        super()._update(progress_bar_id, current, visible)
