"""What a head promises."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from contracts.rebuildable import Rebuildable


class Head(Rebuildable, nn.Module, ABC):
    """Vectors in, logits out. Its constructor takes a `TextSpec` and the vectors' length first, by position only."""

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """Float `(batch, features)` to logits `(batch, classes)`."""
