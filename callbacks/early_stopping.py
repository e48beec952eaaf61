"""Stops training once validation has stopped improving, says why, and puts the best weights back."""

from __future__ import annotations

import math
import os
from typing import Any, Literal

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.utilities.rank_zero import rank_zero_warn
from torch import Tensor

from contracts.console import announce
from contracts.errors import UsageError, join_names, suggest_name


class EarlyStopping(Callback):
    """Counts validations without improvement and ends training after `patience` of them in a row.

    A value that is not finite is no improvement.

    Args:
        patience: Validations without improvement after which training ends, at least 1.
        warmup: Validations at the start that are not counted as waiting, though the best of them is remembered.
        min_delta: How much the metric must gain on the best so far to count as an improvement, 0 or more.
        restore_best_weights: Whether training ends with the best weights rather than the last: those of the checkpoint
            callback that watches the same metric, or else a copy kept in memory.
        monitor: The metric to watch, such as `validation/macro_f1`; the model's own choice where null.
        mode: Whether the metric improves as it falls (`min`) or rises (`max`); the model's own choice where null.
    """

    reason: str
    """Why training ended; empty until then."""
    best: float | None
    best_epoch: int | None
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
            raise UsageError(f"min_delta is a gain of the metric and must be 0 or more, got {min_delta}")
        if mode not in (None, "min", "max"):
            raise UsageError(f"mode must be min or max, got {mode}")
        self.patience = patience
        self.warmup = warmup
        self.min_delta = min_delta
        self.restore_best_weights = restore_best_weights
        self.monitor = monitor
        self.mode = mode
        self._begin()
        self._watched: tuple[str, str] = ("", "")  # metric and mode, settled in `setup`

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Settles the metric, before anything is trained.

        Raises:
            UsageError: The model logs no such metric, or it is not said whether it improves by rising.
        """
        if stage != "fit":
            return
        own_choice = getattr(pl_module, "monitor", None)
        monitor = self.monitor or own_choice
        if monitor is None:
            raise UsageError("EarlyStopping has no metric to watch: set its monitor, such as validation/macro_f1")
        mode = self.mode or (getattr(pl_module, "monitor_mode", None) if monitor == own_choice else None)
        if mode is None:
            raise UsageError(
                f'EarlyStopping watches "{monitor}" and must know what improves it: set its mode to min or max'
            )
        self._watched = monitor, mode
        self._begin()
        self._check_name(pl_module)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Looks again: a model that is new to its data knows only now what it logs."""
        self._check_name(pl_module)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends a run at once that was cut after it had been told to stop."""
        self.reason = self._stalled() if self.waited >= self.patience else ""
        trainer.should_stop = trainer.should_stop or bool(self.reason)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Counts one validation.

        Raises:
            UsageError: The metric has not been logged.
        """
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        monitor = self._watched[0]
        logged = trainer.callback_metrics
        if monitor not in logged:
            raise UsageError(
                f'EarlyStopping found no "{monitor}" after validation.{suggest_name(monitor, logged)} '
                f"There are: {join_names(sorted(logged), max_names=20)}"
            )
        self._count(float(logged[monitor]), trainer, pl_module)

        stalled = self.waited >= self.patience
        if stalled and not self.reason:  # kept from then on: training may still have `min_epochs` to reach
            self.reason = self._stalled()
        if trainer.strategy.reduce_boolean_decision(stalled, all=False):
            trainer.should_stop = True

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restores the best weights and says why training ended; by now every checkpoint has been written."""
        stopped = bool(self.reason)
        if not stopped:
            self.reason = f"training reached its limit ({_limit(trainer)})"
        restored = self._restore(trainer, pl_module) if self.restore_best_weights and self.best is not None else None
        if stopped:
            ending = "" if restored is None else f"; the weights of epoch {restored} are restored"
            announce(f"Stopped early: {self.reason}{ending}")

    def state_dict(self) -> dict[str, Any]:
        """Plain values, and the best weights where no checkpoint callback keeps them."""
        state = {name: getattr(self, name) for name in _STATE}
        return state if self._weights is None else state | {"weights": self._weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on counting where a run was cut; patience and the like are taken from the constructor."""
        for name in _STATE:
            setattr(self, name, state_dict[name])
        self._weights = state_dict.get("weights")

    def _begin(self) -> None:
        self.reason = ""
        self.best = None
        self.best_epoch = None
        self.validations = 0
        self.waited = 0
        self._non_finite_in_a_row = 0
        self._weights = None

    def _check_name(self, pl_module: LightningModule) -> None:
        monitor = self._watched[0]
        names = getattr(pl_module, "metric_names", None)
        if names is not None and monitor not in names:
            raise UsageError(
                f'EarlyStopping cannot watch "{monitor}": the model does not log it.{suggest_name(monitor, names)} '
                f"It logs: {join_names(sorted(names), max_names=20)}"
            )

    def _count(self, value: float, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validations += 1
        self._non_finite_in_a_row = 0 if math.isfinite(value) else self._non_finite_in_a_row + 1
        if self._improves(value):
            self.best, self.best_epoch, self.waited = value, trainer.current_epoch + 1, 0
            if self.restore_best_weights and self._checkpoints(trainer) is None:
                self._weights = {
                    name: tensor.detach().to("cpu", copy=True) for name, tensor in pl_module.state_dict().items()
                }
        elif self.validations > self.warmup:
            self.waited += 1

    def _improves(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        if self.best is None:
            return True
        gain = value - self.best if self._watched[1] == "max" else self.best - value
        return gain > self.min_delta

    def _stalled(self) -> str:
        monitor, mode = self._watched
        times = f"{self.patience} validation{'s' if self.patience > 1 else ''}"
        if self.best is None or self._non_finite_in_a_row >= self.patience:
            return f"{monitor} has not been finite for {times}"
        moved = "risen above" if mode == "max" else "fallen below"
        by = f" by more than {self.min_delta:g}" if self.min_delta else ""
        return f"{monitor} has not {moved} {self.best:.4f} (epoch {self.best_epoch}){by} for {times}"

    def _checkpoints(self, trainer: Trainer) -> ModelCheckpoint | None:
        """The checkpoint callback that keeps the best weights by the same metric."""
        for callback in trainer.checkpoint_callbacks:
            if (
                isinstance(callback, ModelCheckpoint)
                and (callback.monitor, callback.mode) == self._watched
                and callback.save_top_k != 0
            ):
                return callback
        return None

    def _restore(self, trainer: Trainer, pl_module: LightningModule) -> int | None:
        """Puts the best weights back and gives their epoch; None where there are none."""
        checkpoints = self._checkpoints(trainer)
        if checkpoints is not None and checkpoints.best_model_path:
            if not os.path.exists(checkpoints.best_model_path):
                rank_zero_warn(f"the best checkpoint is gone, so the last weights stay: {checkpoints.best_model_path}")
                return None
            checkpoint = torch.load(checkpoints.best_model_path, weights_only=True, map_location="cpu")
            pl_module.load_state_dict(checkpoint["state_dict"])
            return checkpoint["epoch"] + 1
        if self._weights is not None:
            pl_module.load_state_dict(self._weights)
            return self.best_epoch
        return None


def _limit(trainer: Trainer) -> str:
    if trainer.max_steps != -1 and trainer.global_step >= trainer.max_steps:
        return f"max_steps={trainer.max_steps}"
    if trainer.max_epochs not in (None, -1) and trainer.current_epoch >= trainer.max_epochs:
        return f"max_epochs={trainer.max_epochs}"
    return "time, or something else that stops it"


_STATE = ("best", "best_epoch", "validations", "waited", "_non_finite_in_a_row")
