"""Pooling: one vector per text from one per token, without padding; a text of no token gives zeros."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def mean_pool(states: Tensor, mask: Tensor) -> Tensor:
    """Averages over tokens, padding excluded: `(batch, tokens, dim)` and bool `(batch, tokens)` to `(batch, dim)`.

    >>> mean_pool(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]]))
    tensor([[2.]])
    """
    is_token = mask.unsqueeze(2)
    return states.masked_fill(~is_token, 0.0).sum(1) / is_token.sum(1).clamp_min(1)


def max_pool(states: Tensor, mask: Tensor) -> Tensor:
    """Computes the maximum over tokens, padding excluded: `(batch, tokens, dim)` to `(batch, dim)`.

    >>> max_pool(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]]))
    tensor([[3.]])
    """
    best = states.masked_fill(~mask.unsqueeze(2), -torch.inf).max(1).values
    return best.masked_fill(~mask.any(1, keepdim=True), 0.0)


def first_pool(states: Tensor, mask: Tensor) -> Tensor:
    """Selects the first token, of `[CLS]` in most models: `(batch, tokens, dim)` to `(batch, dim)`.

    >>> first_pool(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]]))
    tensor([[1.]])
    """
    return states[:, 0]


def last_pool(states: Tensor, mask: Tensor) -> Tensor:
    """Selects the last token before the padding: `(batch, tokens, dim)` and bool `(batch, tokens)` to `(batch, dim)`.

    >>> last_pool(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]]))
    tensor([[3.]])
    """
    last = (mask.sum(1) - 1).clamp_min(0)
    return states.take_along_dim(last[:, None, None], 1).squeeze(1)


class AttentionPool(nn.Module):
    """Attention pooling: a mean weighted by `softmax(v · tanh(state))`, Zhou et al. 2016, without their final tanh.

    Args:
        dim: Size of a hidden state.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(dim, 1, bias=False)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Pools `(batch, tokens, dim)` with a bool mask `(batch, tokens)` to `(batch, dim)`."""
        scores = self.query(torch.tanh(states)).squeeze(2)
        # The lowest number, not -inf: with no token at all softmax must stay finite; its weights are then cleared.
        weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(1).masked_fill(~mask, 0.0)
        return (weights.unsqueeze(1) @ states).squeeze(1)
