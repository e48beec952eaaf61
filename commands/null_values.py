"""Finds options that are null although their type does not allow it; jsonargparse accepts null for any type."""

from __future__ import annotations

import inspect
from typing import Any, get_args

from jsonargparse import ArgumentParser, Namespace

from commands.class_path import find_class
from commands.class_registry import format_unknown_class, get_parameter_type, get_parameters, get_registered_classes
from commands.option_reader import Option, read_class_values
from commands.option_values import describe_type, list_option_types
from commands.selected_classes import SelectedClasses
from commands.trainer_classes import find_trainer_class, list_named_classes


class NullCheck:
    """Finds the message for each option that is null and must not be.

    Args:
        parser: Has the type and the default of each option.
        selected_classes: The classes selected by the options read so far.
    """

    def __init__(self, parser: ArgumentParser, selected_classes: SelectedClasses) -> None:
        self._types = list_option_types(parser)
        self._defaults = parser.get_defaults()
        self._selected_classes = selected_classes

    def find_error(self, option: Option) -> str | None:
        """Returns the message for an option, or for an argument of a class in its list; None if it may be as it is."""
        name = option.name.removesuffix("+")
        if isinstance(option.value, list) and get_registered_classes(name):
            for class_name, arguments in read_class_values(option.value):
                cls = find_class(name, class_name)
                for argument, value in arguments.items() if cls is not None else ():
                    if value is None and not _allows_null(cls, argument):
                        return _format_argument(name, cls, argument)
        if not _is_null(option) or name == "seed_everything":  # without a value it keeps its default
            return None
        if name in self._types:
            default = self._defaults.get(name)
            if default is None or self._types[name] is None or type(None) in get_args(self._types[name]):
                return None
            if get_registered_classes(name):
                return f"{format_unknown_class(name, 'null')}; leave it out for the default, {_format_default(default)}"
            return _format(name, self._types[name], default)
        owner, _, argument = name.rpartition(".")
        cls = self._selected_classes.get_class(owner) if get_registered_classes(owner) else None
        if cls is None or _allows_null(cls, argument):
            return None
        if get_registered_classes(name):
            return f"{format_unknown_class(name, 'null')}; leave it out for the default"
        return _format_argument(owner, cls, argument)


def find_nulls_of_trainer_classes(options: list[Option]) -> list[str]:
    """Returns a message for each argument of a callback, logger or the like that is null and must not be."""
    errors = []
    for named in list_named_classes(options):
        cls = find_trainer_class(named.key, named.name)
        for argument, value in named.arguments.items() if cls is not None else ():
            if value is None and not _allows_null(cls, argument):
                message = _format_argument(named.key, cls, argument)
                errors.append(message if named.file is None else f"{named.file}: {message}")
    return errors


def _is_null(option: Option) -> bool:
    """Whether a value is null in a config; jsonargparse itself refuses the word on the command line."""
    return option.value is None and option.file is not None


def _allows_null(cls: Any, argument: str) -> bool:
    """Whether an argument of a class may be null; one that is unknown, or without a type, has other checks."""
    parameter, kind = get_parameters(cls).get(argument), get_parameter_type(cls, argument)
    return parameter is None or parameter.default is None or kind in (None, Any) or type(None) in get_args(kind)


def _format_argument(key: str, cls: Any, argument: str) -> str:
    default = get_parameters(cls)[argument].default
    return _format(f"{key}.{argument}", get_parameter_type(cls, argument), default)


def _format(name: str, kind: Any, default: Any) -> str:
    fix = "" if default is inspect.Parameter.empty else f"; leave it out for the default, {_format_default(default)}"
    return f"--{name} must be {describe_type(kind)}, got null{fix}"


def _format_default(default: Any) -> str:
    if isinstance(default, (dict, Namespace)) and "class_path" in default:
        return str(default["class_path"]).rsplit(".", 1)[-1]
    return str(default).lower() if isinstance(default, bool) else str(default)
