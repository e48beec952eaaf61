"""Learning rates as functions of progress: a share of training to warm up, then a fall to a share of the rate.

Warm-up then linear decay: Devlin et al., "BERT" (2018). Cosine: Loshchilov and Hutter, "SGDR" (2016), without restarts.
Any scheduler of torch serves as well; these need no number of steps in a config.
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
"""What a config names: any scheduler of torch, or one of ours."""


def warmup_linear(progress: float, warmup_ratio: float, min_lr_ratio: float) -> float:
    """Rises from 0 to 1 over the share `warmup` of training, then falls in a straight line to `final`.

    >>> [warmup_linear(progress, warmup_ratio=0.2, min_lr_ratio=0.0) for progress in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if progress < warmup_ratio:
        return progress / warmup_ratio
    return min_lr_ratio + (1 - min_lr_ratio) * (1 - _fallen(progress, warmup_ratio))


def warmup_cosine(progress: float, warmup_ratio: float, min_lr_ratio: float) -> float:
    """Rises from 0 to 1 over the share `warmup` of training, then falls along half a cosine to `final`.

    >>> [round(warmup_cosine(progress, warmup_ratio=0.2, min_lr_ratio=0.5), 3) for progress in (0.1, 0.2, 0.6, 1.0)]
    [0.5, 1.0, 0.75, 0.5]
    """
    if progress < warmup_ratio:
        return progress / warmup_ratio
    return min_lr_ratio + (1 - min_lr_ratio) * (1 + math.cos(math.pi * _fallen(progress, warmup_ratio))) / 2


class ProgressSchedule(LRScheduler, ABC):
    """Multiplies each group's rate by a function of the share of training that is done, one step at a time.

    `total_steps` is None at first; who knows the length of training sets it, and the rates follow at once.
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
        """The share of each group's rate to learn at, `progress` running from 0 to 1."""

    @property
    def total_steps(self) -> int | None:
        """Optimizer steps in all of training."""
        return self._total_steps

    @total_steps.setter
    def total_steps(self, total_steps: int) -> None:
        if not 1 <= total_steps < math.inf:
            raise UsageError(
                f"{type(self).__name__} must know how long training is, got {total_steps} steps: "
                "set --trainer.max_epochs or --trainer.max_steps"
            )
        self._total_steps = int(total_steps)
        self._apply()

    @property
    def progress(self) -> float:
        """The share of training that is done; in warm-up the step about to be made counts, so none is at rate 0."""
        if self._total_steps is None:
            return 0.0
        done = self.last_epoch / self._total_steps
        if done < self.warmup_ratio:
            done = min((self.last_epoch + 1) / self._total_steps, self.warmup_ratio)
        return min(done, 1.0)

    def get_lr(self) -> list[float | Tensor]:
        """Each group's rate for the step about to be made."""
        if self._total_steps is None and self.last_epoch > 0:
            raise RuntimeError(f"set {type(self).__name__}.total_steps before the second step")
        multiplier = self.compute_multiplier(self.progress)
        return [base * multiplier for base in self.base_lrs]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on where a run was cut; a length of training that is set already is kept, so that it may be changed."""
        total_steps = self._total_steps
        super().load_state_dict(state_dict)
        if total_steps is not None:
            self._total_steps = total_steps
        if self._total_steps is not None:
            self._apply()

    def _apply(self) -> None:
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(lr)
            else:
                group["lr"] = lr
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]


class WarmupLinear(ProgressSchedule):
    """Warms up, then falls in a straight line.

    Args:
        optimizer: Whose rates to steer.
        warmup_ratio: The share of training over which the rate rises, in [0, 1).
        min_lr_ratio: The share of the rate that is left at the end, in [0, 1].
    """

    def __init__(self, optimizer: Optimizer, /, warmup_ratio: float = 0.06, min_lr_ratio: float = 0.0) -> None:
        super().__init__(optimizer, warmup_ratio, min_lr_ratio)

    def compute_multiplier(self, progress: float) -> float:
        """See `warmup_linear`."""
        return warmup_linear(progress, self.warmup_ratio, self.min_lr_ratio)


class WarmupCosine(ProgressSchedule):
    """Warms up, then falls along half a cosine.

    Args:
        optimizer: Whose rates to steer.
        warmup_ratio: The share of training over which the rate rises, in [0, 1).
        min_lr_ratio: The share of the rate that is left at the end, in [0, 1].
    """

    def __init__(self, optimizer: Optimizer, /, warmup_ratio: float = 0.06, min_lr_ratio: float = 0.0) -> None:
        super().__init__(optimizer, warmup_ratio, min_lr_ratio)

    def compute_multiplier(self, progress: float) -> float:
        """See `warmup_cosine`."""
        return warmup_cosine(progress, self.warmup_ratio, self.min_lr_ratio)


def _fallen(progress: float, warmup: float) -> float:
    return (progress - warmup) / (1 - warmup)
