"""Loads a pretrained transformer from the hub or a folder, or builds one with random weights from its configuration.

No code that comes with a model is ever run: `transformers` would ask on standard input, unless `trust_remote_code` is
False. Weights are loaded on the CPU and then moved: within the device context in which Lightning builds a model,
`transformers` would ask for `accelerate`.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from contracts.errors import UsageError, join_names
from contracts.pretrained_path import resolve_model_name_or_path, summarize_loading_error
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
WORKING_TYPES = (
    "choose a model such as BERT, RoBERTa, XLM-RoBERTa, DistilBERT, ALBERT, ELECTRA, DeBERTa, MPNet or ModernBERT; "
    "docs/models.md lists the architectures"
)
"""The end of a message that refuses an architecture."""
_UNUSABLE_TYPES = {
    "funnel": "it pools tokens together with padding, and fails on texts of fewer than 5 tokens",
    "mra": "its attention needs a CUDA kernel of its own, and without it no token attends to another",
    "nllb-moe": "each token chooses the experts that are trained, so that parameters without gradient differ by batch",
    "reformer": "in training it needs texts of exactly one length",
    "switch_transformers": "each token chooses the experts that are trained, so that parameters without gradient "
    "differ by batch",
}
_REPLACED_VALUES = {
    "use_cache": False,  # needed by decoders that generate
    "layerdrop": 0.0,  # a layer that is left out has no gradient, and DDP waits for it
    "encoder_layerdrop": 0.0,
    "attention_type": "original_full",  # BigBird's sparse attention seeds NumPy's generator in each step
}


def load_transformer(model: str, dropout: float | None) -> tuple[PreTrainedModel, list[str]]:
    """Loads configuration and weights from the hub or a folder, to the device on which new tensors are made.

    Args:
        model: A hub name, a folder, or `package:NAME/FOLDER`.
        dropout: Dropout probability inside the model; its own if None.

    Returns:
        The model, and notes on weights that its files lack.

    Raises:
        UsageError: The model does not exist, is damaged, needs code of its own, or is no encoder; its files lack most
            of its weights.
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
        with silence_transformers(), torch.device("meta" if device.type == "meta" else "cpu"):
            config = AutoConfig.from_pretrained(path, trust_remote_code=False)
            options = _adapt_config(config, dropout)
            if device.type == "meta":  # only the shapes are needed
                return AutoModel.from_config(config, dtype=torch.float32, trust_remote_code=False, **options), []
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
        raise UsageError(
            f'the model "{model}" cannot be loaded: {summarize_loading_error(error)}. Check the name and the network, '
            "or give a folder that `save_pretrained` wrote, or package:NAME/FOLDER."
        ) from error
    notes = _check_weights(loaded, report["missing_keys"], model)
    return loaded.to(device), notes


def _check_weights(loaded: PreTrainedModel, missing: Collection[str], model: str) -> list[str]:
    """Returns a note on the weights of an encoder that were not in its files.

    Args:
        loaded: The model, of which only the encoder is used.
        missing: The names of the weights that were not in the files, of parts that are not used as well.
        model: Its name, for messages.

    Raises:
        UsageError: Most weights are missing, or those of the tokens' vectors, or some are not finite.
    """
    encoder = take_encoder(loaded)
    parameters = dict(encoder.named_parameters())
    used = {id(weight) for weight in parameters.values()}
    all_names = list(loaded.named_parameters(remove_duplicate=False))
    found = {id(weight) for name, weight in all_names if name not in missing}  # by one of its names, if it is tied
    absent = {
        id(weight): name
        for name, weight in reversed(all_names)
        if id(weight) in used - found and "pooler" not in name  # whose output is not used
    }
    names = sorted(absent.values())
    try:
        vectors = {id(weight) for weight in encoder.get_input_embeddings().parameters()}
    except (NotImplementedError, AttributeError):
        vectors = set()
    if len(names) > len(parameters) / 2 or vectors & absent.keys():
        raise UsageError(
            f'the files of "{model}" lack {len(names)} of the {len(parameters)} weights that its config.json describes '
            f"({join_names(names, 3)}), so they are of another model or class; give the folder that "
            "`save_pretrained` wrote"
        )
    infinite = next((name for name, weight in parameters.items() if not bool(weight.isfinite().all())), None)
    if infinite is not None:
        raise UsageError(f'the weights of "{model}" are not finite ({infinite}); give another model')
    if not names:
        return []
    return [f'"{model}" lacks {len(names)} weights, which are initialized at random: {join_names(names)}']


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
    built.architectures = built.architectures or []  # iterated over for architectures of two classes, such as Funnel
    return AutoModel.from_config(built, dtype=torch.float32, trust_remote_code=False, **_adapt_config(built, dropout))


def take_encoder(model: PreTrainedModel) -> PreTrainedModel:
    """Returns the encoder of a model that has a decoder too, such as T5 and BART; any other model as it is."""
    return model.get_encoder() if model.config.is_encoder_decoder else model


def _adapt_config(config: PretrainedConfig, dropout: float | None) -> dict[str, Any]:
    """Sets dropout and what batches of padded texts need, and returns options that omit the pooler, which is not used.

    Raises:
        UsageError: The architecture is no encoder of texts.
    """
    from transformers import MODEL_MAPPING

    name = config.model_type
    if name in _UNUSABLE_TYPES:
        raise UsageError(f"{name} cannot be used: {_UNUSABLE_TYPES[name]}; {WORKING_TYPES}")
    if type(config) not in MODEL_MAPPING or not isinstance(getattr(config, "hidden_size", None), int):
        raise UsageError(f"{name} is no encoder of texts; {WORKING_TYPES}")
    classes: Any = MODEL_MAPPING[type(config)]
    model_class = classes[0] if isinstance(classes, tuple) else classes
    if "input_ids" not in inspect.signature(model_class.forward).parameters:
        raise UsageError(f"{name} is no encoder of texts; {WORKING_TYPES}")
    if dropout is not None:
        check_dropout(dropout=dropout)
        names = [name for name in _DROPOUTS if isinstance(getattr(config, name, None), float | int)]
        if not names:
            raise UsageError(f"{config.model_type} has no dropout to set; leave dropout out")
        for name in names:
            setattr(config, name, dropout)
    for name, value in _REPLACED_VALUES.items():
        if hasattr(config, name):
            setattr(config, name, value)
    return {"add_pooling_layer": False} if "add_pooling_layer" in inspect.signature(model_class).parameters else {}


@contextmanager
def silence_transformers() -> Iterator[None]:
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
