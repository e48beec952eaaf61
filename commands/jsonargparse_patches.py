"""How classes are chosen: by their plain names, and each starting from its own defaults.

Two habits of jsonargparse, for which it has no switch, are replaced while arguments are parsed. It hands on those
arguments of the former class that the new one has as well: `--model.optimizer SGD` would decay weights because the
default, AdamW, does. And a name that two classes bear is refused, though Lightning's `ReduceLROnPlateau` is there for
its own command line alone and no choice here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jsonargparse import _typehints

_all_paths = _typehints.get_all_subclass_paths


@contextmanager
def patch_jsonargparse() -> Iterator[None]:
    """Within it, arguments outlive a further config or option only where that leaves the class as it was."""
    theirs = {name: getattr(_typehints, name) for name in _OURS}
    try:
        for name, function in _OURS.items():
            setattr(_typehints, name, function)
        yield
    finally:
        for name, function in theirs.items():
            setattr(_typehints, name, function)


def _forget_former_arguments(parser: Any, former: Any, chosen: Any) -> None:
    if former and "init_args" in former and former["class_path"] != chosen["class_path"]:
        for name in list(vars(former["init_args"])):
            former["init_args"].pop(name)


def _choosable_paths(*arguments: Any, **options: Any) -> list[str]:
    return [path for path in _all_paths(*arguments, **options) if not path.startswith("pytorch_lightning.cli.")]


_OURS = {
    "discard_init_args_on_class_path_change": _forget_former_arguments,
    "get_all_subclass_paths": _choosable_paths,
}
