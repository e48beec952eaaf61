"""The mean training loss of the latest steps, over all ranks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from contracts.errors import DataError


def keep(values: Tensor) -> Tensor:
    """Returns the values of the only rank."""
    return values


class RunningLoss:
    """Averages the loss over a window of steps: logging each step costs more than small models do.

    The window is as long at the end of an epoch as elsewhere, so that all points of the curve are comparable; the mean
    of the few steps since the last log entry would scatter.
    """

    def __init__(self) -> None:
        self.num_steps = 0
        """Steps since the last log entry."""
        self.non_finite_since_step: int | None = None
        """The first logged step, counted from 1, since which the mean is not finite; None if it is."""
        self._window = torch.zeros(0)
        self._num_added = 0  # modulo the length of the window, the place of the next loss

    def add(self, loss: Tensor, window: int) -> None:
        """Adds the loss of a step, without waiting for the device.

        Args:
            loss: A number.
            window: Number of steps to average, 1 or more.
        """
        if len(self._window) != window:
            self._window, self._num_added = torch.zeros(window, device=loss.device), 0
        elif self._window.device != loss.device:
            self._window = self._window.to(loss.device, non_blocking=True)
        self._window[self._num_added % window] = loss.detach()
        self._num_added += 1
        self.num_steps += 1

    def compute_and_reset(self, step: int, average: Callable[[Tensor], Tensor] = keep) -> Tensor:
        """Returns the mean over the window, on the CPU, and counts steps since the last log entry anew.

        Args:
            step: Optimizer steps made so far.
            average: Averages a tensor over all ranks, which all call it.
        """
        self._window = average(self._window)
        losses = self._window[: self._num_added].cpu()
        latest = [(self._num_added - back) % len(losses) for back in range(1, 1 + min(self.num_steps, len(losses)))]
        if math.isfinite(float(losses[latest].sum())):
            self.non_finite_since_step = None
        elif self.non_finite_since_step is None:
            self.non_finite_since_step = step + 1
        self.num_steps = 0
        return losses.mean()

    def state_dict(self, average: Callable[[Tensor], Tensor] = keep) -> dict[str, Any]:
        """Returns the window, so that a resumed run logs the same means.

        Args:
            average: As for `compute_and_reset`: one rank writes the checkpoint, and all ranks read it.
        """
        self._window = average(self._window)
        return {
            "window": self._window.cpu().clone(),
            "num_added": self._num_added,
            "num_steps": self.num_steps,
            "non_finite_since_step": self.non_finite_since_step,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the state saved by `state_dict`; the window begins anew after that of an older version, a sum.

        Raises:
            DataError: It is none.
        """
        if "sum" in state and "window" not in state:
            return
        window, counts = state.get("window"), (state.get("num_added"), state.get("num_steps"))
        are_counts = all(type(count) is int and count >= 0 for count in counts)
        if not isinstance(window, Tensor) or window.ndim != 1 or not are_counts:
            raise DataError("the checkpoint's running_loss must hold a window of losses and two counts; it is damaged")
        self._window = window.float()
        self._num_added, self.num_steps = counts  # type: ignore[assignment]  # integers
        self.non_finite_since_step = state.get("non_finite_since_step")
