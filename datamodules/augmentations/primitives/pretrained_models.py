"""Loads parts of pretrained models that change texts; these never learn here, and no model of this project has them."""

from __future__ import annotations

from typing import Any

import torch

from contracts.errors import UsageError, join_names


def load_part(kind: str, path: str, given: str) -> Any:
    """A tokenizer or a model.

    Args:
        kind: A class of `transformers` with `from_pretrained`.
        path: A folder or a hub name.
        given: What the user wrote, for messages.

    Raises:
        UsageError: It is not there, or of another kind.
    """
    import transformers  # takes seconds, and only those who use it need it

    try:
        if not kind.startswith("AutoModel"):
            return getattr(transformers, kind).from_pretrained(path)
        model, info = getattr(transformers, kind).from_pretrained(path, output_loading_info=True)
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise UsageError(
            f"model {given} cannot be loaded ({reason}); give a folder saved by `save_pretrained`, or a name on the "
            "hub while it can be reached"
        ) from error
    if info["missing_keys"]:
        raise UsageError(
            f"model {given} lacks trained weights for {join_names(sorted(info['missing_keys']), 2)}; give one that was "
            f"saved as {type(model).__name__}"
        )
    return model.eval()


def run_device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
