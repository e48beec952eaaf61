"""Loads tokenizers and models of `transformers` that rewrite texts; they are never trained here."""

from __future__ import annotations

from typing import Any

import torch

from contracts.errors import UsageError, join_names
from contracts.pretrained_path import summarize_loading_error


def load_pretrained(auto_class: str, path: str, name: str) -> Any:
    """Loads a tokenizer or a model, the latter in evaluation mode.

    Args:
        auto_class: A class of `transformers` with `from_pretrained`.
        path: A folder or a hub name.
        name: The model as the user wrote it, for error messages.

    Raises:
        UsageError: It cannot be found, or has no weights for this class.
    """
    import transformers  # takes seconds to import

    try:
        if not auto_class.startswith("AutoModel"):
            return getattr(transformers, auto_class).from_pretrained(path, trust_remote_code=False)
        model, info = getattr(transformers, auto_class).from_pretrained(
            path, trust_remote_code=False, output_loading_info=True
        )
    except Exception as error:  # of many types: no network, unknown name, damaged file, missing library
        if "trust_remote_code" in str(error):
            raise UsageError(
                f"model {name} needs Python code of its own, which is never run; choose a model of an architecture "
                "that transformers itself has"
            ) from error
        raise UsageError(
            f"model {name} cannot be loaded ({summarize_loading_error(error)}); give a folder saved by "
            "`save_pretrained`, or a name on the hub while it can be reached"
        ) from error
    if info["missing_keys"]:
        raise UsageError(
            f"model {name} lacks trained weights for {join_names(sorted(info['missing_keys']), 2)}; give one that was "
            f"saved as {type(model).__name__}"
        )
    return model.eval()


def choose_device() -> torch.device:
    """Returns a GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
