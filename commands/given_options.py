"""What a user gave, option by option: on the command line, and in the config files named there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from commands.choices import members

_ENDINGS = (".yaml", ".yml", ".json")


class Given(NamedTuple):
    """One option and its value."""

    name: str
    """Dotted, without dashes; arguments of a class stand below the option that chooses it."""
    value: Any
    file: str | None = None
    """The config that says so; none for the command line."""


def given_options(arguments: list[str]) -> Iterator[Given]:
    """All of them in their order, which is that of their effect; a file that cannot be read gives none.

    >>> [option[:2] for option in given_options(["--model.encoder", "RNN", "--data.batch_size=8"])]
    [('model.encoder', 'RNN'), ('data.batch_size', '8')]
    """
    for place, argument in enumerate(arguments):
        if not re.match(r"--?[A-Za-z]", argument):
            continue
        name, equals, value = argument.lstrip("-").partition("=")
        given = value if equals else "".join(arguments[place + 1 : place + 2])
        if name in ("config", "c"):
            yield from _below("", _loaded(Path(given)), given)
        else:
            yield from _option(name, given, None)


def is_config(value: Any) -> bool:
    """Whether a class is chosen by a config file of its own."""
    return isinstance(value, str) and value.endswith(_ENDINGS)


def with_contents(arguments: list[str]) -> list[str]:
    """The same choices with what config files of single classes hold in place of their names."""
    names = [argument.lstrip("-") for argument in ["", *arguments[:-1]]]
    loaded = [
        _loaded(Path(value)) if members(name) and is_config(value) else None
        for name, value in zip(names, arguments, strict=True)
    ]
    return [value if held is None else json.dumps(held) for value, held in zip(arguments, loaded, strict=True)]


def _below(key: str, plain: Any, file: str) -> Iterator[Given]:
    for name, value in plain.items() if isinstance(plain, dict) else ():
        yield from _option(f"{key}.{name}" if key else str(name), value, file)


def _option(name: str, value: Any, file: str | None) -> Iterator[Given]:
    if members(name) and is_config(value):
        path = Path(value) if file is None else Path(file).parent / value
        if path.is_file():
            value, file = _loaded(path), str(path)
    if isinstance(value, dict) and "class_path" in value:
        yield Given(name, value["class_path"], file)
        yield from _below(name, value.get("init_args"), file or "")
    elif isinstance(value, dict) and (members(name) or name in _GROUPS):
        yield from _below(name, value.get("init_args", value), file or "")
    elif value is not None:
        yield Given(name, value, file)


# Keys of a config with keys below them.
_GROUPS = (
    *("model", "data", "data.augment", "trainer"),
    *("early_stopping", "gradient_norm", "differential_learning_rates", "checkpoint", "last_checkpoint"),
)


def _loaded(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None  # the parser says what is wrong with it
