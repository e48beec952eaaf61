"""Finds the options with invalid values, and formats their expected types.

The messages of jsonargparse are not shown to users. If it rejects a command line, each option is validated against the
type of the constructor's argument, and the message is built from that type.
"""

from __future__ import annotations

import inspect
import types
from argparse import ArgumentError
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

from jsonargparse import ArgumentParser
from pytorch_lightning.cli import LightningArgumentParser

from commands.class_registry import (
    format_unknown_class,
    get_parameter_type,
    get_parameters,
    get_registered_classes,
)
from commands.option_reader import Option, read_options
from commands.selected_classes import SelectedClasses


def find_value_errors(parser: LightningArgumentParser, arguments: list[str]) -> list[str]:
    """Returns a message for each value of a wrong type and each missing required argument.

    Args:
        parser: The parser that rejected these arguments.
        arguments: Command-line arguments after the verb; all option names exist.
    """
    selected_classes = SelectedClasses(parser)
    types_of_options = list_option_types(parser)
    errors = []
    for option in read_options(arguments):
        selected_classes.record(option)
        owner, _, argument = option.name.removesuffix("+").rpartition(".")
        cls = selected_classes.get_class(owner)
        expected_type = types_of_options.get(option.name) or (
            None if cls is None else get_parameter_type(cls, argument)
        )
        error = None if expected_type is None else _check_value(option, expected_type)
        if error is not None:
            errors.append(error if option.file is None else f"{option.file}: {error}")
    return errors + list(_find_missing_arguments(selected_classes))


def list_option_types(parser: ArgumentParser) -> dict[str, Any]:
    """Returns the type of each option of a parser by its name, without dashes; None for one without a type."""
    return {
        name.removeprefix("--"): getattr(action, "_typehint", None)  # private, but the only place with the type
        for action in parser._actions
        for name in action.option_strings
    }


def describe_type(annotation: Any) -> str:
    """Formats a type for messages.

    >>> describe_type(int | float), describe_type(Literal["lstm", "gru"])
    ('int or float', "one of 'lstm', 'gru'")
    """
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        members = get_args(annotation)
        literals = [value for member in members if get_origin(member) is Literal for value in get_args(member)]
        others = [describe_type(member) for member in members if get_origin(member) is not Literal]
        words = [describe_type(Literal[tuple(literals)])] if literals else []
        return " or ".join(dict.fromkeys([*words, *others]))
    if origin is Literal:
        return f"one of {', '.join(map(repr, get_args(annotation)))}"
    if annotation is type(None):
        return "null"
    return annotation.__name__ if origin is None and isinstance(annotation, type) else str(annotation)


def _check_value(option: Option, expected_type: Any) -> str | None:
    """Returns the error message for a value that is not of the expected type; None if valid."""
    name, value = option.name.removesuffix("+"), option.value
    if option.file is None and value is None:
        return f"--{name} needs a value: {describe_type(expected_type)}"
    if get_registered_classes(name):
        if value in (None, "null", "None") and type(None) not in get_args(expected_type):
            return format_unknown_class(name, "null")
        return None
    if _is_valid(expected_type, value):
        return None
    return f"--{name} must be {describe_type(expected_type)}, got {'null' if value in (None, 'null') else repr(value)}"


def _is_valid(expected_type: Any, value: Any) -> bool:
    """Whether jsonargparse accepts the value for an option of this type."""
    parser = ArgumentParser(exit_on_error=False)
    try:
        parser.add_argument("--value", type=expected_type)
        parser.parse_object({"value": value})
    except ArgumentError:
        return False
    except ValueError:  # a type that only its own class can parse
        return True
    return True


def _find_missing_arguments(selected_classes: SelectedClasses) -> Iterator[str]:
    """Yields a message for each required argument of a named class that was not given."""
    for key in selected_classes.list_class_options():
        cls = selected_classes.get_class(key)
        for name, parameter in get_parameters(cls).items() if cls is not None else ():
            if parameter.default is inspect.Parameter.empty and name not in selected_classes.arguments.get(key, ()):
                value = "FILE_OR_FOLDER" if key == "data.source" and name == "path" else name.upper()
                yield f"--{key} {getattr(cls, '__name__', '')} needs --{key}.{name} {value}"
