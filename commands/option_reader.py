"""Reads all options of a command line and of its config files, before they are parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from commands.class_registry import find_classes_with_argument, get_registered_classes
from commands.yaml_keys import load_unique_keys
from contracts.errors import UsageError

_CONFIG_SUFFIXES = (".yaml", ".yml", ".json")
CALLBACK_GROUPS = ("early_stopping", "gradient_norm", "differential_learning_rates", "checkpoint", "last_checkpoint")
"""Groups of options of one callback each; null switches the callback off."""
TRAINING_GROUPS = ("model", "trainer", *CALLBACK_GROUPS)
"""Those that only `train.py` has."""
OPTION_GROUPS = ("data", "data.augment", *TRAINING_GROUPS)
"""Config keys whose values are mappings of options."""


class Option(NamedTuple):
    """One option and its value."""

    name: str
    """Dotted, without dashes; an argument of a class is below the option that names the class."""
    value: Any
    """A string from the command line (None if missing), a YAML value from a config."""
    file: str | None = None
    """The config file that contains it; None for the command line."""
    misplaced: str | None = None
    """The correct YAML if the config nests it wrongly; None if it is correct."""


def read_options(arguments: list[str]) -> Iterator[Option]:
    """Yields all options of a command line and its configs in the order in which they override each other.

    Raises:
        UsageError: A config that is missing, is not UTF-8 or not YAML, or has no keys.

    >>> [option[:2] for option in read_options(["--model.encoder", "RNN", "--data.batch_size=8"])]
    [('model.encoder', 'RNN'), ('data.batch_size', '8')]
    """
    for position, argument in enumerate(arguments):
        if not is_option(argument):
            continue
        name, equals, text = argument.lstrip("-").partition("=")
        following = arguments[position + 1 : position + 2]
        value = text if equals else following[0] if following and not is_option(following[0]) else None
        if name in ("config", "c") and value is not None:
            yield from _read_mapping("", _load_config(value), value)
        else:
            yield from _read_option(name, value, None)


def remove_empty_sections(config: dict[str, Any]) -> dict[str, Any]:
    """Returns a config without the sections, and without the seed, that have no value.

    >>> remove_empty_sections({"data": {"augment": None}, "model": None, "name": None})
    {'data': {}, 'name': None}
    """
    return _remove_empty(config, "")


def _remove_empty(mapping: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Removes the empty sections below a prefix, such as `data.`."""
    kept = {}
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        value = remove_empty_arguments(value)
        if name in OPTION_GROUPS and isinstance(value, dict):
            kept[key] = _remove_empty(value, f"{name}.")
        elif value is not None or name not in (*OPTION_GROUPS, "seed_everything"):
            kept[key] = value
    return kept


def remove_empty_arguments(value: Any) -> Any:
    """Returns a value of a config without the keys for the arguments of a class that have no arguments below them.

    >>> remove_empty_arguments([{"class_path": "Focal", "init_args": None}])
    [{'class_path': 'Focal'}]
    """
    if isinstance(value, list):
        return [remove_empty_arguments(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_class = "class_path" in value
    return {
        key: remove_empty_arguments(item)
        for key, item in value.items()
        if not (item is None and is_class and key in ("init_args", "dict_kwargs"))
    }


def read_class_values(value: Any) -> list[tuple[str, dict[str, Any]]]:
    """Returns the class names in the value of an option, one or a list, each with the arguments that are beside it.

    >>> read_class_values("[Words, {class_path: Mixed, init_args: {seed: 1}}]")
    [('Words', {}), ('Mixed', {'seed': 1})]
    """
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        try:
            value = yaml.safe_load(value)
        except yaml.YAMLError:
            return []
    found = []
    for item in value if isinstance(value, list) else [value]:
        is_class = isinstance(item, dict) and "class_path" in item
        name, arguments = (item["class_path"], item.get("init_args")) if is_class else (item, None)
        if isinstance(name, str) and name not in ("", "null", "None", "true", "false", "True", "False"):
            found.append((name, dict(arguments or {})))
    return found


def is_config_file(value: Any) -> bool:
    """Whether the value of an option that names a class is a config file of that class."""
    return isinstance(value, str) and value.endswith(_CONFIG_SUFFIXES)


def is_option(argument: str) -> bool:
    """Whether an argument is an option and not a value, which may be a negative number."""
    return re.match(r"--?[A-Za-z]", argument) is not None


def _read_mapping(name: str, mapping: Any, file: str | None) -> Iterator[Option]:
    """Yields the options below a key of a config."""
    for key, value in mapping.items() if isinstance(mapping, dict) else ():
        full_name = f"{name}.{key}" if name else str(key)
        misplaced = _format_nested(full_name, value) if "." in str(key) else None
        yield from _read_option(full_name, value, file, misplaced)


def _read_option(name: str, value: Any, file: str | None, misplaced: str | None = None) -> Iterator[Option]:
    """Yields one option, or those below it if its value is a class with arguments, a group, or their config file."""
    if (get_registered_classes(name) or name in OPTION_GROUPS) and is_config_file(value):
        path = Path(value) if file is None else Path(file).parent / value
        if path.is_file():
            value, file = _load_yaml(path, f"--{name}"), str(path)
    if isinstance(value, dict) and "class_path" in value:
        yield Option(name, value["class_path"], file, misplaced)
        arguments = value.get("init_args")
        if isinstance(arguments, dict) or arguments is None:
            yield from _read_mapping(name, arguments, file)
        else:
            yield Option(f"{name}.init_args", arguments, file)
        for key in value.keys() - {"class_path", "init_args", "dict_kwargs", "__path__"}:
            written = f"{{class_path: {value['class_path']}, init_args: {{{key}: {value[key]}}}}}"
            yield Option(f"{name}.{key}", value[key], file, written)
    elif isinstance(value, dict) and (get_registered_classes(name) or name in OPTION_GROUPS):
        yield from _read_mapping(name, value.get("init_args", value), file)
    else:
        yield Option(name, value, file, misplaced)


def _format_nested(name: str, value: Any) -> str | None:
    """Returns the correct YAML for an argument of a class whose key was written with dots."""
    owner, _, argument = name.rpartition(".")
    classes = find_classes_with_argument(owner, argument)
    if not classes:
        return None  # a group, in which dotted keys are valid
    nested = f"{{class_path: {classes[0]}, init_args: {{{argument}: {value}}}}}"
    first, *others = owner.split(".")
    for word in reversed(others):
        nested = f"{{{word}: {nested}}}"
    return f"{first}: {nested}"


def _load_config(value: str) -> dict[str, Any]:
    """Reads a config file, or inline YAML on the command line."""
    content = load_unique_keys(value) if value.lstrip().startswith("{") else _load_yaml(Path(value), "--config")
    if not isinstance(content, dict):
        raise UsageError(
            f"--config {value}: a config file holds no keys; it must hold some of data, model, trainer and the like"
        )
    return content


def _load_yaml(path: Path, option: str) -> Any:
    """Reads a YAML file; raises `UsageError` with the option and the line if it cannot be read."""
    try:
        return load_unique_keys(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{option} {path}: there is no such file") from None
    except OSError as error:
        raise UsageError(f"{option} {path} cannot be read as a config file: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{option} {path}: a config file is not UTF-8 ({error.reason}); save it as UTF-8") from None
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = "" if where is None else f" in line {where.line + 1}"
        raise UsageError(
            f"{option} {path} is not a valid config{line}: {getattr(error, 'problem', None) or error}"
        ) from None
