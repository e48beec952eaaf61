"""A vector per token id: random, or from word vectors that stay, learn, learn later, or do both side by side."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.vectors.options import TrainingCorpus, VectorOptions

_START = 0.1  # torch's N(0, 1) drowns what a few epochs add to a vector and learns slowly


class TokenEmbedding(nn.Embedding):
    """Small random vectors, or those that were chosen; the padding id has a zero vector that never changes.

    With both channels (Kim 2014) a vector is the sum of one that stays and one that learns. The paper applies each
    filter to either channel and adds the scores; a filter's score is linear in the vectors, so this is the same, and
    likewise for whatever else begins with a linear map.

    Args:
        spec: What the data is made of.
        dim: Length of a vector; that of the chosen ones, or 300, where None.
        choices: What they start from, and whether they learn.
    """

    def __init__(self, spec: TextSpec, dim: int | None = None, choices: VectorOptions | None = None) -> None:
        choices = choices or VectorOptions()
        super().__init__(spec.vocabulary_size, choices.check(dim), padding_idx=spec.padding_id)
        self.choices = choices
        self.padding_id = spec.padding_id
        nn.init.normal_(self.weight, std=_START)
        nn.init.zeros_(self.weight[spec.padding_id].detach())
        self.static_embedding: nn.Embedding | None = None
        if self.choices.mode == "static":
            self.weight.requires_grad_(False)
        elif self.choices.mode == "multichannel":
            self.static_embedding = nn.Embedding.from_pretrained(self.weight.detach().clone(), freeze=True)
        self.about: dict[str, Any] = {}
        """How the vectors came to be, for the report."""
        self.notes: list[str] = []
        """The same in plain words."""

    def forward(self, input: Tensor) -> Tensor:
        """Ids of any shape to `(..., dim)`."""
        vectors = super().forward(input)
        return vectors if self.static_embedding is None else vectors + self.static_embedding(input)

    @torch.no_grad()
    def start_from(self, data: TrainingCorpus) -> None:
        """Puts the chosen vectors in place, for the vocabulary of these texts.

        Raises:
            UsageError: They were to come from a checkpoint, and there is none.
        """
        if self.choices.vectors is None:
            return
        if self.choices.vectors == "checkpoint":
            raise UsageError("vectors checkpoint takes vectors with the weights of --ckpt_path, which is not given")
        start = self.choices.build_vectors(data, self.padding_id, self.embedding_dim)
        self.weight.copy_(torch.from_numpy(start.vectors))
        if self.static_embedding is not None:
            self.static_embedding.weight.copy_(self.weight)
        self.about, self.notes = start.about, start.notes

    def hold_back(self, epoch: int) -> None:
        """Forgets the gradient as long as the vectors are to stay as they are.

        An optimizer leaves a weight without gradient alone: no decay, no moments, no step counted. The gradient was
        computed, as DDP awaits, and all follows from the number of the epoch, which a resumed run knows.

        Args:
            epoch: Counted from 0.
        """
        if epoch < self.choices.unfreeze_after:
            self.weight.grad = None

    def rebuild_with(self) -> dict[str, Any]:
        """Arguments of an encoder that make the same table for the weights of a checkpoint, with no file at hand."""
        if self.choices.vectors is None:
            return {"embedding_dim": self.embedding_dim}
        return {"embedding_dim": self.embedding_dim, "vectors": "checkpoint", "word2vec": None}


def without_padding(input_ids: Tensor, attention_mask: Tensor, padding_id: int) -> Tensor:
    """Puts the padding id wherever the mask is false, so that whatever stood there has no say; `(batch, tokens)`."""
    return input_ids.masked_fill(~attention_mask, padding_id)
