"""Reads the options a user has given, from the command line and from the config files it names, before any parsing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from commands.class_registry import registered_classes

_CONFIG_SUFFIXES = (".yaml", ".yml", ".json")
_GROUPS = (
    *("model", "data", "data.augment", "trainer"),
    *("early_stopping", "gradient_norm", "differential_learning_rates", "checkpoint", "last_checkpoint"),
)
"""Keys of a config that have keys below them."""


class Option(NamedTuple):
    """One option and its value."""

    name: str
    """Dotted, without dashes; an argument of a class is below the option that names the class."""
    value: Any
    """A string from the command line, a YAML value from a config."""
    file: str | None = None
    """The config it comes from; None for the command line."""


def read_options(arguments: list[str]) -> Iterator[Option]:
    """Yields all options of a command line and its configs in the order of their effect; unreadable files have none.

    >>> [option[:2] for option in read_options(["--model.encoder", "RNN", "--data.batch_size=8"])]
    [('model.encoder', 'RNN'), ('data.batch_size', '8')]
    """
    for position, argument in enumerate(arguments):
        if not re.match(r"--?[A-Za-z]", argument):
            continue
        name, equals, text = argument.lstrip("-").partition("=")
        value = text if equals else "".join(arguments[position + 1 : position + 2])
        if name in ("config", "c"):
            yield from _read_mapping("", _load_yaml(Path(value)), value)
        else:
            yield from _read_option(name, value, None)


def is_config_file(value: Any) -> bool:
    """Whether the value of an option that names a class is a config file of that class."""
    return isinstance(value, str) and value.endswith(_CONFIG_SUFFIXES)


def inline_class_configs(arguments: list[str]) -> list[str]:
    """Replaces each config file of a single class by its content as JSON."""
    names = [argument.lstrip("-") for argument in ["", *arguments[:-1]]]
    contents = [
        _load_yaml(Path(value)) if registered_classes(name) and is_config_file(value) else None
        for name, value in zip(names, arguments, strict=True)
    ]
    return [
        value if content is None else json.dumps(content) for value, content in zip(arguments, contents, strict=True)
    ]


def _read_mapping(key: str, mapping: Any, file: str) -> Iterator[Option]:
    for name, value in mapping.items() if isinstance(mapping, dict) else ():
        yield from _read_option(f"{key}.{name}" if key else str(name), value, file)


def _read_option(name: str, value: Any, file: str | None) -> Iterator[Option]:
    if registered_classes(name) and is_config_file(value):
        path = Path(value) if file is None else Path(file).parent / value
        if path.is_file():
            value, file = _load_yaml(path), str(path)
    if isinstance(value, dict) and "class_path" in value:
        yield Option(name, value["class_path"], file)
        yield from _read_mapping(name, value.get("init_args"), file or "")
    elif isinstance(value, dict) and (registered_classes(name) or name in _GROUPS):
        yield from _read_mapping(name, value.get("init_args", value), file or "")
    elif value is not None:
        yield Option(name, value, file)


def _load_yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None  # the parser reports what is wrong with it
