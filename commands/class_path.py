"""Imports the class that an option names, and checks it: it must exist, be concrete and have the right base class."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from commands.class_registry import (
    EXTENSION_POINTS,
    STORED_IN_CHECKPOINTS,
    format_own_class_hint,
    format_unknown_class,
    get_registered_classes,
)
from commands.common_names import CLASS_NAMES
from contracts.errors import suggest_name
from lightning_modules.losses.base import Loss


def find_class(key: str, name: str) -> type | None:
    """Returns the class that an option names by its short name or dotted path; None if there is none.

    >>> find_class("model.encoder", "RNN").__module__
    'lightning_modules.encoders.rnn'
    """
    module, _, short_name = name.rpartition(".")
    if not module:
        return get_registered_classes(key).get(name)
    try:
        found = getattr(importlib.import_module(module), short_name, None)
    except Exception:  # of any type: the module of a user runs; `check_class` reports it
        return None
    return found if isinstance(found, type) else None


def check_class(key: str, name: str) -> str | None:
    """Returns the error message for a class that an option does not accept; None if it is valid.

    Args:
        key: The option, without dashes.
        name: The short name of a class, or its dotted path.
    """
    base = EXTENSION_POINTS.get(key) or {"model.optimizer": Optimizer, "model.lr_scheduler": LRScheduler}.get(key, Loss)
    if name.isidentifier():
        if name in get_registered_classes(key):
            return None
        abstract = next(
            (cls for cls in _walk_subclasses(base) if cls.__name__ == name and inspect.isabstract(cls)), None
        )
        if abstract is not None:
            return _format_abstract(key, name, abstract)
        return format_unknown_class(key, name, CLASS_NAMES.get(key, {}).get(name.lower()))
    if key == "data.source" and (Path(name).exists() or "/" in name):
        return f"--data.source names a class, got a path. Did you mean --data.source Files --data.source.path {name}?"
    if not all(word.isidentifier() for word in name.split(".")):
        return f"--{key} {name} is not the name of a class. It takes: {', '.join(sorted(get_registered_classes(key)))}"
    return check_import_path(key, name, (base,))


def check_import_path(key: str, name: str, bases: tuple[type, ...]) -> str | None:
    """Returns the error message for a dotted path that is not that of a class to use; None if it is valid.

    Args:
        key: The option, without dashes.
        name: The dotted path of a class.
        bases: The class must derive from one of them.
    """
    module, _, short_name = name.rpartition(".")
    base = bases[0]
    try:
        found = getattr(importlib.import_module(module), short_name, None)
    except Exception as error:  # of any type: the module of a user runs
        if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            is_stored = key in STORED_IN_CHECKPOINTS
            fix = format_own_class_hint(key, short_name) if is_stored else "; is its folder on PYTHONPATH?"
            return f"--{key} {name}: {module} cannot be imported ({error}){fix}"
        return f"--{key} {name}: {_format_import_error(module, error)}"
    if found is None:
        defined = [cls.__name__ for one in bases for cls in _walk_subclasses(one) if cls.__module__ == module]
        return f"--{key} {name}: {module} has no class {short_name}.{suggest_name(short_name, defined)}"
    if not isinstance(found, type):
        what = "a function, not a class" if callable(found) else "not a class"
        return f"--{key} {name} is {what}: name a class derived from {base.__module__}.{base.__name__}"
    if not issubclass(found, bases):
        return f"--{key} {name} is not a {base.__name__}: derive the class from {base.__module__}.{base.__name__}"
    if inspect.isabstract(found):
        return _format_abstract(key, name, found)
    return None


def _format_import_error(module: str, error: Exception) -> str:
    """Returns what fails in a module that is found, with file and line."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno} is not valid Python ({error.msg}); fix that line"
    frame = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename][-1]
    reason = str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
    return f"{module} is found, but importing it fails in {frame.filename}:{frame.lineno} ({reason})"


def _format_abstract(key: str, name: str, cls: type) -> str:
    """Returns the message for an abstract class, with its file and the methods to implement."""
    missing = sorted(getattr(cls, "__abstractmethods__", ()))
    owners = dict.fromkeys(next(base for base in cls.__mro__ if method in vars(base)).__name__ for method in missing)
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    where = f" ({file})" if file else ""
    which = "which every" if len(missing) == 1 else "all of which every"
    methods = f"method{'s' * (len(missing) > 1)} {', '.join(missing)}"
    return f"--{key} {name}{where} has no {methods}, {which} {' and '.join(owners)} must define"


def _walk_subclasses(base: Any) -> Iterator[type]:
    """Yields all direct and indirect subclasses of a class."""
    for child in base.__subclasses__():
        yield child
        yield from _walk_subclasses(child)
