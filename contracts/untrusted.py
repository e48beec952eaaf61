"""Checks values from a file of unknown origin: plain, and few enough to be handled."""

from __future__ import annotations

from typing import Any

from contracts.errors import DataError

_MAX_VALUES = 1_000_000
_MAX_DEPTH = 32
_MAX_INTEGER = 2**53


def check_plain(value: Any, where: str) -> None:
    """Raises an error unless a value consists of JSON's types: numbers, strings, booleans, None, lists, dictionaries.

    Args:
        value: Lists may be tuples.
        where: Name of the value in the message.

    Raises:
        DataError: It has a value of another type, a key that is no string, or too many or too large values.
    """
    pending, num_values = [(value, 0)], 0
    while pending:  # without recursion, and counted: one list can occur in itself, or a million times
        part, depth = pending.pop()
        num_values += 1
        if num_values > _MAX_VALUES or depth > _MAX_DEPTH:
            raise DataError(f"{where} has over {_MAX_VALUES:,} values or is nested deeper than {_MAX_DEPTH} levels")
        if type(part) is dict:
            keys = [key for key in part if type(key) is not str]
            if keys:
                raise DataError(f"{where} has a key of type {type(keys[0]).__name__}; keys must be strings")
            pending += [(inner, depth + 1) for inner in part.values()]
        elif type(part) in (list, tuple):
            pending += [(inner, depth + 1) for inner in part]
        elif type(part) is int and abs(part) > _MAX_INTEGER:
            raise DataError(f"{where} has an integer of {part.bit_length()} bits; 53 are the most")
        elif type(part) not in (int, float, str, bool, type(None)):
            raise DataError(f"{where} has a value of type {type(part).__name__}; it may only hold plain values")
