"""The extension point of encoders: what a class must have to be named as `--model.encoder`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from contracts.batch import TextBatch
from contracts.errors import UsageError
from contracts.rebuildable import Rebuildable
from contracts.text_spec import TextSpec
from datamodules.vectors.options import TrainingCorpus
from lightning_modules.layers.embedding import TokenEmbedding


class TextEncoder(Rebuildable, nn.Module, ABC):
    """Encodes token ids and mask as one vector per text, independent of padding, and finite for a text of no token.

    An implementation needs `__init__`, `output_dim` and `forward`; everything else has a default. Its constructor takes
    a `TextSpec` first, by position only; everything after has a default.
    """

    output_dim: int
    """The length of the vectors; set by the class or its constructor."""
    supports_pairs: bool = False
    """Whether `forward` uses `token_type_ids`, which distinguishes the first and the second text of a pair."""
    uses_lengths: bool = False
    """Whether `forward` takes `lengths`, the tokens of each text as an array, which it need not read from a device."""

    @abstractmethod
    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """Encodes a batch.

        Args:
            input_ids: int64 `(batch, tokens)`.
            attention_mask: bool `(batch, tokens)`, true on tokens; padding stands on the right.
            token_type_ids: int64 `(batch, tokens)`, 1 on the second text of a pair.

        Returns:
            Float `(batch, output_dim)`.
        """

    def layer_groups(self) -> list[list[nn.Module]]:
        """Groups the modules by depth, the group nearest to the ids first, for learning rates that differ by layer.

        By default all modules form one group and have one rate. Override it for `layer_decay` to have an effect, for
        example `return [[self.embedding], [self.layers[0]], [self.layers[1]]]`. Every parameter must be in
        exactly one group.
        """
        return [[self]]

    def check_architecture(self) -> None:
        """Raises an error if the encoder cannot keep what `TextEncoder` promises; called before any data are read.

        Only needed where the architecture is not of this project. Weights may be without values then.

        Raises:
            UsageError: Vectors would depend on padding, or not on the entire text.
        """

    def prepare_training(self, data: TrainingCorpus) -> None:
        """Adapts a newly built encoder to the training texts: initial weights, and which weights are trainable.

        Called once at the start of `fit`, after construction and before the optimizer is made; not for validation, test
        or prediction, nor if `fit` gets loaders and the model has no data module. A resumed run calls it too and
        loads the checkpoint's weights afterwards: names and shapes of the parameters must follow from `data` alone,
        and initial values are then overwritten. An override calls `super().prepare_training(data)`.

        Args:
            data: Vocabulary, token ids and counts of the training texts.
        """
        for table in self._token_embeddings:
            table.prepare_training(data)

    def check_initialized(self) -> None:
        """Raises an error if word vectors are configured and neither `prepare_training` nor a checkpoint provided them.

        Raises:
            UsageError: The model would be trained from random vectors instead.
        """
        for table in self._token_embeddings:
            table.check_initialized()

    def drop_frozen_gradients(self, epoch: int) -> None:
        """Sets the gradients of weights that are frozen in this epoch to None; called after each backward pass.

        Args:
            epoch: Counted from 0.
        """
        for table in self._token_embeddings:
            table.drop_frozen_gradients(epoch)

    def initialization_summary(self) -> dict[str, Any]:
        """Returns how the weights were initialized as JSON-serializable values by topic, for `report.json`."""
        summaries = [table.summary for table in self._token_embeddings if table.summary]
        return {"vectors": summaries[0]} if summaries else {}

    def initialization_notes(self) -> list[str]:
        """Returns how the weights were initialized as sentences, printed when training starts."""
        return [note for table in self._token_embeddings for note in table.notes]

    @cached_property
    def _token_embeddings(self) -> list[TokenEmbedding]:
        """The word vector tables; searched once, since every step needs them, and only after construction."""
        return [module for module in self.modules() if isinstance(module, TokenEmbedding)]


def encode_batch(encoder: TextEncoder, batch: TextBatch) -> Tensor:
    """Encodes a batch of a data loader: float `(batch, output_dim)`."""
    tensors = batch.input_ids, batch.attention_mask, batch.token_type_ids
    features: Tensor = encoder(*tensors, lengths=batch.lengths) if encoder.uses_lengths else encoder(*tensors)
    return features


def check_output_dim(encoder: TextEncoder) -> None:
    """Raises an error if an encoder has no valid `output_dim`.

    Raises:
        UsageError: Its class does not set the attribute, or to something other than a positive integer.
    """
    name = type(encoder).__name__
    dim = getattr(encoder, "output_dim", None)
    if dim is None:
        raise UsageError(f"{name} has no output_dim: set self.output_dim in its __init__ to the length of its vectors")
    if not isinstance(dim, int) or dim < 1:
        raise UsageError(f"{name}.output_dim is the length of its vectors and must be an integer above 0, got {dim!r}")


def check_output_shape(encoder: TextEncoder, spec: TextSpec) -> None:
    """Encodes two short texts and raises an error if the vectors are not of length `output_dim`.

    Weights, random numbers and the training mode of each module stay as they are.

    Raises:
        UsageError: `forward` returns another shape than `(batch, output_dim)`.
    """
    weight = next(encoder.parameters(), torch.zeros(()))
    if weight.is_meta:
        return
    shape = (2, max(1, min(3, spec.max_length)))
    ids = torch.full(shape, (spec.padding_id + 1) % spec.vocabulary_size, device=weight.device)
    modes = [(module, module.training) for module in encoder.modules()]
    encoder.eval()
    with torch.no_grad():
        vectors = encoder(ids, torch.ones_like(ids, dtype=torch.bool))
    for module, mode in modes:
        module.training = mode
    if vectors.shape != (2, encoder.output_dim):
        raise UsageError(
            f"{type(encoder).__name__} returned {tuple(vectors.shape)} for 2 texts, and its output_dim is "
            f"{encoder.output_dim}: forward must return (batch, output_dim)"
        )
