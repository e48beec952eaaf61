"""A vector per token id, learned from the start of training."""

from __future__ import annotations

from torch import Tensor, nn

from datamodules.errors import UsageError
from datamodules.text_spec import TextSpec

_START = 0.1  # torch's N(0, 1) drowns what a few epochs add to a vector and learns slowly


def token_embedding(spec: TextSpec, dim: int) -> nn.Embedding:
    """Small random vectors; the padding id has a zero vector that never changes."""
    if dim < 1:
        raise UsageError(f"dim is the length of a token's vector and must be 1 or more, got {dim}")
    embedding = nn.Embedding(spec.vocabulary_size, dim, padding_idx=spec.padding_id)
    nn.init.normal_(embedding.weight, std=_START)
    nn.init.zeros_(embedding.weight[spec.padding_id].detach())
    return embedding


def without_padding(input_ids: Tensor, attention_mask: Tensor, padding_id: int) -> Tensor:
    """Puts the padding id wherever the mask is false, so that whatever stood there has no say; `(batch, tokens)`."""
    return input_ids.masked_fill(~attention_mask, padding_id)
