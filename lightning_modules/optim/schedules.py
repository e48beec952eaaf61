"""Learning-rate schedules as functions of training progress: warm-up, then linear or cosine decay.

Warm-up then linear decay: Devlin et al., "BERT" (2018). Cosine: Loshchilov and Hutter, "SGDR" (2016), without restarts.
Any scheduler of torch can be used as well; these need no number of steps in a config.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from contracts.errors import UsageError

ScheduleFactory = Callable[[Optimizer], LRScheduler | ReduceLROnPlateau]
"""Builds a scheduler, of torch or of this module, for an optimizer."""


def warmup_linear(progress: float, warmup_ratio: float, min_lr_ratio: float) -> float:
    """Returns the multiplier of linear warm-up from 0 to 1 and linear decay to `min_lr_ratio`.

    >>> [warmup_linear(progress, warmup_ratio=0.2, min_lr_ratio=0.0) for progress in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if progress < warmup_ratio:
        return progress / warmup_ratio
    return min_lr_ratio + (1 - min_lr_ratio) * (1 - _decay_progress(progress, warmup_ratio))


def warmup_cosine(progress: float, warmup_ratio: float, min_lr_ratio: float) -> float:
    """Returns the multiplier of linear warm-up from 0 to 1 and decay along half a cosine to `min_lr_ratio`.

    >>> [round(warmup_cosine(progress, warmup_ratio=0.2, min_lr_ratio=0.5), 3) for progress in (0.1, 0.2, 0.6, 1.0)]
    [0.5, 1.0, 0.75, 0.5]
    """
    if progress < warmup_ratio:
        return progress / warmup_ratio
    decay = (1 + math.cos(math.pi * _decay_progress(progress, warmup_ratio))) / 2
    return min_lr_ratio + (1 - min_lr_ratio) * decay


class ProgressSchedule(LRScheduler, ABC):
    """Multiplies each group's learning rate by a function of the fraction of training that is done, in each step.

    `total_steps` is None at first; the LightningModule sets it, and the learning rates are updated immediately.
    """

    def __init__(self, optimizer: Optimizer, /, warmup_ratio: float, min_lr_ratio: float) -> None:
        if not 0 <= warmup_ratio < 1:
            raise UsageError(f"warmup_ratio is a fraction of training and must be in [0, 1), got {warmup_ratio}")
        if not 0 <= min_lr_ratio <= 1:
            raise UsageError(
                f"min_lr_ratio is the final fraction of the learning rate and must be in [0, 1], got {min_lr_ratio}"
            )
        self.warmup_ratio = warmup_ratio
        self.min_lr_ratio = min_lr_ratio
        self._total_steps: int | None = None
        super().__init__(optimizer)

    @abstractmethod
    def compute_multiplier(self, progress: float) -> float:
        """Returns the factor of each group's learning rate at a `progress` in [0, 1]."""

    @property
    def total_steps(self) -> int | None:
        """Total number of optimizer steps of the training."""
        return self._total_steps

    @total_steps.setter
    def total_steps(self, total_steps: int) -> None:
        if not 1 <= total_steps < math.inf:
            raise UsageError(
                f"{type(self).__name__} must know how long training is, got {total_steps} steps: "
                "set --trainer.max_epochs or --trainer.max_steps"
            )
        self._total_steps = int(total_steps)
        self._update_learning_rates()

    @property
    def progress(self) -> float:
        """The fraction of training that is done; in warm-up the next step counts as done, so none has the rate 0."""
        if self._total_steps is None:
            return 0.0
        done = self.last_epoch / self._total_steps
        if done < self.warmup_ratio:
            done = min((self.last_epoch + 1) / self._total_steps, self.warmup_ratio)
        return min(done, 1.0)

    def get_lr(self) -> list[float | Tensor]:
        """Computes each group's learning rate for the next step."""
        if self._total_steps is None and self.last_epoch > 0:
            raise RuntimeError(f"set {type(self).__name__}.total_steps before the second step")
        multiplier = self.compute_multiplier(self.progress)
        return [base * multiplier for base in self.base_lrs]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the state; `total_steps` is kept if it is set already, so that a resumed run can be longer."""
        total_steps = self._total_steps
        super().load_state_dict(state_dict)
        if total_steps is not None:
            self._total_steps = total_steps
        if self._total_steps is not None:
            self._update_learning_rates()

    def _update_learning_rates(self) -> None:
        """Sets the learning rate of each group for the next step."""
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(lr)
            else:
                group["lr"] = lr
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]


class WarmupLinear(ProgressSchedule):
    """Linear warm-up, then linear decay.

    Args:
        optimizer: The optimizer to schedule.
        warmup_ratio: Fraction of training steps used for warm-up, in [0, 1).
        min_lr_ratio: Final learning rate as a fraction of the initial one, in [0, 1].
    """

    def __init__(self, optimizer: Optimizer, /, warmup_ratio: float = 0.06, min_lr_ratio: float = 0.0) -> None:
        super().__init__(optimizer, warmup_ratio, min_lr_ratio)

    def compute_multiplier(self, progress: float) -> float:
        """Returns `warmup_linear` of the progress."""
        return warmup_linear(progress, self.warmup_ratio, self.min_lr_ratio)


class WarmupCosine(ProgressSchedule):
    """Linear warm-up, then cosine decay.

    Args:
        optimizer: The optimizer to schedule.
        warmup_ratio: Fraction of training steps used for warm-up, in [0, 1).
        min_lr_ratio: Final learning rate as a fraction of the initial one, in [0, 1].
    """

    def __init__(self, optimizer: Optimizer, /, warmup_ratio: float = 0.06, min_lr_ratio: float = 0.0) -> None:
        super().__init__(optimizer, warmup_ratio, min_lr_ratio)

    def compute_multiplier(self, progress: float) -> float:
        """Returns `warmup_cosine` of the progress."""
        return warmup_cosine(progress, self.warmup_ratio, self.min_lr_ratio)


def _decay_progress(progress: float, warmup_ratio: float) -> float:
    """The fraction of the decay that is done, in [0, 1]."""
    return (progress - warmup_ratio) / (1 - warmup_ratio)
