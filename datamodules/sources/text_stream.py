"""New texts as they come: from arguments, the standard input, or files, read while they are answered."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from contracts.errors import DataError, UsageError, suggest_name

_TABLES = {".csv": ",", ".tsv": "\t"}
_JSON = (".jsonl", ".ndjson", ".json")


class NewText(NamedTuple):
    """A text to label, and its second one where there is one."""

    text: str
    pair: str | None = None


def new_texts(
    inputs: list[str], text_column: str = "text", pair_column: str = "text_pair", encoding: str = "utf-8"
) -> Iterator[NewText]:
    """Reads what the user named, in order.

    Args:
        inputs: Files, `-` for a text a line on the standard input, or texts themselves. None at all means `-`.
        text_column: Holds the texts in CSV, TSV and JSON lines.
        pair_column: Holds second texts, read where it is there.
        encoding: Of files; the standard input is taken as it comes.

    Raises:
        UsageError: What looks like a file is not there, or the encoding is not known.
        DataError: A file lacks the column, or cannot be read as what its ending says.
    """
    _check_encoding(encoding)
    for given in inputs or ["-"]:
        for number, new in enumerate(_texts_of(given, text_column, pair_column, encoding), start=1):
            if any(_has_half(text) for text in new):
                raise DataError(
                    f"text {number} of {given!r} holds half of a character (a lone surrogate such as "
                    r"\ud83d): what wrote it cut a text in the middle of one, or has another encoding. Remove the half."
                )
            yield new


def check_inputs(inputs: list[str], text_column: str, pair_column: str, encoding: str) -> None:
    """Reads the first text of every file, so that what is wrong with one is known before any text is answered.

    Args:
        inputs: As `new_texts` takes them; the standard input is left alone.
        text_column: Likewise.
        pair_column: Likewise.
        encoding: Likewise.

    Raises:
        UsageError: A file is not there, or the encoding is not known.
        DataError: A file cannot be read as what its ending says.
    """
    _check_encoding(encoding)
    for given in inputs:
        if given != "-":
            next(_texts_of(given, text_column, pair_column, encoding), None)


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise UsageError(f"--encoding {encoding!r} is not known to Python; utf-8, gb18030 and latin-1 are") from error


def _texts_of(given: str, text_column: str, pair_column: str, encoding: str) -> Iterator[NewText]:
    path = Path(given)
    if given == "-":
        return _lines(sys.stdin)
    if _is_file(path):
        return _from_file(path, text_column, pair_column, encoding)
    if os.sep in given and path.is_dir():
        raise UsageError(f"{given} is a folder; name the files in it")
    if " " not in given and _ending(path) in (*_TABLES, *_JSON, ".txt"):
        near = suggest_name(path.name, [entry.name for entry in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise UsageError(f"there is no file {given}.{near}")
    return iter([_split_pair(given)])


def _has_half(text: str | None) -> bool:
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a long text is no path
        return False


def _from_file(path: Path, text_column: str, pair_column: str, encoding: str) -> Iterator[NewText]:
    ending = _ending(path)
    try:
        with _opened(path, "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding) as stream:
            if ending in _TABLES:
                yield from _table(stream, path, _TABLES[ending], text_column, pair_column)
            elif ending in _JSON:
                yield from _objects(stream, path, text_column, pair_column)
            else:
                yield from _lines(stream)
    except UnicodeError as error:
        reason = getattr(error, "reason", error)  # a byte order mark that is not there has none
        raise DataError(f"{path} is not {encoding} ({reason}); name its encoding with --encoding") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is no whole gzip file ({error}); write or fetch it again") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; mend its permissions or name another") from error


def _table(stream: TextIO, path: Path, delimiter: str, text_column: str, pair_column: str) -> Iterator[NewText]:
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        text = _column(header, text_column, path)
        pair = header.index(pair_column) if pair_column in header else None
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise DataError(f"{path}, line {reader.line_num}: {len(row)} fields where the header has {len(header)}")
            yield NewText(row[text], None if pair is None else row[pair])
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: broken quoting ({error})") from error


def _objects(stream: TextIO, path: Path, text_column: str, pair_column: str) -> Iterator[NewText]:
    for number, line in enumerate(stream, start=1):
        if line.isspace():
            continue
        try:
            plain = json.loads(line.rstrip())
        except json.JSONDecodeError as error:
            raise DataError(f"{path}, line {number} is no JSON: {error.msg} at character {error.colno}") from error
        if not isinstance(plain, dict):
            raise DataError(f"{path}, line {number} holds no JSON object; write one object a line")
        _column(list(plain), text_column, path)
        pair = _word(plain[pair_column], pair_column, path, number) if pair_column in plain else None
        yield NewText(_word(plain[text_column], text_column, path, number), pair)


def _word(value: object, column: str, path: Path, number: int) -> str:
    """What training reads such a value as."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        raise DataError(f'{path}, line {number}: column "{column}" holds something other than text')
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _lines(stream: Iterable[str]) -> Iterator[NewText]:
    return (_split_pair(line.rstrip("\r\n")) for line in stream)


def _split_pair(line: str) -> NewText:
    text, tab, pair = line.partition("\t")
    return NewText(text, pair) if tab else NewText(text)


def _column(names: list[str], wanted: str, path: Path) -> int:
    if wanted not in names:
        raise DataError(
            f'{path} has no column "{wanted}", only: {", ".join(names) or "none"}.{suggest_name(wanted, names)} '
            "Name the column with --text_column."
        )
    return names.index(wanted)


def _ending(path: Path) -> str:
    endings = [suffix.lower() for suffix in path.suffixes]
    if endings and endings[-1] == ".gz":
        endings.pop()
    return endings[-1] if endings else ""


def _opened(path: Path, encoding: str) -> TextIO:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")
