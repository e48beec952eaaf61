"""Checks the classes that options of the trainer name: callbacks, loggers, strategies, plugins and profilers.

Each class of Lightning works here, or is refused with what this project has in its place. `docs/trainer_options.md` has
the list, and `tests/commands/test_trainer_classes.py` compares it with what Lightning exports.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

from pytorch_lightning import Callback
from pytorch_lightning.loggers import Logger
from pytorch_lightning.plugins import CheckpointIO, LayerSync, Precision
from pytorch_lightning.plugins.environments import ClusterEnvironment
from pytorch_lightning.profilers import Profiler
from pytorch_lightning.strategies import Strategy

from commands.class_path import check_import_path
from commands.class_registry import format_unknown_argument, get_parameters
from commands.option_reader import Option, read_class_values
from commands.refused_classes import LOGGER_PACKAGES, NEEDS_TORCH_FILES, REFUSED_CLASSES, REFUSED_THEMSELVES
from contracts.errors import join_names, suggest_name

BASES: dict[str, tuple[type, ...]] = {
    "trainer.callbacks": (Callback,),
    "trainer.logger": (Logger,),
    "trainer.strategy": (Strategy,),
    "trainer.plugins": (Precision, ClusterEnvironment, CheckpointIO, LayerSync),
    "trainer.profiler": (Profiler,),
}
"""Base classes by option."""
_MODULES = {
    "trainer.callbacks": ("pytorch_lightning.callbacks",),
    "trainer.logger": ("pytorch_lightning.loggers",),
    "trainer.strategy": ("pytorch_lightning.strategies",),
    "trainer.plugins": ("pytorch_lightning.plugins", "pytorch_lightning.plugins.environments"),
    "trainer.profiler": ("pytorch_lightning.profilers",),
}
"""Where a short name is looked up."""
_LIGHTNING = ("pytorch_lightning.", "lightning_fabric.")


class NamedClass(NamedTuple):
    """A class that an option of the trainer names, and the arguments that are given to it."""

    key: str
    """The option, without dashes."""
    name: str
    arguments: dict[str, Any]
    file: str | None
    """The config that names it; None for the command line."""


def find_trainer_class_errors(options: list[Option]) -> list[str]:
    """Returns a message for each class that cannot be used, and for its unknown and missing arguments.

    Args:
        options: All options, in the order in which they override each other.
    """
    errors = []
    for named in list_named_classes(options):
        error = check_trainer_class(named.key, named.name)
        for message in [error] if error else _find_argument_errors(named):
            errors.append(message if named.file is None else f"{named.file}: {message}")
    return errors


def list_named_classes(options: list[Option]) -> list[NamedClass]:
    """Lists the classes that options of the trainer name, without those that a later option replaces."""
    named: dict[str, list[NamedClass]] = {key: [] for key in BASES}
    for option in options:
        key = option.name.removesuffix("+")
        owner, _, argument = key.rpartition(".")
        if key in BASES:
            found = [NamedClass(key, name, given, option.file) for name, given in read_class_values(option.value)]
            if key in ("trainer.strategy", "trainer.profiler"):  # these take names such as ddp beside classes
                found = [each for each in found if "." in each.name or find_trainer_class(key, each.name)]
            named[key] = [*named[key], *found] if option.name.endswith("+") else found
        elif owner in BASES and named[owner]:
            named[owner][-1].arguments[argument] = option.value
    return [each for classes in named.values() for each in classes]


def check_trainer_class(key: str, name: str) -> str | None:
    """Returns the error message for a class that an option of the trainer does not accept; None if it is accepted.

    Args:
        key: The option, without dashes.
        name: The short name of a class, or its dotted path.
    """
    if name.startswith("lightning.pytorch.") and find_spec("lightning") is None:
        return f"--{key} {name} is {name.replace('lightning.pytorch', 'pytorch_lightning')} here"
    if not all(word.isidentifier() for word in name.split(".")):
        return f"--{key} {name} is not the name of a class; one of your own has an import path, my_package.MyClass"
    if "." in name:
        error = check_import_path(key, name, BASES[key])
        if error is not None:
            return error
    cls = find_trainer_class(key, name)
    if cls is None and name in REFUSED_CLASSES:
        return f"--{key} {name} is not supported here: {REFUSED_CLASSES[name]}"
    if cls is None:
        names = list_usable_classes(key)
        return (
            f"--{key} has no choice named {name}.{suggest_name(name, names)} It takes: {join_names(names, 30)}; for a "
            f"class of your own give its import path, my_package.{name}"
        )
    for base in cls.__mro__:
        is_refused = base.__name__ in REFUSED_CLASSES and base.__module__.startswith(
            ("pytorch_lightning.", "lightning_fabric.")
        )
        if is_refused and (base is cls or base.__name__ not in REFUSED_THEMSELVES):
            return f"--{key} {name} is not supported here: {REFUSED_CLASSES[base.__name__]}"
    if cls.__module__.startswith("callbacks."):
        return f"--{key} {name} is not supported here: every run has it; docs/training.md lists its options"
    package = LOGGER_PACKAGES.get(cls.__name__)
    if package is not None and find_spec(package) is None:
        return (
            f"--{key} {name} needs the package {package}, which is not installed: pip install {package}. Every run "
            "writes TensorBoard curves without it"
        )
    if issubclass(cls, CheckpointIO) and cls.__name__ != "TorchCheckpointIO":
        return f"--{key} {name} is not supported here: {NEEDS_TORCH_FILES}"
    return None


def find_trainer_class(key: str, name: str) -> type | None:
    """Returns the class that an option of the trainer names by its short name or dotted path; None if there is none."""
    module, _, short_name = name.rpartition(".")
    modules = (module,) if module else _MODULES[key]
    for place in modules:
        found = getattr(importlib.import_module(place), short_name, None)
        if isinstance(found, type) and issubclass(found, BASES[key]):
            return found
    if module:
        return None
    return next((cls for base in BASES[key] for cls in _walk_subclasses(base) if cls.__name__ == name), None)


def list_usable_classes(key: str) -> list[str]:
    """Lists the names of Lightning's classes that an option of the trainer accepts."""
    names = {
        name
        for module in _MODULES[key]
        for name, member in vars(importlib.import_module(module)).items()
        if isinstance(member, type) and issubclass(member, BASES[key]) and not name.startswith("_")
    }
    return sorted(name for name in names if check_trainer_class(key, name) is None)


def _find_argument_errors(named: NamedClass) -> Iterator[str]:
    """Yields a message for each unknown and each missing argument of a class."""
    cls = find_trainer_class(named.key, named.name)
    assert cls is not None
    parameters = get_parameters(cls)
    accepts_any = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(cls).parameters.values())
    for argument in named.arguments:
        if argument.split(".")[0] not in (*parameters, "dict_kwargs") and not accepts_any:
            yield format_unknown_argument(named.key, cls, argument)
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in {word.split(".")[0] for word in named.arguments}:
            yield f"--{named.key} {named.name} needs --{named.key}.{name} {name.upper()}"


def _walk_subclasses(base: Any) -> Iterator[type]:
    """Yields all direct and indirect subclasses of a class that are imported."""
    for child in base.__subclasses__():
        yield child
        yield from _walk_subclasses(child)
