"""Token embeddings: random or pretrained word vectors, trainable, frozen, unfrozen later, or both as two channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.vectors.options import TrainingCorpus, VectorOptions

_INITIAL_STD = 0.1  # with torch's N(0, 1), the updates of a few epochs are small against the initial vector


class TokenEmbedding(nn.Embedding):
    """An embedding initialized at random or from word vectors; the padding id has a zero vector that never changes.

    With both channels (Kim 2014) a vector is the sum of a frozen and a trainable one. The paper applies each filter to
    either channel and adds the scores; a filter's score is linear in the vectors, so this is the same, and likewise for
    whatever else begins with a linear map.

    Args:
        spec: Task, label names and sizes of the data.
        dim: Vector dimension. If None that of the word vectors, otherwise 300.
        choices: Options of the word vectors.
    """

    def __init__(self, spec: TextSpec, dim: int | None = None, choices: VectorOptions | None = None) -> None:
        choices = choices or VectorOptions()
        super().__init__(spec.vocabulary_size, choices.check(dim), padding_idx=spec.padding_id)
        self.choices = choices
        self.padding_id = spec.padding_id
        nn.init.normal_(self.weight, std=_INITIAL_STD)
        nn.init.zeros_(self.weight[spec.padding_id].detach())
        self.static_embedding: nn.Embedding | None = None
        if self.choices.mode == "static":
            self.weight.requires_grad_(False)
        elif self.choices.mode == "multichannel":
            self.static_embedding = nn.Embedding.from_pretrained(self.weight.detach().clone(), freeze=True)
        self.summary: dict[str, Any] = {}
        """Source and coverage of the word vectors, for the report."""
        self.notes: list[str] = []
        """The same, as sentences."""
        self._is_initialized = choices.vectors is None

    def forward(self, input: Tensor) -> Tensor:
        """Looks up ids of any shape: int64 `(...)` to `(..., dim)`."""
        vectors = super().forward(input)
        return vectors if self.static_embedding is None else vectors + self.static_embedding(input)

    @torch.no_grad()
    def prepare_training(self, data: TrainingCorpus) -> None:
        """Copies the configured word vectors into the table, for the vocabulary of these texts; see `TextEncoder`."""
        if self.choices.vectors in (None, "checkpoint"):
            return
        start = self.choices.build_initial_vectors(data, self.padding_id, self.embedding_dim)
        self.weight.copy_(torch.from_numpy(start.vectors))
        if self.static_embedding is not None:
            self.static_embedding.weight.copy_(self.weight)
        self.summary, self.notes = start.summary, start.notes
        self._is_initialized = True

    def check_initialized(self) -> None:
        """Raises an error if word vectors are configured and the table still holds its random initial values.

        Raises:
            UsageError: They were to come from a checkpoint that is not given, or need a data module.
        """
        if self._is_initialized:
            return
        if self.choices.vectors == "checkpoint":
            raise UsageError("vectors checkpoint takes vectors with the weights of --ckpt_path, which is not given")
        raise UsageError(
            f"vectors {self.choices.vectors} are looked up for the vocabulary of a data module, which is not given; "
            "train with `trainer.fit(model, datamodule)`, or call `model.use_data(datamodule)` first"
        )

    def drop_frozen_gradients(self, epoch: int) -> None:
        """Sets the gradient to None during the epochs in which the table is frozen (`unfreeze_after`).

        An optimizer skips a weight without gradient: no decay, no moments, no step counted. The gradient was computed,
        as DDP awaits, and all follows from the number of the epoch, which a resumed run knows.

        Args:
            epoch: Counted from 0.
        """
        if epoch < self.choices.unfreeze_after:
            self.weight.grad = None

    def override_arguments(self) -> dict[str, Any]:
        """Returns encoder arguments that build a table of the same shape for a checkpoint's weights, without files."""
        if self.choices.vectors is None:
            return {"embedding_dim": self.embedding_dim}
        return {"embedding_dim": self.embedding_dim, "vectors": "checkpoint", "word2vec": None}

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        """Loads the table and records that its vectors are no longer random."""
        super()._load_from_state_dict(state_dict, prefix, *args)
        self._is_initialized |= f"{prefix}weight" in state_dict


def find_external_vectors(arguments: Mapping[str, Any]) -> str | None:
    """Returns the name of an encoder's argument that reads or trains word vectors; None if a checkpoint has them."""
    if arguments.get("vectors") not in (None, "checkpoint"):
        return "vectors"
    return None if arguments.get("word2vec") is None else "word2vec"


def mask_padding(input_ids: Tensor, attention_mask: Tensor, padding_id: int) -> Tensor:
    """Replaces ids by the padding id wherever the mask is false, so that they have no effect; `(batch, tokens)`."""
    return input_ids.masked_fill(~attention_mask, padding_id)
