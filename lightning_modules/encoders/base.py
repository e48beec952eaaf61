"""What an encoder promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

from datamodules.rebuildable import Rebuildable


class TextEncoder(Rebuildable, nn.Module, ABC):
    """Ids and mask in, one vector per text out; more padding changes nothing, and a text of no token gives no NaN.

    Its constructor takes a `TextSpec` first, by position only; everything after has a default.
    """

    output_dim: int
    """The length of the vectors it gives."""
    takes_pairs: bool = False
    """Whether it can tell a text from its second one."""

    @abstractmethod
    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """Encodes a batch.

        Args:
            input_ids: int64 `(batch, tokens)`.
            attention_mask: bool `(batch, tokens)`, true on tokens; padding stands on the right.
            token_type_ids: int64 `(batch, tokens)`, 1 on the second text of a pair.

        Returns:
            Float `(batch, output_dim)`.
        """

    @abstractmethod
    def depths(self) -> list[list[nn.Module]]:
        """Its modules by depth, the one nearest to the ids first; together they hold every parameter exactly once."""

    def learn_rows(self, ids: Callable[[], Tensor]) -> None:
        """Told once, before training, which ids it will meet there; most encoders have no use for it.

        Args:
            ids: Gives them, int64 `(different ids,)`; takes a moment, for all training texts are read.
        """
