"""Faults on the command line and in configs, each in one short message: what, got, allowed, and the nearest valid name.

jsonargparse says what is wrong in its own words, for programmers, after hundreds of lines of usage. Here its words are
taken apart and said again; and unknown options are looked for beforehand, so that all of them are named at once.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import torch.optim.lr_scheduler
from pytorch_lightning.cli import LightningArgumentParser
from torch.optim import Optimizer

from datamodules.errors import UsageError, did_you_mean, listed
from datamodules.rebuildable import final_subclasses
from datamodules.samplers.base import TextSampler
from datamodules.sources.base import Source
from datamodules.tokenizers.base import Tokenizer
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.losses.base import Loss


def members(key: str) -> dict[str, type]:
    """The classes that an option chooses from, by name; none for an option that does not choose a class.

    >>> sorted(members("model.head"))
    ['Linear']
    """
    seams: dict[str, type] = {
        "data.source": Source,
        "data.tokenizer": Tokenizer,
        "data.sampler": TextSampler,
        "model.encoder": TextEncoder,
        "model.head": Head,
        "model.loss": Loss,
    }
    if key in seams or key.endswith(".base"):
        return {member.__name__: member for member in final_subclasses(seams.get(key, Loss))}
    if key == "model.optimizer":
        return {member.__name__: member for member in _torch_classes(Optimizer)}
    if key == "model.schedule":
        from lightning_modules.optim.schedules import ProgressSchedule

        ours = {member.__name__: member for member in final_subclasses(ProgressSchedule)}
        return ours | {member.__name__: member for member in _torch_classes(torch.optim.lr_scheduler.LRScheduler)}
    return {}


class ShortErrorParser(LightningArgumentParser):
    """Lightning's parser, but a fault ends in one short message and exit code 2."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Says what is wrong and ends."""
        print(f"error: {explain(message)}", file=sys.stderr)
        print("`python train.py --help` lists every option.", file=sys.stderr)
        sys.exit(2)


def explain(message: str) -> str:
    """Says a message of jsonargparse again, in short.

    Args:
        message: Its own words.
    """
    text = re.sub(r"\s+", " ", message).strip()
    keys = re.findall(r'[Kk]ey "([^"]+)"', text)
    key = ".".join(keys)
    for pattern, say in _PATTERNS:
        found = re.search(pattern, text)
        if found:
            return say(key, found)
    return text if len(text) < 400 else f"{text[:400]} …"


def refuse_unknown_options(parser: LightningArgumentParser, arguments: list[str]) -> None:
    """Looks through the options of a verb before they are parsed, and names all unknown ones at once.

    Args:
        parser: Of that verb.
        arguments: What comes after the verb.

    Raises:
        UsageError: With the nearest valid name for each.
    """
    known = _option_names(parser)
    chosen = {key: None for key in known if members(key)}
    faults = []
    for name, value in _options(arguments):
        plain = name.removesuffix("+")
        if plain in chosen and value and not value.startswith("{"):
            chosen[plain] = value
            if value.isidentifier() and value not in members(plain) and value not in ("null", "None"):
                faults.append(_unknown_class(plain, value))
            continue
        if plain in known or plain in ("config", "c", "h", "help", "print_config", "print_shtab"):
            continue
        owner = next((key for key in sorted(chosen, key=len, reverse=True) if plain.startswith(f"{key}.")), None)
        if owner is not None or plain.startswith("trainer."):
            continue  # arguments of a class that the parser knows; it finds their faults itself
        allowed = [key for key in known if "help" not in key]
        faults.append(f"there is no option --{plain}.{_nearest_option(plain, allowed)}")
    if faults:
        raise UsageError("\n       ".join(faults))


def _options(arguments: list[str]) -> Iterator[tuple[str, str | None]]:
    for place, argument in enumerate(arguments):
        if not re.match(r"--?[A-Za-z]", argument):
            continue
        name, equals, value = argument.lstrip("-").partition("=")
        following = arguments[place + 1] if place + 1 < len(arguments) else None
        yield name, value if equals else following


def _option_names(parser: LightningArgumentParser) -> set[str]:
    return {option.removeprefix("--") for action in parser._actions for option in action.option_strings}


def _nearest_option(name: str, allowed: list[str]) -> str:
    near = did_you_mean(name, allowed)
    if near:
        return near.replace('"', '"--', 1)
    last = name.rsplit(".", 1)[-1]
    same_end = [key for key in allowed if key.rsplit(".", 1)[-1] == last]
    return f' Did you mean "--{same_end[0]}"?' if same_end else ""


def _unknown_class(key: str, value: str) -> str:
    names = sorted(members(key))
    return f"--{key} has no choice named {value}.{did_you_mean(value, names)} It takes: {listed(names, 30)}"


def _not_accepted(key: str, found: re.Match[str]) -> str:
    option, path = found["option"], found["path"].rsplit(".", 1)[-1]
    key = key or "the config"
    cls = members(key).get(path)
    names = _argument_names(cls) if cls else []
    takes = f" It takes: {', '.join(names)}" if names else ""
    return f"{path} ({key}) has no argument {option!r}.{did_you_mean(option, names)}{takes}"


def _wrong_type(key: str, found: re.Match[str]) -> str:
    wanted = found["wanted"].strip()
    wanted = re.sub(r"<class '([^']+)'>", r"\1", wanted).replace("typing.", "")
    wanted = re.sub(r"Literal\[(.*)\]", r"one of \1", wanted)
    return f"--{key} must be {wanted}, got {found['got'].strip()!r}"


def _not_found(key: str, found: re.Match[str]) -> str:
    value = found["value"]
    if members(key):
        return _unknown_class(key, value.rsplit(".", 1)[-1])
    return f"--{key} names nothing that is there: {value!r}"


def _unexpected(key: str, found: re.Match[str]) -> str:
    return f"a config has a key that nothing takes: {found['unknown']}"


_PATTERNS: list[tuple[str, Any]] = [
    (r"Option '(?P<option>[^']+)' is not accepted\. Got value: (?:Namespace\()?.*?class_path[\"']?[=:] ?'(?P<path>[^']+)'", _not_accepted),
    (r"Expected an? (?P<wanted>(?:(?!Got value).)+?)\.? Got value: (?P<got>.+?)\.? Got value: Namespace", _wrong_type),
    (r"Expected an? (?P<wanted>(?:(?!Got value).)+?)\.? Got value: (?P<got>.+)$", _wrong_type),
    (r"Expected a dot import path string: (?P<value>\S+)", _not_found),
]


def _argument_names(cls: type) -> list[str]:
    import inspect

    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]  # the constructor of that very class
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def _torch_classes(base: type) -> list[type]:
    waiting, found = [base], []
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if child.__module__.startswith("torch.optim") and not child.__name__.startswith("_"):
                found.append(child)
    return found
