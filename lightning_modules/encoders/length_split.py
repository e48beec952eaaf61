"""Encodes texts without any padding, for architectures on which padding has an effect whatever the attention mask."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Encode = Callable[..., Tensor]
"""Computes states `(batch, tokens, dim)` from tensors `(batch, tokens)`, given by name."""


def encode_by_length(encode: Encode, attention_mask: Tensor, inputs: dict[str, Tensor]) -> Tensor:
    """Encodes the texts of each length apart from the others, and joins their states in the order of the batch.

    It waits for the device once per batch, and computes as many batches as there are lengths.

    Args:
        encode: Computes the states of texts that all have the same length.
        attention_mask: bool `(batch, tokens)`, true on tokens; padding stands on the right.
        inputs: Tensors `(batch, tokens)` by the name of the argument of `encode`.

    Returns:
        States `(batch, tokens, dim)`, zero on padding.
    """
    lengths = attention_mask.sum(1)
    rows, states = [], []
    for length in lengths.unique().tolist():
        of_length = (lengths == length).nonzero().squeeze(1)
        part = encode(**{name: tensor[of_length, :length] for name, tensor in inputs.items()})
        rows.append(of_length)
        states.append(F.pad(part, (0, 0, 0, attention_mask.shape[1] - length)))
    return torch.cat(states)[torch.cat(rows).argsort()]
