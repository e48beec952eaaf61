"""What a loss promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from datamodules.text_spec import Task


class Loss(nn.Module, ABC):
    """Logits and labels in, one number per text out. Its constructor takes a `TextSpec` first, by position only."""

    tasks: ClassVar[frozenset[Task]]
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
