"""Two private functions of jsonargparse 4.53, replaced while options are parsed; it has no setting for either.

1. `discard_init_args_on_class_path_change`: when another class is named, jsonargparse keeps those arguments of the
   former class that the new one accepts as well. `--model.optimizer SGD` would get a weight decay of 0.01, as AdamW,
   the default, has it. Here a new class starts from its own defaults.
2. `get_all_subclass_paths`: jsonargparse refuses a short name that two classes have. `ReduceLROnPlateau` is in torch
   and again in `pytorch_lightning.cli`, for Lightning's own command line. Here the one of torch is meant.

`tests/commands/test_class_defaults.py` fails if a version of jsonargparse no longer calls them; the version is pinned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jsonargparse import _typehints

_get_all_subclass_paths = _typehints.get_all_subclass_paths


@contextmanager
def patch_jsonargparse() -> Iterator[None]:
    """Replaces both functions for the duration of a `with` block."""
    originals = {name: getattr(_typehints, name) for name in _REPLACEMENTS}
    try:
        for name, function in _REPLACEMENTS.items():
            setattr(_typehints, name, function)
        yield
    finally:
        for name, function in originals.items():
            setattr(_typehints, name, function)


def _discard_arguments_of_previous_class(parser: Any, former: Any, new: Any) -> None:
    """Removes all arguments of the former class from the config if the new class is another one."""
    if former and "init_args" in former and former["class_path"] != new["class_path"]:
        for name in list(vars(former["init_args"])):
            former["init_args"].pop(name)


def _get_subclass_paths_without_lightning_cli(*arguments: Any, **options: Any) -> list[str]:
    """Lists the paths that jsonargparse lists, without those of `pytorch_lightning.cli`."""
    paths = _get_all_subclass_paths(*arguments, **options)
    return [path for path in paths if not path.startswith("pytorch_lightning.cli.")]


_REPLACEMENTS = {
    "discard_init_args_on_class_path_change": _discard_arguments_of_previous_class,
    "get_all_subclass_paths": _get_subclass_paths_without_lightning_cli,
}
