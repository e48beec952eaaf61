"""Prints one line per epoch: losses, monitored metric, best value so far, duration and speed."""

from __future__ import annotations

import math
import time
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from callbacks.reporting.numbers import format_metric
from contracts.console import announce

_HEADER_INTERVAL = 25  # lines after which the column names are repeated


class EpochLog(Callback):
    """Prints a table with one line per epoch, and one per validation in the middle of an epoch.

    Epochs count from 1. The training loss is the mean over the steps of the epoch in all processes. The speed counts
    the training texts of all and leaves out validation. Losses are kept on the device until a line is printed.
    """

    best: float | None = None
    best_epoch: int | None = None
    _loss_sum: Tensor | float
    _validation_seconds: float

    def __init__(self) -> None:
        self._lines = 0
        self._saved_sums: dict[str, Any] | None = None
        self._start_epoch()

    def state_dict(self) -> dict[str, Any]:
        """Returns the best value so far and its epoch."""
        return {"best": self.best, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the state saved by `state_dict`."""
        self.best, self.best_epoch = state_dict["best"], state_dict["best_epoch"]

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Saves the sums of the epoch, averaged over all ranks, so that a resumed epoch prints those of the whole."""
        checkpoint["epoch_sums"] = {
            "loss": self._average_loss_sum(trainer),
            "steps": self._steps,
            "texts": self._texts,
            "seconds": time.perf_counter() - self._epoch_start,
            "validation_seconds": self._validation_seconds,
            "is_over": self._steps >= trainer.num_training_batches and (self._is_validated or self._is_printed),
        }

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Keeps the sums of the epoch until it is known whether the epoch continues."""
        self._saved_sums = checkpoint.get("epoch_sums")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prints the column names before the next line; restores the sums if training continues within an epoch."""
        self._lines = 0
        sums, self._saved_sums = self._saved_sums, None
        if sums is not None and not sums["is_over"] and trainer.fit_loop.restarted_mid_epoch:
            self._start_epoch()
            self._loss_sum, self._steps, self._texts = float(sums["loss"]), int(sums["steps"]), int(sums["texts"])
            self._validation_seconds = float(sums["validation_seconds"])
            self._epoch_start -= float(sums["seconds"])

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Resets the sums and the timer."""
        self._start_epoch()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Adds the loss and the number of texts of a batch to the sums, without synchronizing with the device."""
        self._texts += len(batch.index)
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if isinstance(loss, Tensor):
            self._loss_sum = loss.detach() + self._loss_sum
            self._steps += 1

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the timer of validation, which is excluded from the training speed."""
        self._validation_start = time.perf_counter()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Updates the best value; prints a line if the epoch continues."""
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        self._validation_seconds += time.perf_counter() - self._validation_start
        value = _get_metric(trainer, str(pl_module.monitor))
        if value is not None and self._improves(value, pl_module.monitor_mode):
            self.best, self.best_epoch = value, trainer.current_epoch + 1
        self._is_validated = True
        if not trainer.is_last_batch:
            done = trainer.fit_loop.epoch_loop.batch_progress.current.ready / trainer.num_training_batches
            self._print_line(trainer, pl_module, f" {done:.0%}" if done else "")

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prints the line of the epoch, unless it was completed, and so printed, before the run was resumed."""
        if self._steps:
            self._print_line(trainer, pl_module)
        self._is_printed = True

    def _start_epoch(self) -> None:
        self._texts = 0
        self._steps = 0
        self._loss_sum = 0.0
        self._is_validated = False
        self._is_printed = False
        self._validation_seconds = 0.0
        self._validation_start = self._epoch_start = time.perf_counter()

    def _improves(self, value: float, mode: Any) -> bool:
        """Whether a value is finite and better than the best one."""
        if not math.isfinite(value):
            return False
        return self.best is None or (value < self.best if mode == "min" else value > self.best)

    def _compute_train_loss(self, trainer: Trainer) -> float | None:
        """Computes the mean loss over the steps of the epoch and all ranks; None if there was no step."""
        if not self._steps:
            return None
        return trainer.accumulate_grad_batches * self._average_loss_sum(trainer) / self._steps

    def _average_loss_sum(self, trainer: Trainer) -> float:
        """Averages the sum of the losses over all ranks."""
        loss_sum = torch.as_tensor(self._loss_sum, device=trainer.strategy.root_device)
        return float(trainer.strategy.reduce(loss_sum, reduce_op="mean") if trainer.world_size > 1 else loss_sum)

    def _print_line(self, trainer: Trainer, pl_module: LightningModule, progress: str = "") -> None:
        """Prints a line of the table on rank 0, with the column names before every 25th."""
        train_loss = self._compute_train_loss(trainer)  # with all ranks
        if not trainer.is_global_zero:
            return
        seconds = time.perf_counter() - self._epoch_start
        train_seconds = max(seconds - self._validation_seconds, 1e-9)
        num_epochs = estimate_num_epochs(trainer)
        total = "" if num_epochs is None else f"/{num_epochs}"
        cells = {
            "epoch": f"{trainer.current_epoch + 1}{total}{progress}".rjust(2 * len(total) - 1),
            "train/loss": format_metric(train_loss),
        }
        for name in dict.fromkeys(("validation/loss", str(pl_module.monitor))):
            column = name if name == "validation/loss" else name.removeprefix("validation/")
            cells[column] = format_metric(_get_metric(trainer, name) if self._is_validated else None)
        cells |= {
            "best (epoch)": "–" if self.best is None else f"{format_metric(self.best)} ({self.best_epoch})",
            "seconds": f"{seconds:.1f}",
            "texts/s": f"{trainer.world_size * self._texts / train_seconds:,.0f}",
        }
        if self._lines % _HEADER_INTERVAL == 0:
            announce(_align({column: column for column in cells}))
        self._lines += 1
        announce(_align(cells))


def estimate_num_epochs(trainer: Trainer) -> int | None:
    """Returns the number of epochs until the limit on epochs or steps; None if there is neither."""
    limits: list[int] = []
    if trainer.max_epochs not in (None, -1):
        limits.append(trainer.max_epochs)
    if trainer.max_steps != -1 and math.isfinite(trainer.num_training_batches):
        steps_per_epoch = math.ceil(trainer.num_training_batches / trainer.accumulate_grad_batches)
        limits.append(math.ceil(trainer.max_steps / max(steps_per_epoch, 1)))
    return min(limits, default=None)


def _get_metric(trainer: Trainer, name: str) -> float | None:
    value = trainer.callback_metrics.get(name)
    return None if value is None else float(value)


def _align(cells: dict[str, str]) -> str:
    """Joins the cells of a line, each right-aligned to the width of its column's name."""
    return "  ".join(text.rjust(max(len(column), _MIN_WIDTHS.get(column, 8))) for column, text in cells.items())


_MIN_WIDTHS = {"seconds": 7, "texts/s": 7}
