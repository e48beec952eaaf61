"""The extension point of heads: what a class must have to be named as `--model.head`."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from contracts.rebuildable import Rebuildable


class Head(Rebuildable, nn.Module, ABC):
    """Computes logits from text vectors. Its constructor takes a `TextSpec` and their length first, by position."""

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """Computes logits `(batch, classes)` from text vectors, float `(batch, features)`."""
