"""Lists the classes that options can name and their parameters; formats the messages for unknown names."""

from __future__ import annotations

import inspect
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import torch.optim.lr_scheduler
from torch.optim import Optimizer

from contracts.discovery import find_implementations
from contracts.errors import join_names, suggest_name
from datamodules.augmentations.base import Augmentation
from datamodules.samplers.base import TextSampler
from datamodules.sources.base import Source
from datamodules.tokenizers.base import Tokenizer
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.losses.base import Loss
from lightning_modules.optim.lr_schedulers import COMBINING
from lightning_modules.optim.optimizer_checks import UNUSABLE_OPTIMIZERS
from lightning_modules.optim.schedules import ProgressSchedule

EXTENSION_POINTS: dict[str, type] = {
    "data.source": Source,
    "data.tokenizer": Tokenizer,
    "data.sampler": TextSampler,
    "data.augmentations": Augmentation,
    "data.tta_augmentations": Augmentation,
    "compare": Tokenizer,
    "model.encoder": TextEncoder,
    "model.head": Head,
    "model.loss": Loss,
}
"""Base class by option, for options that name a class of this project."""
STORED_IN_CHECKPOINTS = ("data.tokenizer", "data.tta_augmentations", "model.encoder", "model.head")
"""Options whose class a checkpoint names, so that it must be one of this project."""
CLASS_OPTIONS = (*EXTENSION_POINTS, "model.optimizer", "model.lr_scheduler")
"""All options that name a class, including those for classes of torch."""


def get_registered_classes(key: str) -> dict[str, type]:
    """Maps the class names that an option accepts to the classes; empty for an option that does not name a class.

    >>> sorted(get_registered_classes("model.head"))
    ['Linear']
    """
    if key in EXTENSION_POINTS or key.endswith(".base"):
        base: type[Any] = EXTENSION_POINTS.get(key, Loss)
        return {cls.__name__: cls for cls in find_implementations(base)}
    if key == "model.optimizer":
        return {cls.__name__: cls for cls in _list_torch_subclasses(Optimizer)}
    if key == "model.lr_scheduler":
        schedules = {cls.__name__: cls for cls in ProgressSchedule.__subclasses__()}
        of_torch = _list_torch_subclasses(torch.optim.lr_scheduler.LRScheduler)
        return schedules | {cls.__name__: cls for cls in of_torch if cls not in COMBINING}
    return {}


def get_parameters(cls: type) -> dict[str, inspect.Parameter]:
    """Maps names to those constructor parameters that a config can set; positional-only ones are set by the project."""
    from_project = 2 if issubclass(cls, (Optimizer, torch.optim.lr_scheduler.LRScheduler)) else 1  # self, parameters
    parameters = list(_get_signature(cls).parameters.values())[from_project:]
    return {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def get_parameter_type(cls: type, name: str) -> Any:
    """Returns the type of a constructor parameter; None if it has no annotation, or one that cannot be resolved."""
    try:
        return get_type_hints(cls.__init__).get(name)  # type: ignore[misc]  # the constructor of that very class
    except Exception:  # a hint of another package that does not resolve
        return None


def list_fields(annotation: Any) -> list[str]:
    """Lists the fields of a dataclass, also of one that may be None; empty for every other type."""
    return [
        field.name for member in (annotation, *get_args(annotation)) if is_dataclass(member) for field in fields(member)
    ]


def accepts_any_keyword(cls: type) -> bool:
    """Whether a constructor has `**kwargs`, so that only the parser can check argument names."""
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in _get_signature(cls).parameters.values())


def format_unknown_class(key: str, name: str, meant: str | None = None) -> str:
    """Returns the message for a class name that the option does not accept.

    Args:
        key: The option, without dashes.
        name: The unknown name.
        meant: The options to suggest; if None, the most similar name is suggested.
    """
    names = sorted(set(get_registered_classes(key)) - UNUSABLE_OPTIMIZERS.keys())
    suggestion = f" Did you mean {meant}?" if meant else suggest_name(name, names)
    own = "" if meant or name == "null" else format_own_class_hint(key, name)
    return f"--{key} has no choice named {name}.{suggestion} It takes: {join_names(names, 30)}{own}"


def format_own_class_hint(key: str, name: str) -> str:
    """Returns where to put a class of the user's own, to end a message; empty for classes of torch."""
    if key in STORED_IN_CHECKPOINTS:
        folder = EXTENSION_POINTS[key].__module__.rpartition(".")[0].replace(".", "/")
        return f"; for a class of your own put its file into {folder}/ and give --{key} {name.rpartition('.')[2]}"
    return f"; for a class of your own give its import path, my_package.{name}" if key in EXTENSION_POINTS else ""


def format_unknown_argument(key: str, cls: type, name: str) -> str:
    """Returns the message for an argument that the selected class does not have."""
    names = list(get_parameters(cls))
    takes = f" It takes: {join_names(names, 30)}" if names else " It takes none."
    return f"--{key} {cls.__name__} has no argument {name}.{suggest_name(name, names)}{takes}"


def format_argument_without_class(key: str, name: str) -> str:
    """Returns the message for an argument of an option for which no class is selected."""
    classes = find_classes_with_argument(key, name)
    if not classes:
        names = join_names(get_registered_classes(key))
        return f"--{key}.{name}: no class that --{key} takes has such an argument; name one of: {names}"
    return (
        f"--{key}.{name} is an argument of a class, and --{key} names none: name a class first, "
        f"e.g. --{key} {classes[0]} --{key}.{name} …"
    )


def suggest_classes_with_argument(key: str, name: str) -> str:
    """Returns the end of a message that suggests classes with such an argument; empty if there are none."""
    classes = find_classes_with_argument(key, name)
    if not classes:
        return ""
    return f"; {join_names(classes)} can take it: did you mean --{key} {classes[0]} --{key}.{name} …?"


def find_classes_with_argument(key: str, name: str) -> list[str]:
    """Lists the names of the classes of an option whose constructor has such a parameter."""
    return sorted(cls.__name__ for cls in get_registered_classes(key).values() if name in get_parameters(cls))


def _get_signature(cls: type) -> inspect.Signature:
    return inspect.signature(cls.__init__)  # type: ignore[misc]  # the constructor of that very class


def _list_torch_subclasses(base: type) -> list[type]:
    """Returns the public subclasses of a class that `torch.optim` defines."""
    pending: list[Any] = [base]
    subclasses: list[type] = []
    while pending:
        for child in pending.pop().__subclasses__():
            pending.append(child)
            if child.__module__.startswith("torch.optim") and not child.__name__.startswith("_"):
                subclasses.append(child)
    return subclasses
