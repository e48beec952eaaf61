"""The first rows of a table, for a quick look at its texts; rows that cannot be read are left to the real reader."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from typing import Any, TextIO, TypeVar

Item = TypeVar("Item")

_MAX_CHARACTERS = 1 << 18


def read_sample(stream: TextIO, delimiter: str, quoted: bool) -> tuple[list[str], list[dict[str, Any]]]:
    """Reads the header and the first rows of delimited values.

    Args:
        stream: At its beginning.
        delimiter: The character between fields.
        quoted: Whether fields may be quoted.

    Returns:
        The column names, and the rows as values by column name.
    """
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(
        _read_lines(stream), delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    )
    names = [name.strip().removeprefix("\ufeff") for name in next(reader, [])]
    return names, [dict(zip(names, values, strict=True)) for values in reader if len(values) == len(names)]


def read_json_sample(stream: TextIO) -> tuple[list[str], list[dict[str, Any]]]:
    """Reads the first objects of JSON lines; returns the keys of the first one, and all of them."""
    rows = [json.loads(line) for line in _read_lines(stream) if line.strip()]
    return list(rows[0]) if rows else [], rows


def select_evenly(items: Sequence[Item], max_items: int) -> list[Item]:
    """Selects evenly spaced items.

    >>> select_evenly(range(10), 3)
    [0, 3, 6]
    """
    count = min(max_items, len(items))
    return [items[position * len(items) // count] for position in range(count)]


def _read_lines(stream: TextIO) -> list[str]:
    """Reads the first complete lines, at least one."""
    block = stream.read(_MAX_CHARACTERS)
    if len(block) < _MAX_CHARACTERS:
        return block.splitlines(keepends=True)
    return (block + stream.readline()).splitlines(keepends=True)
