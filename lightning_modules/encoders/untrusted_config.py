"""Checks the configuration of a transformer in a checkpoint: nothing is loaded by name, no size is absurd."""

from __future__ import annotations

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
        numbers = value if isinstance(value, list) else [value]
        largest = max((number for number in numbers if isinstance(number, int)), default=0)
        if largest > _MAX_INTEGER and "theta" not in key:
            raise DataError(f"the checkpoint's model has {key} {largest}; {_MAX_INTEGER:,} is the most")
    from transformers import CONFIG_MAPPING, MODEL_MAPPING

    name = config.get("model_type")
    if not isinstance(name, str) or name not in CONFIG_MAPPING:
        raise DataError(f"the checkpoint's model is of type {repr(name)[:50]}, which transformers does not have")
    model_class = MODEL_MAPPING.get(CONFIG_MAPPING[name], None)
    if getattr(model_class, "main_input_name", None) != "input_ids":
        raise DataError(f"the checkpoint's model is of type {name}, which is no encoder of texts")
