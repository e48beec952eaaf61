"""Arguments that accept an object or a factory of it, so that configs and scripts use the same constructors."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from contracts.discovery import find_implementations
from contracts.errors import DataError, UsageError, join_names

T = TypeVar("T")


def build_instance(choice: T | Callable[[], T], base: type[T], argument: str) -> T:
    """Returns an instance unchanged, and the result of a factory (a class, function or lambda) called once.

    Args:
        choice: An instance of the base class, or a factory of one that needs no argument.
        base: The base class of an extension point, such as `Source`.
        argument: The name of the argument, for messages.

    Raises:
        TypeError: The argument is neither, or is a class whose constructor needs arguments.
    """
    if isinstance(choice, base):
        return choice
    if not callable(choice) or (inspect.isclass(choice) and not issubclass(choice, base)):
        raise TypeError(_format_type_error(base, argument, choice))
    try:
        inspect.signature(choice).bind()
    except TypeError as error:
        name = getattr(choice, "__name__", type(choice).__name__)
        raise TypeError(f"{argument}: {name} cannot be called without arguments ({error}); pass {name}(…)") from None
    except ValueError:  # a builtin without a signature
        pass
    try:
        instance = choice()
    except Exception as error:
        if not isinstance(error, (UsageError, DataError)):
            error.add_note(f"raised by the constructor of the class of --data.{argument}")
        raise
    if not isinstance(instance, base):
        raise TypeError(_format_type_error(base, argument, instance, "a factory of "))
    return instance


def _format_type_error(base: type[Any], argument: str, got: object, prefix: str = "") -> str:
    """Returns the message for an argument of a wrong type, with the registered classes."""
    names = join_names(cls.__name__ for cls in find_implementations(base))
    type_name = f"the class {got.__name__}" if inspect.isclass(got) else f"{type(got).__name__} {got!r:.60}"
    accepted = f"{base.__name__} objects ({names}), their classes and functions that return one"
    return f"{argument} accepts {accepted}; got {prefix}{type_name}"
