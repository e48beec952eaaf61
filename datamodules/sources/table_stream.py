"""Rows of CSV, TSV and JSON lines, one at a time, from a stream of lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from contracts.errors import DataError, join_names

CheckNames = Callable[[Sequence[str]], None]
"""Checks the column names of a row; raises `DataError`."""


class StreamedRow(NamedTuple):
    """The values of a row by column name, and the line that it ends in, counted from 1."""

    values: dict[str, Any]
    line: int


def read_delimited(lines: Iterable[str], where: str, delimiter: str, check_names: CheckNames) -> Iterator[StreamedRow]:
    """Reads delimited values row by row.

    Args:
        lines: A header, then the rows; a quoted field may span several lines.
        where: The name of the file, for messages.
        delimiter: The character between fields.
        check_names: Called with the header.

    Raises:
        DataError: A row has another number of fields than the header, or its quoting is invalid.
    """
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        repeated = join_names(sorted({name for name in names if names.count(name) > 1}))
        if repeated:
            raise DataError(f"{where}: the header names more than one column {repeated}; rename or remove all but one")
        check_names(names)
        for values in reader:
            if not values:
                continue
            if len(values) != len(names):
                raise DataError(
                    f"{where}, line {reader.line_num}: {len(values)} fields where the header has {len(names)}; put "
                    'values that contain the delimiter or a line break in quotes (")'
                )
            yield StreamedRow(dict(zip(names, values, strict=True)), reader.line_num)
    except csv.Error as error:
        raise DataError(
            f'{where}, line {reader.line_num}: invalid quoting ({error}); write a quote in a quoted value twice ("")'
        ) from error


def read_json_lines(lines: Iterable[str], where: str, check_names: CheckNames) -> Iterator[StreamedRow]:
    """Reads one JSON object per line; blank lines are skipped.

    Args:
        lines: The lines of the file.
        where: The name of the file, for messages.
        check_names: Called with the names in each object.

    Raises:
        DataError: A line is not a JSON object.
    """
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        row = _parse_json(line.rstrip(), f"{where}, line {number}")
        check_names(list(row))
        yield StreamedRow(row, number)


def _parse_json(line: str, where: str) -> dict[str, Any]:
    """Parses the JSON object of a line."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{where} is not valid JSON: {error.msg} at character {error.colno}; write one JSON object per line"
        ) from error
    except RecursionError:
        raise DataError(f"{where} is nested too deeply; write one flat JSON object per line") from None
    except ValueError as error:  # a number with more digits than Python converts
        raise DataError(f"{where} cannot be read: {error}") from error
    if not isinstance(row, dict):
        raise DataError(f'{where} is not a JSON object; write one per line, such as {{"text": "…"}}')
    return row
