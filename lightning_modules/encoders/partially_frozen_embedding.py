"""An embedding of which only the rows of ids in the training texts are trainable.

A pretrained model has vectors for tens of thousands of ids, often of several languages, and labelled texts are few:
most ids occur in none of them. Their gradient is always exactly zero. Yet an optimizer reads, updates and keeps moments
for the entire table, which is half of a small model's weights, and weight decay shrinks vectors that nothing corrects.
Here these rows are frozen; the others are trained exactly as in the entire table.

Weights are saved and loaded as one table, under the name that it had.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_MAX_TRAINABLE_RATIO = 0.8  # above it two look-ups cost about what the smaller step saves


class PartiallyFrozenEmbedding(nn.Module):
    """An embedding with the vectors of an `nn.Embedding`, some of which are frozen.

    Args:
        table: Float `(ids, dim)`, one vector per id.
        trainable: Mask of trainable vectors, bool `(ids,)`. At least one value is true and one false.
    """

    row_of_id: Tensor  # int64 (ids,): row n of `weight` as n, row n of `frozen` as -1 - n

    def __init__(self, table: Tensor, trainable: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(table.detach()[trainable])
        # A frozen parameter and no buffer, since DDP sends every buffer to all processes in each step.
        self.frozen = nn.Parameter(table.detach()[~trainable], requires_grad=False)
        row_of_id = torch.where(trainable, trainable.cumsum(0) - 1, -(~trainable).cumsum(0))
        self.register_buffer("row_of_id", row_of_id, persistent=False)

    def forward(self, input_ids: Tensor) -> Tensor:
        """Looks up ids `(batch, tokens)`: vectors `(batch, tokens, dim)`, without waiting for the device."""
        row_of_id = self.row_of_id[input_ids]
        trainable = F.embedding(row_of_id.clamp(min=0), self.weight)
        frozen = F.embedding((~row_of_id).clamp(min=0), self.frozen)  # ~(-1 - n) is n
        return torch.where((row_of_id >= 0).unsqueeze(-1), trainable, frozen)

    def join_table(self) -> Tensor:
        """Returns a copy of all vectors in the order of their ids, `(ids, dim)`."""
        table = self.weight.new_empty(len(self.row_of_id), self.weight.shape[1])
        trainable = self.row_of_id >= 0
        table[trainable], table[~trainable] = self.weight.detach(), self.frozen.detach()
        return table

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        """Saves one table of all vectors, as an `nn.Embedding` does."""
        destination[f"{prefix}weight"] = self.join_table()

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Tensor],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Loads one table of all vectors, as an `nn.Embedding` saves it."""
        key = f"{prefix}weight"
        expected = (len(self.row_of_id), self.weight.shape[1])
        if strict:
            unexpected_keys.extend(name for name in state_dict if name.startswith(prefix) and name != key)
        if key not in state_dict:
            if strict:
                missing_keys.append(key)
            return
        table = state_dict[key]
        if tuple(table.shape) != expected:
            shape = tuple(table.shape)
            error_msgs.append(f"size mismatch for {key}: {shape} in the checkpoint, {expected} in the model")
            return
        trainable = (self.row_of_id >= 0).to(table.device)
        with torch.no_grad():
            self.weight.copy_(table[trainable])
            self.frozen.copy_(table[~trainable])


def freeze_unused_rows(model: nn.Module, table: nn.Module, ids: Tensor) -> None:
    """Replaces a plain trainable table by a `PartiallyFrozenEmbedding`, unless nearly all its ids are used.

    Args:
        model: Holds the table somewhere.
        table: The module that turns ids into vectors.
        ids: int64, the ids of the training texts.
    """
    if type(table) is not nn.Embedding or not table.weight.requires_grad or table.weight.is_meta:
        return
    if table.max_norm is not None or table.scale_grad_by_freq or table.sparse:
        return
    holders = [name for name, weight in model.named_parameters(remove_duplicate=False) if weight is table.weight]
    if len(holders) != 1:  # something else computes with the same weights
        return
    trainable = torch.zeros(len(table.weight), dtype=torch.bool, device=table.weight.device)
    trainable[ids.to(trainable.device)] = True
    if table.padding_idx is not None:
        trainable[table.padding_idx] = False  # it has no gradient
    if 0 < int(trainable.sum()) < _MAX_TRAINABLE_RATIO * len(trainable):
        model.set_submodule(holders[0].removesuffix(".weight"), PartiallyFrozenEmbedding(table.weight, trainable))
