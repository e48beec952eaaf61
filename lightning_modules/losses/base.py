"""The extension point of losses: what a class must have to be named as `--model.loss`."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from contracts.discovery import find_implementations
from contracts.errors import UsageError
from contracts.text_spec import Task, TextSpec


class Loss(nn.Module, ABC):
    """Computes one number per text from logits and labels; its constructor takes a `TextSpec` first, by position."""

    tasks: frozenset[Task]
    """The tasks it is made for: one label per text, several, or both."""
    progress: float = 0.0
    """The fraction of training that is done, in [0, 1]; set by the classifier before each step."""

    @abstractmethod
    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Computes the loss of each text.

        Args:
            logits: Float `(batch, classes)`.
            labels: int64 `(batch,)` for one label per text, float `(batch, classes)` of 0 and 1 for several.

        Returns:
            Float `(batch,)`, in nats.
        """


def check_task(loss: Loss, spec: TextSpec) -> None:
    """Raises an error for a loss that is made for the other task.

    Raises:
        UsageError: With the losses that fit.
    """
    if spec.task not in loss.tasks:
        fitting = [loss_class.__name__ for loss_class in find_implementations(Loss) if spec.task in loss_class.tasks]  # type: ignore[type-abstract]  # reads attributes only
        raise UsageError(
            f"{_format_name(loss)} does not fit labels that are {spec.task.replace('_', '-')}; "
            f"losses that do: {', '.join(fitting)}"
        )


def _format_name(loss: Loss) -> str:
    """Returns the name of a loss for a message."""
    base = getattr(loss, "base", None)
    return f"{type(loss).__name__} of {_format_name(base)}" if isinstance(base, Loss) else type(loss).__name__
