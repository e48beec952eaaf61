"""Which classes an option chooses from, and what arguments these take."""

from __future__ import annotations

import inspect
from typing import Any

import torch.optim.lr_scheduler
from torch.optim import Optimizer

from contracts.discovery import final_subclasses
from contracts.errors import did_you_mean, listed
from datamodules.augmentations.base import Augmentation
from datamodules.samplers.base import TextSampler
from datamodules.sources.base import Source
from datamodules.tokenizers.base import Tokenizer
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.losses.base import Loss
from lightning_modules.optim.schedules import ProgressSchedule


def members(key: str) -> dict[str, type]:
    """The classes that an option chooses from, by name; none for an option that does not choose a class.

    >>> sorted(members("model.head"))
    ['Linear']
    """
    seams: dict[str, type] = {
        "data.source": Source,
        "data.tokenizer": Tokenizer,
        "data.sampler": TextSampler,
        "data.augmentations": Augmentation,
        "data.tta_augmentations": Augmentation,
        "model.encoder": TextEncoder,
        "model.head": Head,
        "model.loss": Loss,
    }
    if key in seams or key.endswith(".base"):
        seam: type[Any] = seams.get(key, Loss)
        return {member.__name__: member for member in final_subclasses(seam)}
    if key == "model.optimizer":
        return {member.__name__: member for member in _torch_classes(Optimizer)}
    if key == "model.lr_scheduler":
        named = {member.__name__: member for member in ProgressSchedule.__subclasses__()}
        return named | {member.__name__: member for member in _torch_classes(torch.optim.lr_scheduler.LRScheduler)}
    return {}


def argument_names(cls: type) -> list[str]:
    """What a config may give to its constructor; what the project supplies is left out."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]  # the constructor of that very class
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def unknown_class(key: str, value: str) -> str:
    """Says that no class of that name can be chosen, and which can."""
    names = sorted(members(key))
    return f"--{key} has no choice named {value}.{did_you_mean(value, names)} It takes: {listed(names, 30)}"


def unknown_argument(key: str, cls: type, name: str) -> str:
    """Says that a class has no argument of that name, and which it has."""
    names = argument_names(cls)
    takes = f" It takes: {listed(names, 30)}" if names else " It takes none."
    return f"--{key} {cls.__name__} has no argument {name}.{did_you_mean(name, names)}{takes}"


def argument_of_none(key: str, name: str) -> str:
    """Says that an argument was given for a class that nobody has named, with one that has it."""
    having = _having(key, name)
    if not having:
        return f"--{key}.{name}: no class that --{key} takes has such an argument; name one of: {listed(members(key))}"
    return (
        f"--{key}.{name} is an argument of a class, and --{key} names none: name a class first, "
        f"e.g. --{key} {having[0]} --{key}.{name} …"
    )


def argument_of_others(key: str, name: str) -> str:
    """Asks whether a class was meant that has the argument, as the end of a sentence; empty where none has it."""
    having = _having(key, name)
    return f"; {listed(having)} can take it: did you mean --{key} {having[0]} --{key}.{name} …?" if having else ""


def _having(key: str, name: str) -> list[str]:
    return sorted(word for word, cls in members(key).items() if name in argument_names(cls))


def _torch_classes(base: type) -> list[type]:
    waiting: list[Any] = [base]
    found: list[type] = []
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if child.__module__.startswith("torch.optim") and not child.__name__.startswith("_"):
                found.append(child)
    return found
