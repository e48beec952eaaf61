"""What a loss promises."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from contracts.discovery import find_implementations
from contracts.errors import UsageError
from contracts.text_spec import Task, TextSpec


class Loss(nn.Module, ABC):
    """Logits and labels in, one number per text out. Its constructor takes a `TextSpec` first, by position only."""

    tasks: frozenset[Task]
    """The kinds of label it is made for."""
    progress: float = 0.0
    """The share of training that is done, in [0, 1]; the classifier keeps it up to date."""

    @abstractmethod
    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of each text.

        Args:
            logits: Float `(batch, classes)`.
            labels: int64 `(batch,)` for one label a text, float `(batch, classes)` of 0 and 1 for several.

        Returns:
            Float `(batch,)`, in nats.
        """


def check_task(loss: Loss, spec: TextSpec) -> None:
    """Refuses a loss that is made for the other kind of label.

    Raises:
        UsageError: With the losses that do fit.
    """
    if spec.task not in loss.tasks:
        fitting = [member.__name__ for member in find_implementations(Loss) if spec.task in member.tasks]  # type: ignore[type-abstract]  # only looked at
        raise UsageError(
            f"{_worded(loss)} does not fit labels that are {spec.task.replace('_', '-')}; "
            f"losses that do: {', '.join(fitting)}"
        )


def _worded(loss: Loss) -> str:
    base = getattr(loss, "base", None)
    return f"{type(loss).__name__} of {_worded(base)}" if isinstance(base, Loss) else type(loss).__name__
