"""Stops training when a validation metric no longer improves, and restores the best weights."""

from __future__ import annotations

import math
import os
from typing import Any, Literal

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint, Timer
from pytorch_lightning.utilities.rank_zero import rank_zero_warn
from torch import Tensor

from callbacks.checkpointing.best_checkpoint import BestCheckpoint
from callbacks.checkpointing.last_checkpoint import LastCheckpoint
from contracts.console import announce
from contracts.errors import UsageError, join_names, suggest_name


class EarlyStopping(Callback):
    """Stops training after `patience` validations in a row without improvement.

    A non-finite value does not count as an improvement.

    Args:
        patience: Validations without improvement after which training stops, at least 1.
        warmup: Validations at the start that do not count towards `patience`; the best of them still counts as best.
        min_delta: Smallest gain on the best value that counts as an improvement, 0 or more.
        restore_best_weights: Whether training ends with the best weights instead of the last: those of the best
            checkpoint, or a copy in memory where no checkpoint is written. They are the last where only these are kept.
        monitor: The metric, such as `validation/macro_f1`; that of the model if null.
        mode: Whether the metric improves when it falls (`min`) or rises (`max`); that of the model if null.
    """

    reason: str
    """The reason why training ended; empty during training."""
    best: float | None
    best_epoch: int | None
    """Counted from 1."""
    restored_epoch: int | None
    """The epoch, counted from 1, whose weights training ended with in place of the last ones; None if the last stay."""
    validations: int
    waited: int
    _non_finite_in_a_row: int
    _weights: dict[str, Tensor] | None

    def __init__(
        self,
        patience: int = 10,
        warmup: int = 0,
        min_delta: float = 0.0,
        restore_best_weights: bool = True,
        monitor: str | None = None,
        mode: Literal["min", "max"] | None = None,
    ) -> None:
        if patience < 1:
            raise UsageError(f"patience is a number of validations and must be at least 1, got {patience}")
        if warmup < 0:
            raise UsageError(f"warmup is a number of validations and must be 0 or more, got {warmup}")
        if not 0 <= min_delta < math.inf:
            raise UsageError(
                f"min_delta is the smallest gain that counts as an improvement and must be 0 or more, got {min_delta}"
            )
        if mode not in (None, "min", "max"):
            raise UsageError(f"mode must be min or max, got {mode}")
        self.patience = patience
        self.warmup = warmup
        self.min_delta = min_delta
        self.restore_best_weights = restore_best_weights
        self.monitor = monitor
        self.mode = mode
        self._reset()
        self._monitor = ""  # metric and mode are set in `setup`
        self._mode = ""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Determines metric and mode before training.

        Raises:
            UsageError: The model logs no such metric, or the mode of another metric than the model's is missing.
        """
        if stage != "fit":
            return
        model_monitor = getattr(pl_module, "monitor", None)
        monitor = self.monitor or model_monitor
        if monitor is None:
            raise UsageError("EarlyStopping has no metric to monitor: set its monitor, such as validation/macro_f1")
        mode = self.mode or (getattr(pl_module, "monitor_mode", None) if monitor == model_monitor else None)
        if mode is None:
            raise UsageError(f'EarlyStopping monitors "{monitor}" and needs a mode: set it to min or max')
        self._monitor, self._mode = monitor, mode
        self._reset()
        self._check_metric_name(pl_module)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Checks the metric name again: a new model has its metrics only after the data are set up."""
        self._check_metric_name(pl_module)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops a resumed run immediately if `patience` was exhausted before it was interrupted."""
        self.reason = self._describe_stall() if self.waited >= self.patience else ""
        trainer.should_stop = trainer.should_stop or bool(self.reason)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Updates the counts by one validation, and stops training if `patience` is exhausted.

        Raises:
            UsageError: The metric has not been logged.
        """
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        monitor = self._monitor
        logged = trainer.callback_metrics
        if monitor not in logged:
            raise UsageError(
                f'EarlyStopping found no "{monitor}" after validation.{suggest_name(monitor, logged)} '
                f"There are: {join_names(sorted(logged), max_names=20)}"
            )
        self._update(float(logged[monitor]), trainer, pl_module)

        is_stalled = self.waited >= self.patience
        if is_stalled and not self.reason:  # keeps the first reason: training may continue until `min_epochs`
            self.reason = self._describe_stall()
        if trainer.strategy.reduce_boolean_decision(is_stalled, all=False):
            trainer.should_stop = True

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restores the best weights, after the last checkpoint is written, and prints why training stopped."""
        has_stopped = bool(self.reason)
        if not has_stopped:
            self.reason = f"training reached its limit ({describe_limit(trainer)})"
        epoch = (
            self._restore_weights(trainer, pl_module) if self.restore_best_weights and self.best is not None else None
        )
        self.restored_epoch = epoch
        if has_stopped:
            weights = "" if epoch is None else f"; the weights of epoch {epoch} are restored"
            announce(f"Stopped early: {self.reason}{weights}")

    def state_dict(self) -> dict[str, Any]:
        """Returns the counts, and the best weights if no checkpoint callback saves them."""
        state = {name: getattr(self, name) for name in _STATE}
        return state if self._weights is None else state | {"weights": self._weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the state saved by `state_dict`; the constructor arguments are kept."""
        for name in _STATE:
            setattr(self, name, state_dict[name])
        self._weights = state_dict.get("weights")

    def _reset(self) -> None:
        self.reason = ""
        self.best = None
        self.best_epoch = None
        self.restored_epoch = None
        self.validations = 0
        self.waited = 0
        self._non_finite_in_a_row = 0
        self._weights = None

    def _check_metric_name(self, pl_module: LightningModule) -> None:
        """Raises `UsageError` if the model does not log the monitored metric."""
        monitor = self._monitor
        names = getattr(pl_module, "metric_names", None)
        if names is not None and monitor not in names:
            raise UsageError(
                f'EarlyStopping cannot monitor "{monitor}": the model does not log it.{suggest_name(monitor, names)} '
                f"It logs: {join_names(sorted(names), max_names=20)}"
            )

    def _update(self, value: float, trainer: Trainer, pl_module: LightningModule) -> None:
        """Updates the best value, its weights and the counts by the value of one validation."""
        self.validations += 1
        self._non_finite_in_a_row = 0 if math.isfinite(value) else self._non_finite_in_a_row + 1
        if self._improves(value):
            self.best, self.best_epoch, self.waited = value, trainer.current_epoch + 1, 0
            if (
                self.restore_best_weights
                and self._find_checkpoint_callback(trainer) is None
                and not _keeps_last(trainer)
            ):
                self._weights = {
                    name: tensor.detach().to("cpu", copy=True) for name, tensor in pl_module.state_dict().items()
                }
        elif self.validations > self.warmup:
            self.waited += 1

    def _improves(self, value: float) -> bool:
        """Whether a value is finite and better than the best one by more than `min_delta`."""
        if not math.isfinite(value):
            return False
        if self.best is None:
            return True
        gain = value - self.best if self._mode == "max" else self.best - value
        return gain > self.min_delta

    def _describe_stall(self) -> str:
        """Formats the reason for early stopping: no improvement, or no finite value, for `patience` validations."""
        duration = f"{self.patience} validation{'s' if self.patience > 1 else ''}"
        if self.best is None or self._non_finite_in_a_row >= self.patience:
            return f"{self._monitor} has not been finite for {duration}"
        direction = "risen above" if self._mode == "max" else "fallen below"
        margin = f" by more than {self.min_delta:g}" if self.min_delta else ""
        best = f"{self.best:.4f} (epoch {self.best_epoch})"
        return f"{self._monitor} has not {direction} {best}{margin} for {duration}"

    def _find_checkpoint_callback(self, trainer: Trainer) -> ModelCheckpoint | None:
        """Returns the checkpoint callback that saves the best weights; None if there is none.

        It is that of the run, whose weights are measured, also if they are chosen by another metric; or one with the
        same metric.
        """
        for callback in trainer.checkpoint_callbacks:
            if not isinstance(callback, ModelCheckpoint) or callback.save_top_k == 0:
                continue
            if isinstance(callback, BestCheckpoint):
                return callback
            if (callback.monitor, callback.mode) == (self._monitor, self._mode):
                return callback
        return None

    def _restore_weights(self, trainer: Trainer, pl_module: LightningModule) -> int | None:
        """Restores the best weights and returns their epoch, counted from 1; None if there are none."""
        callback = self._find_checkpoint_callback(trainer)
        if callback is not None and callback.best_model_path:
            if not os.path.exists(callback.best_model_path):
                rank_zero_warn(f"the best checkpoint is gone, so the last weights stay: {callback.best_model_path}")
                return None
            checkpoint = torch.load(callback.best_model_path, weights_only=True, map_location="cpu")
            pl_module.load_state_dict(checkpoint["state_dict"])
            return checkpoint["epoch"] + 1
        if self._weights is not None and not _keeps_last(trainer):
            pl_module.load_state_dict(self._weights)
            return self.best_epoch
        return None


def describe_limit(trainer: Trainer) -> str:
    """Returns the limit that training has reached, such as `max_epochs=10`."""
    if trainer.max_steps != -1 and trainer.global_step >= trainer.max_steps:
        return f"max_steps={trainer.max_steps}"
    if trainer.max_epochs not in (None, -1) and trainer.current_epoch >= trainer.max_epochs:
        return f"max_epochs={trainer.max_epochs}"
    timers = [callback for callback in trainer.callbacks if isinstance(callback, Timer)]  # type: ignore[attr-defined]  # Lightning's trainer has them
    if any((timer.time_remaining() or 1) <= 0 for timer in timers):
        return "max_time"
    return "another callback"


def _keeps_last(trainer: Trainer) -> bool:
    """Whether a run keeps its last weights, which are then those that it ends with unless it keeps the best too."""
    return any(isinstance(one, LastCheckpoint) and one.save_top_k != 0 for one in trainer.checkpoint_callbacks)


_STATE = ("best", "best_epoch", "validations", "waited", "_non_finite_in_a_row")
