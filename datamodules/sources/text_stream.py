"""New texts from files, the standard input or arguments, read one at a time."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TextIO, cast

from contracts.errors import DataError, UsageError, join_names, suggest_name
from datamodules.sources.base import Source
from datamodules.sources.columns import Columns, find_unsplit_delimiter
from datamodules.sources.folders import get_extension, is_gzip
from datamodules.sources.table_stream import StreamedRow, read_delimited, read_json_lines
from datamodules.sources.text_inputs import Input

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_MAX_OPEN_FILES = 100  # files whose first text is read ahead; systems limit how many may be open
_BYTE_ORDER_MARK = "\ufeff"


class TextColumns(NamedTuple):
    """The columns that hold the texts of CSV, TSV and JSON lines."""

    text: str = "text"
    text_pair: str | None = "text_pair"
    """Column of the second texts; None for single texts."""

    def format(self, pairs: bool) -> str:
        """Formats the names for a message.

        >>> TextColumns("question", "answer").format(pairs=True)
        'the columns "question" and "answer"'
        """
        return f'the columns "{self.text}" and "{self.text_pair}"' if pairs else f'the column "{self.text}"'


def get_text_columns(source: Source) -> TextColumns | None:
    """Returns the columns that a source reads its texts from; None if it has no table, as the demo."""
    columns = getattr(source, "columns", None)
    return TextColumns(columns.text, columns.text_pair) if isinstance(columns, Columns) else None


class NewText(NamedTuple):
    """A text to label, and its second text where texts come in pairs."""

    text: str
    pair: str | None = None
    row: dict[str, Any] | None = None
    """All columns of its row, by name; None if they are not kept."""


class NewTexts:
    """All texts of some inputs, in their order; each input is opened once and read while it is iterated over.

    The first text of each of the first 100 files is read immediately, so that an invalid file is detected before any
    text is labelled.

    Args:
        inputs: Files, standard input or texts, from `resolve_inputs`.
        columns: Columns that hold the texts in tables. With a column of second texts, a line of plain text is a pair
            too: two texts with a tab between them.
        encoding: Character encoding of files and standard input. A byte order mark is skipped.
        keep_rows: Whether each text of a table keeps all columns of its row.
        note: Sentence added to the error message for a missing column.

    Raises:
        UsageError: The encoding is unknown.
        DataError: The first row of a file cannot be read, or a column is missing.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        columns: TextColumns = TextColumns(),  # noqa: B008  # a tuple, which nothing can change
        encoding: str = "utf-8",
        keep_rows: bool = False,
        note: str = "",
    ) -> None:
        self._columns, self._keep_rows, self._note = columns, keep_rows, note
        self._encoding = _normalize_encoding(encoding)
        self.first_texts: list[NewText] = []
        """The first text of each file that was opened early; files without a text have none."""
        self._streams: list[Iterator[NewText]] = []
        for source in inputs:
            self._add_input(source)

    def __iter__(self) -> Iterator[NewText]:
        """Yields every text, once."""
        return chain.from_iterable(self._streams)

    def _add_input(self, source: Input) -> None:
        """Appends the stream of an input, and reads its first text if it is one of the first files."""
        stream = self._read_input(source)
        if isinstance(source, Path) and len(self._streams) < _MAX_OPEN_FILES:
            first = next(stream, None)
            if first is None:
                return
            self.first_texts.append(first)
            stream = chain([first], stream)
        self._streams.append(stream)

    def _read_input(self, source: Input) -> Iterator[NewText]:
        """Yields the texts of an input whose characters can be written."""
        if isinstance(source, Path):
            texts = self._read_file(source)
        elif source == "-":
            texts = self._read_standard_input()
        else:
            texts = iter([self._split_line(source)])
        for number, text in enumerate(texts, start=1):
            _check_characters(text, f"text {number} of {str(source)!r}")
            yield text

    def _read_file(self, path: Path) -> Iterator[NewText]:
        """Yields the texts of a file."""
        try:
            with _open_file(path, self._encoding) as stream:
                yield from self._parse_file(path, _skip_byte_order_mark(stream))
        except UnicodeError as error:
            raise _make_decoding_error(str(path), self._encoding, error) from error
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path} is not a complete gzip file ({error}); write or fetch it again") from error
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}; fix its permissions or name another") from error

    def _parse_file(self, path: Path, lines: Iterator[str]) -> Iterator[NewText]:
        """Yields the texts of a table, or of plain lines, by the ending of the file."""
        check_names = partial(_check_columns, self._columns, self._note, str(path))
        extension = get_extension(path)
        if not extension:
            return self._split_lines(lines, str(path))
        if extension in _DELIMITERS:
            rows = read_delimited(lines, str(path), _DELIMITERS[extension], check_names)
        else:
            rows = read_json_lines(lines, str(path), check_names)
        return (self._select_texts(row, str(path)) for row in rows)

    def _read_standard_input(self) -> Iterator[NewText]:
        """Yields the texts of the standard input, one per line."""
        stream = sys.stdin
        if stream is None:  # Python was started with it closed
            raise DataError("the standard input is closed; name a file, or give texts as arguments")
        try:
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding=self._encoding, errors="strict")
            yield from self._split_lines(_skip_byte_order_mark(stream), "the standard input")
        except UnicodeError as error:
            raise _make_decoding_error("the standard input", self._encoding, error) from error
        except OSError as error:
            raise DataError(f"the standard input cannot be read: {error.strerror}; name a file") from error

    def _split_lines(self, lines: Iterable[str], where: str) -> Iterator[NewText]:
        """Yields the text, or the pair, of each line."""
        for number, line in enumerate(lines, start=1):
            yield self._split_line(line.rstrip("\r\n"), f"{where}, line {number}: ")

    def _split_line(self, line: str, where: str = "") -> NewText:
        """Parses a line as a text, or splits it at its first tab into a pair."""
        if self._columns.text_pair is None:
            return NewText(line)
        text, tab, pair = line.partition("\t")
        if not tab:
            raise DataError(
                f"{where}{line[:60]!r} is one text, and the model compares two; put a tab between them, or name a "
                "file with a column for each"
            )
        return NewText(text, pair)

    def _select_texts(self, row: StreamedRow, where: str) -> NewText:
        """Selects the texts of a row by column."""
        text, pair = (
            None if column is None else _convert_to_text(row.values[column], column, f"{where}, line {row.line}")
            for column in self._columns
        )
        return NewText(cast(str, text), pair, row.values if self._keep_rows else None)


