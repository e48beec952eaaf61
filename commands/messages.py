"""Faults on the command line and in configs, each in one short message: what, got, allowed, and the nearest valid name.

jsonargparse says what is wrong in its own words, for programmers, after hundreds of lines of usage. Here its words are
taken apart and said again; and unknown options are looked for beforehand, so that all of them are named at once.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
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
        seam: type[Any] = seams.get(key, Loss)
        return {member.__name__: member for member in final_subclasses(seam)}
    if key == "model.optimizer":
        return {member.__name__: member for member in _torch_classes(Optimizer)}
    if key == "model.schedule":
        from lightning_modules.optim.schedules import ProgressSchedule

        named = {member.__name__: member for member in ProgressSchedule.__subclasses__()}
        return named | {member.__name__: member for member in _torch_classes(torch.optim.lr_scheduler.LRScheduler)}
    return {}


class ShortErrorParser(LightningArgumentParser):
    """Lightning's parser, but a fault becomes a `UsageError` with one short message."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Says what is wrong, in short."""
        raise UsageError(explain(message))


def explain(message: str) -> str:
    """Says a message of jsonargparse again, in short.

    Args:
        message: Its own words, or what this function made of them before: then it stays as it is.
    """
    text = re.sub(r"\s+", " ", message).strip()
    # A class inside a class: the inner parser has spoken, and the outer one says where.
    nested = re.match(r'Parser key "(?P<outer>[^"]+)": --(?P<rest>\S+ .*)$', text)
    if nested and nested["outer"] not in nested["rest"]:
        return f"--{nested['outer']}.{nested['rest']}"
    key = ".".join(re.findall(r'[Kk]ey "([^"]+)"', text))
    for pattern, say in _PATTERNS:
        found = re.search(pattern, text)
        if found:
            return say(key, found)
    return text if len(text) < 400 else f"{text[:400]} …"


def with_full_names(message: str, arguments: list[str]) -> str:
    """Puts an option's full name where the parser only knew its last word.

    >>> with_full_names("--cell must be str, got 3", ["--model.encoder", "RNN", "--model.encoder.cell", "3"])
    '--model.encoder.cell must be str, got 3'
    """
    short = re.match(r"--([^\s.]+) ", message)
    if short is None:
        return message
    full = [name for name, _ in _options(arguments) if name.endswith(f".{short[1]}")]
    if not full:  # the option was left out: which of the chosen classes needs it?
        for name, value in _options(arguments):
            cls = members(name).get(value or "")
            if cls is not None and short[1] in _argument_names(cls):
                full.append(f"{name}.{short[1]}")
    return message.replace(f"--{short[1]}", f"--{full[-1]}", 1) if full else message


def refuse_unknown_options(parser: LightningArgumentParser, arguments: list[str]) -> None:
    """Looks through the options of a verb before they are parsed, and names all unknown ones at once.

    Args:
        parser: Of that verb.
        arguments: What comes after the verb.

    Raises:
        UsageError: With the nearest valid name for each.
    """
    known = _option_names(parser)
    given = list(_options(arguments))
    layered = any(name in ("config", "c") for name, _ in given)
    chosen = {} if layered else _default_classes(parser, known)
    faults = []
    for name, value in given:
        plain = name.removesuffix("+")
        owner, _, last = plain.rpartition(".")
        if members(plain) and (plain in known or plain.endswith(".base")) and value:
            chosen[plain] = value
            if value.isidentifier() and value not in members(plain) and value not in ("null", "None"):
                faults.append(_unknown_class(plain, value))
        elif plain in known or plain in _ALWAYS or owner in _OPEN or any(plain.startswith(f"{key}.") for key in _OPEN):
            continue
        elif members(owner):
            cls = members(owner).get(chosen.get(owner, "").rsplit(".", 1)[-1])
            if cls is not None and last not in _argument_names(cls):
                faults.append(_unknown_argument(owner, cls, last))
        elif not any(plain.startswith(f"{key}.") for key in known if members(key)):
            faults.append(f"there is no option --{plain}.{_nearest_option(plain, known)}")
    if faults:
        raise UsageError("\n       ".join(faults))


_ALWAYS = ("config", "c", "h", "help", "print_config", "print_shtab")
# Options of Lightning that choose a class by name, whose arguments only the parser knows.
_OPEN = tuple(f"trainer.{name}" for name in ("callbacks", "logger", "strategy", "accelerator", "plugins", "profiler"))


def _default_classes(parser: LightningArgumentParser, known: set[str]) -> dict[str, str]:
    defaults = parser.get_defaults()
    chosen = {key: defaults.get(key) for key in known if members(key)}
    return {key: value["class_path"] for key, value in chosen.items() if value is not None and "class_path" in value}


