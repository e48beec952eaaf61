"""The extension point of losses: what a class must have to be named as `--model.loss`."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from contracts.discovery import find_implementations
from contracts.errors import UsageError
from contracts.text_spec import Task, TextSpec


class Loss(nn.Module, ABC):
    """Computes one number per text from logits and labels; its constructor takes a `TextSpec` first, by position."""

    tasks: frozenset[Task]
    """The tasks it is made for: one label per text, several, or both."""
    progress_needs = "set --trainer.max_epochs or --trainer.max_steps"
    """How to fix a training without a last step, for the message to its user."""
    _progress: float | None = 0.0

    @property
    def progress(self) -> float:
        """The fraction of training that is done, in [0, 1]; set by the classifier before each step.

        Raises:
            UsageError: It is read and unknown (None), since training has no last step.
        """
        if self._progress is None:
            raise UsageError(
                f"{type(self).__name__} depends on the fraction of training that is done, and training has no last "
                f"step; {self.progress_needs}"
            )
        return self._progress

    @progress.setter
    def progress(self, progress: float | None) -> None:
        self._progress = progress

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


def check_loss_without_end(loss: Loss, spec: TextSpec) -> None:
    """Raises an error for a loss that depends on the fraction of training that is done, for training without an end.

    Raises:
        UsageError: With what to set.
    """
    labels = torch.zeros(1, dtype=torch.int64) if spec.task == "single_label" else torch.zeros(1, spec.num_classes)
    loss.train().progress = None
    loss(torch.zeros(1, spec.num_classes), labels)


def _format_name(loss: Loss) -> str:
    """Returns the name of a loss for a message."""
    base = getattr(loss, "base", None)
    return f"{type(loss).__name__} of {_format_name(base)}" if isinstance(base, Loss) else type(loss).__name__
