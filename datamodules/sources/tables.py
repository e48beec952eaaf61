"""Tables in text: delimited values (CSV, TSV) and JSON lines, read whole and with no Python code per cell."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, TextIO

from contracts.errors import DataError, join_names

_LONGEST_FIELD = 2**31 - 1  # a C long on every platform; the module's own limit of 131,072 cuts real texts short


class Delimited:
    """A header line, then one record a row; quoted fields may hold line breaks.

    Args:
        text: The whole file.
        where: Its name, for messages.
        delimiter: Stands between fields.
        quoted: Whether `"` around a field is quoting and no part of it.

    Raises:
        DataError: There are no rows, or one cannot be told apart from the next.
    """

    def __init__(self, text: str, where: str, delimiter: str = ",", quoted: bool = True) -> None:
        self.where, self._text, self._delimiter, self._quoted = where, text, delimiter, quoted
        if not text or text.isspace():
            raise _empty(where)
        try:
            records = list(filter(None, self._reader()))  # a line break alone is no record
        except csv.Error:
            raise self._broken() from None
        self.names = [name.strip() for name in records[0]]
        self._records = records[1:]
        if not self._records:
            raise DataError(f"{where} has a header ({join_names(self.names)}) but no rows; give it at least one")
        if set(map(len, self._records)) != {len(self.names)}:
            raise self._uneven()

    def column(self, name: str) -> list[str]:
        """All values of one column."""
        if self.names.count(name) > 1:
            raise DataError(
                f'{self.where} has {self.names.count(name)} columns named "{name}" in its header: '
                f"{join_names(self.names)}; rename or remove one"
            )
        return list(map(itemgetter(self.names.index(name)), self._records))

    def places(self, rows: Sequence[int]) -> list[str]:
        """The line that each of these rows begins in; reads the text again."""
        starts = [line for line, _ in self._numbered()]
        return [f"line {starts[row + 1]}" for row in rows]

    def _reader(self) -> Any:
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
        return _csv_reader(io.StringIO(self._text, newline=""), self._delimiter, self._quoted)

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        reader, start = self._reader(), 1
        for record in reader:
            if record:
                yield start, record
            start = reader.line_num + 1

    def _broken(self) -> DataError:
        reader, start = self._reader(), 1
        try:
            for _ in reader:
                start = reader.line_num + 1
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                what = f"a quote that opens in line {start} is never closed"
            else:
                what = f"line {reader.line_num} has broken quoting ({error})"
                what += f", in a row that begins in line {start}" if start != reader.line_num else ""
            return DataError(
                f'{self.where}: {what}. Write a quote inside a quoted field twice (""), or, if quotes are part of the '
                "texts, read them as such with --data.source.quoted false."
            )
        raise AssertionError("a text that could not be read can be")

    def _uneven(self) -> DataError:
        wide = len(self.names)
        bad = [f"line {line} ({len(record)})" for line, record in self._numbered() if len(record) != wide]
        rows = "1 row has" if len(bad) == 1 else f"{len(bad)} rows have"
        sign = "tab" if self._delimiter == "\t" else f'"{self._delimiter}"'
        return DataError(
            f"{self.where}: the header has {wide} fields ({join_names(self.names)}), but {rows} another number: "
            f'{join_names(bad)}. Put texts that hold a {sign} or a line break in quotes ("), or mend the rows.'
        )


class JsonLines:
    """One JSON object a line; the first one says which columns there are.

    Args:
        text: The whole file.
        where: Its name, for messages.

    Raises:
        DataError: There are no rows, or a line is no JSON object.
    """

    def __init__(self, text: str, where: str) -> None:
        self.where, self._text = where, text
        lines = [line for line in text.split("\n") if line and not line.isspace()]
        if not lines:
            raise _empty(where)
        try:
            self._objects = list(map(json.loads, lines))
        except (json.JSONDecodeError, RecursionError):
            raise self._broken() from None
        if set(map(type, self._objects)) != {dict}:
            raise self._no_object()
        self.names = list(self._objects[0])

    def column(self, name: str) -> list[Any]:
        """All values of one column."""
        try:
            values = list(map(itemgetter(name), self._objects))
        except KeyError:
            bad = [row for row, each in enumerate(self._objects) if name not in each]
            rows = "1 row lacks" if len(bad) == 1 else f"{len(bad)} rows lack"
            raise DataError(
                f'{self.where}: {rows} "{name}", which the first one has: {join_names(self.places(bad))}. '
                "Every object needs the same names."
            ) from None
        if "\\ud" in self._text or "\\uD" in self._text:  # only such an escape can give half a character
            self._refuse_halves(values)
        return values

    def places(self, rows: Sequence[int]) -> list[str]:
        """The line of each of these rows."""
        numbers = [number for number, _ in self._numbered()]
        return [f"line {numbers[row]}" for row in rows]

    def _numbered(self) -> Iterator[tuple[int, str]]:
        lines = enumerate(self._text.split("\n"), start=1)
        return ((number, line) for number, line in lines if line and not line.isspace())

    def _broken(self) -> DataError:
        for number, line in self._numbered():
            try:
                json.loads(line)
            except json.JSONDecodeError as error:
                return DataError(
                    f"{self.where}: line {number} is no JSON: {error.msg} at character {error.colno}, in "
                    f"{_shortened(line)}. Write one whole JSON object a line."
                )
            except RecursionError:
                return DataError(f"{self.where}: line {number} is nested too deeply; write one flat JSON object a line")
        raise AssertionError("a text that could not be read can be")

    def _no_object(self) -> DataError:
        row, value = next((row, each) for row, each in enumerate(self._objects) if not isinstance(each, dict))
        words = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
        mend = 'Write one JSON object a line, such as {"text": "...", "label": "..."}.'
        if isinstance(value, list):
            mend += " jq -c '.[]' makes such lines of a list of objects."
        what = words.get(type(value), "a number")
        return DataError(f"{self.where}: {self.places([row])[0]} is {what}, not an object. {mend}")

    def _refuse_halves(self, values: list[Any]) -> None:
        for row, value in enumerate(values):
            try:
                str(value).encode()
            except UnicodeEncodeError:
                raise DataError(
                    f"{self.where}: {self.places([row])[0]} holds half of a character (a lone surrogate such as "
                    r"\ud83d): what wrote it cut a text in the middle of one. Remove the half."
                ) from None


def read_delimited_header(stream: TextIO, delimiter: str, quoted: bool) -> list[str]:
    """The names in the header of delimited values, reading no further; empty where there is none."""
    return [name.strip() for name in next(filter(None, _csv_reader(stream, delimiter, quoted)), [])]


def read_json_keys(stream: TextIO) -> list[str]:
    """The names in the first of some JSON lines, reading no further; empty where there is none."""
    first = next((line for line in stream if not line.isspace()), "null")
    value = json.loads(first)
    return list(value) if isinstance(value, dict) else []


def _csv_reader(stream: TextIO, delimiter: str, quoted: bool) -> Any:
    if quoted:
        return csv.reader(stream, delimiter=delimiter, strict=True)
    return csv.reader(stream, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _empty(where: str) -> DataError:
    return DataError(f"{where} is empty; give it a header and at least one row")


def _shortened(line: str) -> str:
    line = line.strip()
    return line if len(line) <= 60 else f"{line[:57]}..."
