"""Checks the configuration of a transformer in a checkpoint: nothing is loaded by name, no size is absurd."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from contracts.errors import DataError

_IGNORED = frozenset(
    {
        "auto_map",
        "trust_remote_code",
        "_name_or_path",
        "name_or_path",
        "attn_implementation",
        "_attn_implementation",
        "_attn_implementation_internal",
        "experts_implementation",
        "_experts_implementation",
        "_experts_implementation_internal",
        "use_kernels",
        "quantization_config",
        "num_labels",
        "id2label",
        "label2id",
    }
)
"""Keys that name code, kernels or models to load, and labels, which an encoder has none of."""
_MAX_INTEGER = 2**22  # no vocabulary of a published model has a million entries
_LIMITS = {
    re.compile(r"attention_window|local|chunk|stride|segment_means|landmark|block_size|num_random|buckets"): 1024,
    re.compile(r"num_hash|n_hash|rounds|num_repeats|block_repeats|memory_blocks"): 1024,
    re.compile(r"hash_code"): 16,
    re.compile(r"heads?$|n_head_kv"): 256,
    re.compile(r"(num|n)_(hidden_|encoder_|decoder_)?layers?$|depth"): 512,
}
"""The largest values, by part of the key, of what takes memory or time without having weights of its own.

Texts are padded to the window of Longformer; hashing has two to the power of `hash_code_len` buckets; layers may share
their weights, as those of ALBERT do.
"""


def drop_external_keys(config: dict[str, Any]) -> dict[str, Any]:
    """Returns a configuration without what names code, kernels or other models, also in nested configurations."""
    return {
        key: drop_external_keys(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if key not in _IGNORED
    }


def check_untrusted_config(config: dict[str, Any]) -> None:
    """Raises an error unless a configuration describes a text model of plausible sizes.

    Args:
        config: Plain values.

    Raises:
        DataError: It has a backbone to load, an integer too large, or is no model of token ids.
    """
    for key, value in config.items():
        if isinstance(value, dict):
            check_untrusted_config({"model_type": "bert"} | value)
        elif "backbone" in key and value not in (None, False):
            raise DataError(f"the checkpoint's model has a {key}, which would be loaded by name")
        largest = max(_iterate_integers(value), default=0)
        limit = min((most for pattern, most in _LIMITS.items() if pattern.search(key)), default=_MAX_INTEGER)
        if largest > limit and "theta" not in key:
            raise DataError(f"the checkpoint's model has {key} {largest}; {limit:,} is the most")
    from transformers import CONFIG_MAPPING, MODEL_MAPPING

    name = config.get("model_type")
    if not isinstance(name, str) or name not in CONFIG_MAPPING:
        raise DataError(f"the checkpoint's model is of type {repr(name)[:50]}, which transformers does not have")
    model_class = MODEL_MAPPING.get(CONFIG_MAPPING[name], None)
    if getattr(model_class, "main_input_name", None) != "input_ids":
        raise DataError(f"the checkpoint's model is of type {name}, which is no encoder of texts")


def _iterate_integers(value: Any) -> Iterator[int]:
    """Yields the integers of a value, also those in lists."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _iterate_integers(inner)
