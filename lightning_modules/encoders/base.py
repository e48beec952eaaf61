"""What an encoder promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any

from torch import Tensor, nn

from contracts.rebuildable import Rebuildable
from datamodules.vectors.options import TrainingCorpus
from lightning_modules.layers.embedding import TokenEmbedding


class TextEncoder(Rebuildable, nn.Module, ABC):
    """Ids and mask in, one vector per text out; more padding changes nothing, and a text of no token gives no NaN.

    Its constructor takes a `TextSpec` first, by position only; everything after has a default.
    """

    output_dim: int
    """The length of the vectors it gives."""
    supports_pairs: bool = False
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

        Not called where these cannot be known: texts that change in each epoch bring up others.

        Args:
            ids: Gives them, int64 `(different ids,)`; takes a moment, for all training texts are read.
        """

    def start_from(self, data: TrainingCorpus) -> None:
        """Takes what it needs of the texts it is about to learn from; not where weights come from a checkpoint."""
        for table in self._tables:
            table.start_from(data)

    def hold_back(self, epoch: int) -> None:
        """Drops the gradients of what is not to learn yet; called after each backward pass.

        Args:
            epoch: Counted from 0.
        """
        for table in self._tables:
            table.hold_back(epoch)

    def about(self) -> dict[str, Any]:
        """For the report: plain values by topic."""
        said = [table.about for table in self._tables if table.about]
        return {"vectors": said[0]} if said else {}

    def notes(self) -> list[str]:
        """What a user should know of how it starts, in plain words."""
        return [note for table in self._tables for note in table.notes]

    @cached_property
    def _tables(self) -> list[TokenEmbedding]:
        """Found once, since every step asks for them; the encoder must be whole by then."""
        return [module for module in self.modules() if isinstance(module, TokenEmbedding)]
