"""A linear layer from features to classes."""

from __future__ import annotations

from torch import Tensor, nn

from contracts.text_spec import TextSpec
from lightning_modules.heads.base import Head
from lightning_modules.layers.dropout import check_dropout


class Linear(Head):
    """Dropout, then a linear layer.

    Args:
        spec: Task, label names and sizes of the data.
        features: Size of the encoder's output vector.
        dropout: Dropout probability of the input vector, in [0, 1).
    """

    def __init__(self, spec: TextSpec, features: int, /, dropout: float = 0.1) -> None:
        super().__init__()
        check_dropout(dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(features, spec.num_classes)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Computes logits `(batch, classes)` from text vectors, float `(batch, features)`."""
        logits: Tensor = self.linear(self.dropout(features))
        return logits
