"""Checks on a few tiny texts that a transformer encodes texts as the project assumes, before it is trained.

Hundreds of architectures can be loaded by the same call, and not all are encoders of texts: on some, padding has an
effect in spite of the mask, or the first token attends to no other. Such a model would be trained to a worse result, in
silence. The check needs a fraction of a second, since it uses a copy of the architecture with tiny layers and random
weights; only where none can be built, it uses the model itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from contracts.errors import UsageError
from contracts.max_positions import get_max_positions
from contracts.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.tiny_transformer import MAX_POSITIONS, VOCAB_SIZE, shrink_config
from lightning_modules.encoders.transformer_loading import WORKING_TYPES, silence_transformers

if TYPE_CHECKING:  # slow to import
    from transformers import PretrainedConfig

BuildEncoder = Callable[[TextSpec, dict[str, Any]], TextEncoder]
"""Builds an encoder from the values of a configuration, with the options that are to be checked."""
_LENGTHS = (0, 1, 2, 5, 11)
_TOLERANCE = 2e-5  # of the largest value; rounding differs by 1e-6
_GPU_TOLERANCE = 5e-3  # matrix products may be computed in fewer bits there
_MAX_PARAMETERS = 5_000_000  # more are no tiny copy: a size has a name that is not known
_results: dict[tuple[Any, ...], bool | str] = {}


def check_tiny_copy(config: PretrainedConfig, pooling: str, pairs: bool, build: BuildEncoder) -> bool:
    """Checks a copy of an architecture that has tiny layers and random weights; see `check_encoder`.

    It is computed on the CPU, once per configuration; random generators stay as they are.

    Args:
        config: Configuration of the model.
        pooling: How one vector per text is computed from the hidden states.
        pairs: Whether the texts are pairs.
        build: Builds the encoder of the tiny configuration.

    Returns:
        Whether the copy could be built and run; if not, nothing is known.

    Raises:
        UsageError: The architecture does not encode texts independently of padding, or not with this pooling.
    """
    key = (type(config).__name__, config.to_json_string(use_diff=False), pooling, pairs)
    if key not in _results:
        _results[key] = _try_tiny_copy(config, pooling, pairs, build)
    result = _results[key]
    if isinstance(result, str):
        raise UsageError(result)
    return result


def check_encoder(encoder: TextEncoder, model_type: str, pooling: str, spec: TextSpec) -> None:
    """Encodes a few tiny texts, and raises an error if the vectors are not what the project assumes.

    Weights, gradients and the training mode of each module stay as they are.

    Args:
        encoder: A transformer, with any weights.
        model_type: Its architecture, for messages.
        pooling: How one vector per text is computed from the hidden states.
        spec: Sizes of the data.

    Raises:
        UsageError: It cannot encode such texts, vectors depend on padding, or pooling uses a token that does not
            attend to the others.
    """
    modes = [(module, module.training) for module in encoder.modules()]
    encoder.eval()
    try:
        with torch.no_grad():
            _check_vectors(encoder, model_type, pooling, spec)
    finally:
        for module, mode in modes:
            module.training = mode


def _try_tiny_copy(config: PretrainedConfig, pooling: str, pairs: bool, build: BuildEncoder) -> bool | str:
    """Returns whether the copy could be built and run, or the message of its error."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"), warnings.catch_warnings(), silence_transformers():
        warnings.simplefilter("ignore")
        torch.default_generator.manual_seed(0)
        try:
            tiny = shrink_config(config)
            tiny.architectures = tiny.architectures or []
            if _count_parameters(tiny) > _MAX_PARAMETERS:
                return False
            padding_id = tiny.pad_token_id if isinstance(getattr(tiny, "pad_token_id", None), int) else 0
            max_length = min(get_max_positions(tiny) or MAX_POSITIONS, MAX_POSITIONS)
            counts = (1, 1), 2, min(getattr(tiny, "vocab_size", VOCAB_SIZE), VOCAB_SIZE)
            spec = TextSpec("single_label", ("a", "b"), *counts, max(0, padding_id), max_length, pairs)
            encoder = build(spec, tiny.to_dict())
            encoder(torch.ones(1, 3, dtype=torch.long), torch.ones(1, 3, dtype=torch.bool))
        except Exception:  # of many types: an unknown size was kept and does not fit the others
            return False
        try:
            check_encoder(encoder, config.model_type, pooling, spec)
        except UsageError as error:
            return str(error)
    return True


