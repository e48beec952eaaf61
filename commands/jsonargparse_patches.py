"""Two private functions of jsonargparse 4.53, replaced while options are parsed; it has no setting for either.

1. `discard_init_args_on_class_path_change`: when another class is selected, jsonargparse keeps those arguments of the
   previous class that the new one also accepts. `--model.optimizer SGD` would get a weight decay of 0.01, as AdamW,
   the default, has it. With the patch a new class gets its own defaults.
2. `get_all_subclass_paths`: jsonargparse rejects a short name that two classes have. `ReduceLROnPlateau` is in torch
   and again in `pytorch_lightning.cli`, for Lightning's own command line. With the patch it is that of torch.

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


def _discard_arguments_of_previous_class(parser: Any, previous: Any, new: Any) -> None:
    """Removes all arguments of the previous class from the config if the new class differs."""
    if previous and "init_args" in previous and previous["class_path"] != new["class_path"]:
        for name in list(vars(previous["init_args"])):
            previous["init_args"].pop(name)


def _get_subclass_paths_without_lightning_cli(*arguments: Any, **options: Any) -> list[str]:
    """Returns the class paths that jsonargparse finds, except those in `pytorch_lightning.cli`."""
    paths = _get_all_subclass_paths(*arguments, **options)
    return [path for path in paths if not path.startswith("pytorch_lightning.cli.")]


_REPLACEMENTS = {
    "discard_init_args_on_class_path_change": _discard_arguments_of_previous_class,
    "get_all_subclass_paths": _get_subclass_paths_without_lightning_cli,
}
