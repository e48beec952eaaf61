"""Tables parsed from text: delimited values (CSV, TSV) and JSON lines, without Python code per cell."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, TextIO

from contracts.errors import DataError, join_names

_MAX_FIELD_LENGTH = 2**31 - 1  # a C long on every platform; real texts exceed the default limit of 131,072


class Delimited:
    """Parses delimited values: a header line, then one record per row; quoted fields may hold line breaks.

    Args:
        text: Content of the file.
        where: Name of the file, for messages.
        delimiter: Field delimiter.
        quoted: Whether `"` around a field quotes it and is not part of it.

    Raises:
        DataError: There are no rows, the quoting is invalid, or rows differ in their number of fields.
    """

    def __init__(self, text: str, where: str, delimiter: str = ",", quoted: bool = True) -> None:
        self.where, self._text, self._delimiter, self._quoted = where, text, delimiter, quoted
        if not text or text.isspace():
            raise _create_empty_error(where)
        try:
            records = list(filter(None, self._create_reader()))  # a line break alone is not a record
        except csv.Error:
            raise self._create_quoting_error() from None
        self.names = [name.strip() for name in records[0]]
        self._records = records[1:]
        if not self._records:
            raise DataError(f"{where} has a header ({join_names(self.names)}) but no rows; give it at least one")
        if set(map(len, self._records)) != {len(self.names)}:
            raise self._create_field_count_error()

    def get_column(self, name: str) -> list[str]:
        """Returns all values of one column."""
        if self.names.count(name) > 1:
            raise DataError(
                f'{self.where} has {self.names.count(name)} columns named "{name}" in its header: '
                f"{join_names(self.names)}; rename or remove one"
            )
        return list(map(itemgetter(self.names.index(name)), self._records))

    def locate_rows(self, rows: Sequence[int]) -> list[str]:
        """Returns the line in which each row begins; parses the text again."""
        starts = [line for line, _ in self._iterate_records()]
        return [f"line {starts[row + 1]}" for row in rows]

    def _create_reader(self) -> Any:
        """Creates a reader of the text, without a practical limit on the length of a field."""
        csv.field_size_limit(max(csv.field_size_limit(), _MAX_FIELD_LENGTH))
        return _create_csv_reader(io.StringIO(self._text, newline=""), self._delimiter, self._quoted)

    def _iterate_records(self) -> Iterator[tuple[int, list[str]]]:
        """Yields the header and all records, each with the number of the line in which it begins."""
        reader, start = self._create_reader(), 1
        for record in reader:
            if record:
                yield start, record
            start = reader.line_num + 1

    def _create_quoting_error(self) -> DataError:
        """Locates the quoting error and returns a message on it."""
        reader, start = self._create_reader(), 1
        try:
            for _ in reader:
                start = reader.line_num + 1
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                what = f"a quote that opens in line {start} is never closed"
            else:
                what = f"line {reader.line_num} has invalid quoting ({error})"
                what += f", in a row that begins in line {start}" if start != reader.line_num else ""
            return DataError(
                f'{self.where}: {what}. Write a quote inside a quoted field twice (""), or, if quotes are part of the '
                "texts, set --data.source.quoted false."
            )
        raise AssertionError("the text can be parsed after all")

    def _create_field_count_error(self) -> DataError:
        """Lists the rows with another number of fields than the header in a message."""
        expected = len(self.names)
        bad = [f"line {line} ({len(record)})" for line, record in self._iterate_records() if len(record) != expected]
        rows = "1 row has" if len(bad) == 1 else f"{len(bad)} rows have"
        delimiter = "tab" if self._delimiter == "\t" else f'"{self._delimiter}"'
        return DataError(
            f"{self.where}: the header has {expected} fields ({join_names(self.names)}), but {rows} another number: "
            f'{join_names(bad)}. Put texts that hold a {delimiter} or a line break in quotes ("), or fix the rows.'
        )


class JsonLines:
    """Parses JSON lines: one object per line; the names in the first one are the columns.

    Args:
        text: Content of the file.
        where: Name of the file, for messages.

    Raises:
        DataError: There are no rows, or a line is not a JSON object.
    """

    def __init__(self, text: str, where: str) -> None:
        self.where, self._text = where, text
        lines = [line for line in text.split("\n") if line and not line.isspace()]
        if not lines:
            raise _create_empty_error(where)
        try:
            self._objects = list(map(json.loads, lines))
        except (json.JSONDecodeError, RecursionError):
            raise self._create_syntax_error() from None
        if set(map(type, self._objects)) != {dict}:
            raise self._create_type_error()
        self.names = list(self._objects[0])

    def get_column(self, name: str) -> list[Any]:
        """Returns all values of one column."""
        try:
            values = list(map(itemgetter(name), self._objects))
        except KeyError:
            bad = [row for row, each in enumerate(self._objects) if name not in each]
            rows = "1 row lacks" if len(bad) == 1 else f"{len(bad)} rows lack"
            raise DataError(
                f'{self.where}: {rows} "{name}", which the first one has: {join_names(self.locate_rows(bad))}. '
                "Every object needs the same names."
            ) from None
        if "\\ud" in self._text or "\\uD" in self._text:  # only such an escape can make a lone surrogate
            self._check_surrogates(values)
        return values

    def locate_rows(self, rows: Sequence[int]) -> list[str]:
        """Returns the line of each row."""
        numbers = [number for number, _ in self._iterate_lines()]
        return [f"line {numbers[row]}" for row in rows]

    def _iterate_lines(self) -> Iterator[tuple[int, str]]:
        """Yields each line that is not blank with its number."""
        lines = enumerate(self._text.split("\n"), start=1)
        return ((number, line) for number, line in lines if line and not line.isspace())

    def _create_syntax_error(self) -> DataError:
        """Locates the line that is not JSON and returns a message on it."""
        for number, line in self._iterate_lines():
            try:
                json.loads(line)
            except json.JSONDecodeError as error:
                return DataError(
                    f"{self.where}: line {number} is not JSON: {error.msg} at character {error.colno}, in "
                    f"{_shorten(line)}. Write one complete JSON object per line."
                )
            except RecursionError:
                return DataError(
                    f"{self.where}: line {number} is nested too deeply; write one flat JSON object per line"
                )
        raise AssertionError("the text can be parsed after all")

    def _create_type_error(self) -> DataError:
        """Locates the line that is not a JSON object and returns a message on it."""
        row, value = next((row, each) for row, each in enumerate(self._objects) if not isinstance(each, dict))
        types = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
        fix = 'Write one JSON object per line, such as {"text": "...", "label": "..."}.'
        if isinstance(value, list):
            fix += " jq -c '.[]' makes such lines of a list of objects."
        what = types.get(type(value), "a number")
        return DataError(f"{self.where}: {self.locate_rows([row])[0]} is {what}, not an object. {fix}")

    def _check_surrogates(self, values: list[Any]) -> None:
        """Raises an error for values with a lone surrogate."""
        for row, value in enumerate(values):
            try:
                str(value).encode()
            except UnicodeEncodeError:
                raise DataError(
                    f"{self.where}: {self.locate_rows([row])[0]} holds a lone surrogate (half of a character, such as "
                    r"\ud83d): the text was truncated inside a character. Remove the surrogate."
                ) from None


def read_delimited_header(stream: TextIO, delimiter: str, quoted: bool) -> list[str]:
    """Reads the column names of delimited values, and no further line; empty if there are none."""
    return [name.strip() for name in next(filter(None, _create_csv_reader(stream, delimiter, quoted)), [])]


def read_json_keys(stream: TextIO) -> list[str]:
    """Reads the names in the first of some JSON lines, and no further line; empty if there are none."""
    first = next((line for line in stream if not line.isspace()), "null")
    value = json.loads(first)
    return list(value) if isinstance(value, dict) else []


def _create_csv_reader(stream: TextIO, delimiter: str, quoted: bool) -> Any:
    """Creates a reader of delimited values; an unclosed quote is an error."""
    if quoted:
        return csv.reader(stream, delimiter=delimiter, strict=True)
    return csv.reader(stream, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _create_empty_error(where: str) -> DataError:
    """Returns a message on an empty file."""
    return DataError(f"{where} is empty; give it a header and at least one row")


def _shorten(line: str) -> str:
    """Shortens a line for a message."""
    line = line.strip()
    return line if len(line) <= 60 else f"{line[:57]}..."