def _count_parameters(config: PretrainedConfig) -> int:
    """Counts the parameters of a model, built without memory for them."""
    from transformers import AutoModel

    with torch.device("meta"):
        model = AutoModel.from_config(config, trust_remote_code=False)
    return sum(parameter.numel() for parameter in model.parameters())


def _check_vectors(encoder: TextEncoder, model_type: str, pooling: str, spec: TextSpec) -> None:
    """Encodes texts alone and in a padded batch, and with another token; raises `UsageError` if vectors are wrong."""
    device = next(encoder.parameters()).device
    lengths = sorted({min(length, spec.max_length) for length in (*_LENGTHS, min(spec.max_length, MAX_POSITIONS))})
    mask = (torch.arange(lengths[-1]) < torch.tensor(lengths)[:, None]).to(device)
    ids = _choose_ids(mask, spec)
    types = (torch.arange(lengths[-1], device=device) > 2).long().expand_as(ids) * mask if spec.pairs else None

    def encode(rows: slice, num_tokens: int) -> Tensor:
        part = slice(rows.start, rows.stop), slice(num_tokens)
        return encoder(ids[part], mask[part], None if types is None else types[part])

    try:
        batch = encode(slice(0, len(lengths)), lengths[-1])
        alone = torch.cat([encode(slice(row, row + 1), length) for row, length in enumerate(lengths)])
    except Exception as error:  # of many types, raised by the model
        reason = (str(error).strip().splitlines() or [""])[0]
        raise UsageError(
            f"{model_type} cannot encode texts of {lengths[0]} to {lengths[-1]} tokens "
            f"({type(error).__name__}: {reason}); {WORKING_TYPES}"
        ) from error
    scale = batch.abs().max().clamp_min(1e-6)
    tolerance = (_TOLERANCE if device.type == "cpu" else _GPU_TOLERANCE) * scale
    if not bool(batch.isfinite().all()):
        raise UsageError(f"{model_type} gives vectors that are not finite; {WORKING_TYPES}")
    difference = (batch - alone).abs().max()
    if bool(difference > tolerance):
        raise UsageError(
            f"{model_type} is no encoder for batches: padding changes the vector of a text by "
            f"{float(difference / scale):.1%}, in spite of the attention mask; {WORKING_TYPES}"
        )
    if pooling in _OTHER_TOKEN and spec.max_length >= 3:
        whole = torch.ones(2, 3, dtype=torch.bool, device=device)
        two = _choose_ids(whole, spec)
        two[1] = two[0]
        two[1, _OTHER_TOKEN[pooling]] = two[0, 0]
        vectors = encoder(two, whole)
        if bool((vectors[0] - vectors[1]).abs().max() < 1e-7 * scale):
            raise UsageError(
                f"pooling {pooling} uses the first token, which attends to no later token in {model_type}, so that its "
                "vector is the same for all texts with this token; choose pooling mean or last"
            )


_OTHER_TOKEN = {"cls": 2, "last": 1}
"""By pooling, a token of three that must have an effect."""


def _choose_ids(mask: Tensor, spec: TextSpec) -> Tensor:
    """Returns ids that differ from token to token and are not padding, and padding where the mask is false."""
    count = torch.arange(mask.numel(), device=mask.device).view_as(mask)
    ids = (count * 7 + 5) % spec.vocabulary_size
    ids = torch.where(ids == spec.padding_id, (ids + 1) % spec.vocabulary_size, ids)
    return torch.where(mask, ids, spec.padding_id)