def _options(arguments: list[str]) -> Iterator[tuple[str, str | None]]:
    for place, argument in enumerate(arguments):
        if not re.match(r"--?[A-Za-z]", argument):
            continue
        name, equals, value = argument.lstrip("-").partition("=")
        following = arguments[place + 1] if place + 1 < len(arguments) else None
        yield name, value if equals else following


def _option_names(parser: LightningArgumentParser) -> set[str]:
    return {option.removeprefix("--") for action in parser._actions for option in action.option_strings}


def _nearest_option(name: str, allowed: Iterable[str]) -> str:
    allowed = sorted(key for key in allowed if not key.endswith("help"))
    last = name.rsplit(".", 1)[-1]
    same_end = [key for key in allowed if key.rsplit(".", 1)[-1] == last]
    near = f' Did you mean "{same_end[0]}"?' if same_end else did_you_mean(name, allowed)
    return near.replace('"', '"--', 1)


def _unknown_class(key: str, value: str) -> str:
    names = sorted(members(key))
    return f"--{key} has no choice named {value}.{did_you_mean(value, names)} It takes: {listed(names, 30)}"


def _unknown_argument(key: str, cls: type, name: str) -> str:
    names = _argument_names(cls)
    takes = f" It takes: {listed(names, 30)}" if names else " It takes none."
    return f"--{key} {cls.__name__} has no argument {name}.{did_you_mean(name, names)}{takes}"


def _not_accepted(key: str, found: re.Match[str]) -> str:
    word = found["path"].rsplit(".", 1)[-1]
    cls = members(key).get(word)
    return _unknown_argument(key, cls, found["option"]) if cls else f"{word} ({key}) has no argument {found['option']}"


def _not_an_argument(key: str, found: re.Match[str]) -> str:
    if not key:
        return found[0]
    return (
        f"--{key}.{found['option']} is no argument of the class chosen for --{key}; `--print_config` shows those it has"
    )


def _wrong_type(key: str, found: re.Match[str]) -> str:
    got = found["got"].strip(" '\"")
    return f"--{key} must be {_type_in_words(found['wanted'])}, got {got!r}"


def _no_member_of_union(key: str, found: re.Match[str]) -> str:
    kinds = [_type_in_words(kind) for kind in found["wanted"].split(", ")]
    return f"--{key} must be {' or '.join(dict.fromkeys(kinds))}, got {found['got'].strip()!r}"


def _not_found(key: str, found: re.Match[str]) -> str:
    value = found["value"]
    if members(key):
        return _unknown_class(key, value.rsplit(".", 1)[-1])
    return f"--{key} names nothing that is there: {value!r}"


def _required(key: str, found: re.Match[str]) -> str:
    return f"--{found['name'].split(',')[0]} is required, and there is none"


def _unknown_key(key: str, found: re.Match[str]) -> str:
    return f"a config has a key that nothing takes: {found['name']}; `--print_config` shows all keys"


def _no_config(key: str, found: re.Match[str]) -> str:
    return f"--config {found['path']}: there is no such file"


def _type_in_words(wanted: str) -> str:
    words = (
        re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", wanted.strip(" ."))
        .replace("typing.", "")
        .replace("NoneType", "null")
    )
    return re.sub(r"^Literal\[(.*)\]$", r"one of \1", words)


_PATTERNS: list[tuple[str, Any]] = [
    (
        r"Option '(?P<option>[^']+)' is not accepted\. Got value: .*?class_path[\"']?[=:] ?'(?P<path>[^']+)'",
        _not_accepted,
    ),
    (r"Option '(?P<option>[^']+)' is not accepted", _not_an_argument),
    (r"does not accept option '(?P<name>[^']+)'", _unknown_key),
    (r"Union subtypes Subtypes: \[(?P<wanted>.+?)\] Errors: .*Given value: (?P<got>.+)$", _no_member_of_union),
    (r"Expected an? (?P<wanted>(?:(?!Got value).)+?)\.? Got value: (?P<got>.+?)\.? Got value: Namespace", _wrong_type),
    (r"Expected an? (?P<wanted>(?:(?!Got value).)+?)\.? Got value: (?P<got>.+)$", _wrong_type),
    (r"Expected a dot import path string: (?P<value>\S+)", _not_found),
    (r"arguments are required: (?P<name>.+)$", _required),
    (r'"config": File does not exist: .(?P<path>[^\'"]+)', _no_config),
    (r"[Kk]ey '(?P<name>[^']+)' is not expected", _unknown_key),
]


def _argument_names(cls: type) -> list[str]:
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]  # the constructor of that very class
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def _torch_classes(base: type) -> list[type]:
    waiting: list[Any] = [base]
    found: list[type] = []
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if child.__module__.startswith("torch.optim") and not child.__name__.startswith("_"):
                found.append(child)
    return found