def _normalize_encoding(encoding: str) -> str:
    """Returns Python's name of an encoding; UTF-8 may begin with a byte order mark."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(encoding)  # rejects codecs that do not encode text, such as base64
    except (LookupError, ValueError):
        raise UsageError(
            f"--encoding {encoding!r} is not known to Python; utf-8, gb18030, cp1252 and utf-16 are"
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def _check_columns(columns: TextColumns, note: str, where: str, names: Sequence[str]) -> None:
    """Checks that a row has the columns of the texts."""
    missing = [(option, name) for option, name in columns._asdict().items() if name is not None and name not in names]
    if missing:
        what = " and no column ".join(f'"{name}"' for _, name in missing)
        options = " and ".join(f"--{option}_column" for option, _ in missing)
        others = [] if find_unsplit_delimiter(names) else [name for name in names if name not in columns]
        near = suggest_name(missing[0][1], others)
        raise DataError(
            f"{where} has no column {what}; it has: {join_names(names) or 'none'}.{near}{' ' * bool(note)}{note} "
            f"Name the column{'s' * (len(missing) > 1)} with {options}."
        )


def _convert_to_text(value: object, column: str, where: str) -> str:
    """Converts a value of JSON as training does."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        raise DataError(f'{where}: column "{column}" contains a list or an object instead of text')
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _check_characters(text: NewText, where: str) -> None:
    """Checks that a text can be written: it has no lone surrogate, and its row is not nested too deeply."""
    try:
        row = "" if text.row is None else json.dumps(text.row, ensure_ascii=False)
        for part in (text.text, text.pair or "", row):
            part.encode()
    except UnicodeEncodeError:
        raise DataError(
            f"{where} contains a lone surrogate (half of a character, such as "
            r"\ud83d): it was truncated inside a character, or has another encoding; remove it, or name the "
            "encoding with --encoding"
        ) from None
    except RecursionError:
        raise DataError(f"{where} has a column that is nested too deeply; leave out --keep_columns") from None


def _skip_byte_order_mark(lines: Iterable[str]) -> Iterator[str]:
    """Yields the lines, the first one without a byte order mark."""
    for number, line in enumerate(lines):
        yield line if number else line.lstrip(_BYTE_ORDER_MARK)


def _make_decoding_error(where: str, encoding: str, error: UnicodeError) -> DataError:
    """Returns a message on bytes that are not text in this encoding."""
    reason = getattr(error, "reason", error)  # a byte order mark that is missing has none
    name = encoding.removesuffix("-sig")
    return DataError(f"{where} is not {name} ({reason}); name its encoding with --encoding")


def _open_file(path: Path, encoding: str) -> TextIO:
    """Opens a file for reading text, decompressed."""
    if is_gzip(path):
        return cast(TextIO, gzip.open(path, "rt", encoding=encoding, newline=""))
    return path.open(encoding=encoding, newline="")
