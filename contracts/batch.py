"""The batch of texts that data loaders produce and models consume."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class TextBatch(NamedTuple):
    """A batch of texts, padded to the longest of them; a `NamedTuple`, which Lightning can move between devices."""

    input_ids: Tensor  # int64 (batch, tokens)
    attention_mask: Tensor  # bool (batch, tokens); true on tokens, false on padding
    labels: Tensor  # int64 (batch,) if single-label, float (batch, classes) if multi-label; -1 if unknown
    index: Tensor  # type: ignore[assignment]  # tuples have a method of that name; int64 (batch,), rows of the split
    token_type_ids: Tensor | None = None  # int64 (batch, tokens); 1 on the second text of a pair

    def to(self, device: torch.device) -> TextBatch:
        """Copies the batch to another device."""
        return TextBatch._make(None if part is None else part.to(device) for part in self)
