"""What a loader gives and a model takes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class TextBatch(NamedTuple):
    """A batch of texts, padded to its own longest; a `NamedTuple`, since Lightning moves those between devices."""

    input_ids: Tensor  # int64 (batch, tokens)
    attention_mask: Tensor  # bool (batch, tokens); true on tokens, false on padding
    labels: Tensor  # int64 (batch,) for one label a text, float (batch, classes) for several; -1 where unknown
    index: Tensor  # type: ignore[assignment]  # tuples have a method of that name; int64 (batch,), rows of the split
    token_type_ids: Tensor | None = None  # int64 (batch, tokens); 1 on the second text of a pair

    def to(self, device: torch.device) -> TextBatch:
        """The same on another device."""
        return TextBatch._make(None if part is None else part.to(device) for part in self)
