"""The batch of texts that data loaders produce and models consume."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class TextBatch(NamedTuple):
    """A batch of texts, padded to the longest of them; a `NamedTuple`, which Lightning can move between devices."""

    input_ids: Tensor  # int64 (batch, tokens)
    attention_mask: Tensor  # bool (batch, tokens); true on tokens, false on padding
    labels: Tensor  # int64 (batch,) if single-label, float (batch, classes) if multi-label; -1 if unknown
    index: Tensor  # type: ignore[assignment]  # tuples have a method of that name; int64 (batch,), rows of the split
    token_type_ids: Tensor | None = None  # int64 (batch, tokens); 1 on the second text of a pair
    lengths: np.ndarray | None = None  # int64 (batch,), tokens of each text; an array, so that it stays on the CPU

    def to(self, device: torch.device | str, non_blocking: bool | None = None) -> TextBatch:
        """Copies the tensors of the batch to another device.

        Args:
            device: The device.
            non_blocking: Whether the copy may end later than this call, as it does from pinned memory; if None, for
                every device whose computations wait for it. The CPU and MPS do not.
        """
        if non_blocking is None:
            non_blocking = torch.device(device).type not in ("cpu", "mps")
        return TextBatch._make(
            part.to(device, non_blocking=non_blocking) if isinstance(part, Tensor) else part for part in self
        )
