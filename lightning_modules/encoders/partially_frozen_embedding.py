"""A table of token vectors of which only the rows that training meets are learned.

A pretrained model has vectors for tens of thousands of ids, often of several languages, and labelled texts are few:
most ids occur in none of them. Their gradient is always exactly zero. Yet an optimizer reads, steps and remembers the
whole table, which is half of a small model's weights, and with weight decay it lets vectors fade that nothing corrects.
Here these rows are left out of training and stay as they are; the others learn exactly as in the whole table.

Weights are saved and loaded as the whole table that they make up together, under the name that it had.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_WORTH_IT = 0.8  # share of rows; above it two look-ups cost about what the smaller step saves


class PartiallyFrozenEmbedding(nn.Module):
    """Takes the place of an `nn.Embedding` with the same vectors.

    Args:
        table: Float `(ids, dim)`, one vector an id.
        learned: Bool `(ids,)`, true where the vector is learned; at least one is and one is not.
    """

    places: Tensor  # int64 (ids,): the row n of `weight`, or that of `others`, written as -1 - n

    def __init__(self, table: Tensor, learned: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(table.detach()[learned])
        # A frozen parameter and no buffer, since DDP sends every buffer to all processes in each step.
        self.others = nn.Parameter(table.detach()[~learned], requires_grad=False)
        places = torch.where(learned, learned.cumsum(0) - 1, -(~learned).cumsum(0))
        self.register_buffer("places", places, persistent=False)

    def forward(self, input_ids: Tensor) -> Tensor:
        """Vectors `(batch, tokens, dim)` of ids `(batch, tokens)`; nothing waits for the device."""
        places = self.places[input_ids]
        learned = F.embedding(places.clamp(min=0), self.weight)
        others = F.embedding((~places).clamp(min=0), self.others)  # ~(-1 - n) is n
        return torch.where((places >= 0).unsqueeze(-1), learned, others)

    def table(self) -> Tensor:
        """All vectors as they are now, `(ids, dim)`, in memory of their own."""
        whole = self.weight.new_empty(len(self.places), self.weight.shape[1])
        learned = self.places >= 0
        whole[learned], whole[~learned] = self.weight.detach(), self.others.detach()
        return whole

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        destination[f"{prefix}weight"] = self.table()

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
        key = f"{prefix}weight"
        expected = (len(self.places), self.weight.shape[1])
        if strict:
            unexpected_keys.extend(name for name in state_dict if name.startswith(prefix) and name != key)
        if key not in state_dict:
            if strict:
                missing_keys.append(key)
            return
        table = state_dict[key]
        if tuple(table.shape) != expected:
            found = tuple(table.shape)
            error_msgs.append(f"size mismatch for {key}: {found} in the checkpoint, {expected} in the model")
            return
        learned = (self.places >= 0).to(table.device)
        with torch.no_grad():
            self.weight.copy_(table[learned])
            self.others.copy_(table[~learned])


def freeze_unused_rows(model: nn.Module, table: nn.Module, ids: Tensor) -> None:
    """Replaces a plain trainable table by a `PartiallyFrozenEmbedding`, unless nearly all its ids are used.

    Args:
        model: Holds the table somewhere.
        table: The module that turns ids into vectors.
        ids: int64, those that training meets.
    """
    if type(table) is not nn.Embedding or not table.weight.requires_grad or table.weight.is_meta:
        return
    if table.max_norm is not None or table.scale_grad_by_freq or table.sparse:
        return
    holders = [name for name, weight in model.named_parameters(remove_duplicate=False) if weight is table.weight]
    if len(holders) != 1:  # something else computes with the same weights
        return
    learned = torch.zeros(len(table.weight), dtype=torch.bool, device=table.weight.device)
    learned[ids.to(learned.device)] = True
    if table.padding_idx is not None:
        learned[table.padding_idx] = False  # it has no gradient
    if 0 < int(learned.sum()) < _WORTH_IT * len(learned):
        model.set_submodule(holders[0].removesuffix(".weight"), PartiallyFrozenEmbedding(table.weight, learned))
