"""The mean training loss between two log entries."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


class RunningLoss:
    """Averages the loss over the steps since the last log entry: logging each step costs more than small models do."""

    def __init__(self) -> None:
        self.num_steps = 0
        """Steps since the last log entry."""
        self.non_finite_since_step: int | None = None
        """The first logged step, counted from 1, since which the mean is not finite; None if it is."""
        self._sum = torch.zeros(())

    def add(self, loss: Tensor) -> None:
        """Adds the loss of a step, without waiting for the device."""
        self._sum = self._sum.to(loss.device, non_blocking=True) + loss.detach()
        self.num_steps += 1

    def compute_and_reset(self, step: int) -> Tensor:
        """Returns the mean, on the CPU, and starts the next one.

        Args:
            step: Optimizer steps made so far.
        """
        mean = (self._sum / self.num_steps).cpu()
        if math.isfinite(float(mean)):
            self.non_finite_since_step = None
        elif self.non_finite_since_step is None:
            self.non_finite_since_step = step + 1
        self._sum, self.num_steps = torch.zeros_like(self._sum), 0
        return mean

    def state_dict(self) -> dict[str, Any]:
        """Returns the sum of the steps since the last log entry, so that a resumed run logs the same mean."""
        return {"sum": self._sum, "num_steps": self.num_steps, "non_finite_since_step": self.non_finite_since_step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the state saved by `state_dict`."""
        self._sum, self.num_steps = state["sum"], state["num_steps"]
        self.non_finite_since_step = state["non_finite_since_step"]
