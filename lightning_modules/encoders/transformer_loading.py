"""Loads a pretrained transformer from the hub or a folder, or builds one with random weights from its configuration.

No code that comes with a model is ever run: `transformers` would ask on standard input, unless `trust_remote_code` is
False. Weights are loaded on the CPU and then moved: within the device context in which Lightning builds a model,
`transformers` would ask for `accelerate`.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from contracts.errors import UsageError, join_names
from contracts.pretrained_path import resolve_model_name_or_path
from lightning_modules.encoders.untrusted_config import drop_external_keys
from lightning_modules.layers.dropout import check_dropout

if TYPE_CHECKING:  # slow to import, and needed only by those who choose it
    from transformers import PretrainedConfig, PreTrainedModel

_DROPOUTS = (
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "dropout",
    "attention_dropout",
    "hidden_dropout",
    "embedding_dropout",
    "mlp_dropout",
)


def load_transformer(model: str, dropout: float | None) -> PreTrainedModel:
    """Loads configuration and weights from the hub or a folder, to the device on which new tensors are made.

    Args:
        model: A hub name, a folder, or `package:NAME/FOLDER`.
        dropout: Dropout probability inside the model; its own if None.

    Raises:
        UsageError: The model does not exist, is damaged, needs code of its own, or is no encoder.
    """
    path = resolve_model_name_or_path(model)
    if Path(path).is_dir() and not Path(path, "config.json").is_file():
        raise UsageError(
            f'the folder "{path}" has no config.json, so it holds no Hugging Face model; '
            "give the folder that `save_pretrained` wrote"
        )
    from transformers import AutoConfig, AutoModel

    device = torch.get_default_device()
    try:
        with _silence_transformers(), torch.device("meta" if device.type == "meta" else "cpu"):
            config = AutoConfig.from_pretrained(path, trust_remote_code=False)
            options = _set_options(config, dropout)
            if device.type == "meta":  # only the shapes are needed
                return AutoModel.from_config(config, dtype=torch.float32, trust_remote_code=False, **options)
            loaded, report = AutoModel.from_pretrained(
                path,
                config=config,
                dtype=torch.float32,
                output_loading_info=True,
                trust_remote_code=False,
                **options,
            )
    except UsageError:
        raise
    except Exception as error:  # many types: no network, unknown name, damaged file, missing library
        if "trust_remote_code" in str(error):
            raise UsageError(
                f'the model "{model}" needs Python code of its own, and code that comes with a model is never run; '
                "choose a model of an architecture that transformers itself has"
            ) from error
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UsageError(
            f'the model "{model}" cannot be loaded: {reason[0].rstrip(".")}. Check the name and the network, '
            "or give a folder that `save_pretrained` wrote, or package:NAME/FOLDER."
        ) from error
    if report["missing_keys"]:
        names = sorted(report["missing_keys"])
        message = f"lacks {len(names)} weights, which are initialized at random"
        warnings.warn(f'"{model}" {message}: {join_names(names)}', stacklevel=2)
    return loaded.to(device)


def build_transformer(config: dict[str, Any], dropout: float | None) -> PreTrainedModel:
    """Builds a model with random weights, of an architecture that `transformers` itself has.

    Args:
        config: Values of its configuration, `model_type` among them.
        dropout: Dropout probability inside the model; its own if None.

    Raises:
        UsageError: The architecture is unknown or no encoder.
    """
    from transformers import AutoConfig, AutoModel

    values = drop_external_keys(config)
    try:
        built = AutoConfig.for_model(values.pop("model_type", ""), **values)
    except ValueError as error:
        raise UsageError(
            f"config names no model_type that transformers has, got {config.get('model_type')!r}"
        ) from error
    return AutoModel.from_config(built, dtype=torch.float32, trust_remote_code=False, **_set_options(built, dropout))


def _set_options(config: PretrainedConfig, dropout: float | None) -> dict[str, Any]:
    """Sets the dropout in the configuration and returns options that omit the pooler, whose weights are not used."""
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


@contextmanager
def _silence_transformers() -> Iterator[None]:
    """Turns off the progress bars and reports of `transformers`; missing weights are reported by `load_transformer`."""
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
