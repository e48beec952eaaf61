"""Labelled texts in the user's own files: CSV, TSV or JSON lines, plain or gzipped."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import json
import re
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import TextIO, cast

from contracts.errors import DataError, UsageError, join_names, suggest_name
from contracts.text_spec import Task
from datamodules.sources.base import Rows, Source, SplitName
from datamodules.sources.columns import ColumnChoice, Columns, Table, check_same_columns, read_rows
from datamodules.sources.folders import (
    SPLIT_ALIASES,
    find_split_files,
    get_extension,
    get_stem,
    is_gzip,
    resolve_data_path,
)
from datamodules.sources.tables import Delimited, JsonLines, read_delimited_header, read_json_keys
from datamodules.sources.text_sample import read_json_sample, read_sample, select_evenly

_JSON_EXTENSIONS = (".jsonl", ".ndjson", ".json")


class Files(Source):
    """A folder with `train`, `validation` and `test` files, or one file that is split at random.

    Extensions: `.csv`, `.tsv`, `.jsonl`, `.ndjson` and `.json` (one object per line), each also with `.gz`. A folder
    with an `all` file and no splits is read as that file; `valid`, `val` and `dev` are other names for `validation`.
    Byte order marks and Windows line endings are accepted.

    Args:
        path: Folder of train, validation and test files, or a single file.
        text_column: Column of texts.
        text_pair_column: Column of second texts, if it exists. Ignored if `null`.
        label_column: Column of labels, one per text; ignored if `null`.
        labels_column: Column of label lists (JSON) for multi-label data. Read if there is no label column, ignored if
            `null`. If both exist, the one whose name was set is read.
        encoding: Character encoding, by its Python name.
        delimiter: Field delimiter. If `null`, a comma in CSV and a tab in TSV.
        quoted: Whether fields of CSV or TSV may be quoted by `"`. Set to false if quotes are part of the texts.
    """

    def __init__(
        self,
        path: str,
        text_column: str = "text",
        text_pair_column: str | None = "text_pair",
        label_column: str | None = "label",
        labels_column: str | None = "labels",
        encoding: str = "utf-8",
        delimiter: str | None = None,
        quoted: bool = True,
    ) -> None:
        self.columns = Columns(text_column, text_pair_column, label_column, labels_column)
        self.encoding = _resolve_encoding(encoding)
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
            raise UsageError(
                f"delimiter must be one character, neither a quote nor a line break, got {delimiter!r}; "
                "a comma in CSV and a tab in TSV need no --data.source.delimiter"
            )
        self.delimiter, self.quoted = delimiter, quoted
        self.path = resolve_data_path(path)

    @property
    def name(self) -> str:
        """The name of the folder, or of the file if it is not just that of a split."""
        path = self.path.resolve()
        name = path.name
        if path.is_file():
            name = path.parent.name if get_stem(path).lower() in (*SPLIT_ALIASES, "all") else get_stem(path)
        return re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_-") or "files"

    def detect_task(self) -> Task:
        """Detects the task from the column names of the training file; only its first line is read."""
        file = find_split_files(self.path)["train"]
        try:
            with _open_text(file, self.encoding) as stream:
                names = (
                    read_json_keys(stream) if _is_json(file) else read_delimited_header(stream, *self._dialect(file))
                )
        except (OSError, EOFError, zlib.error, ValueError, RecursionError, csv.Error):
            names = []
        # without names, reading the file raises an error that names the problem
        return self.columns.choose(names if any(names) else self._read_table(file).names, str(file)).task

    def fingerprint(self) -> str:
        """Computes a hash of the bytes of all files and of how they are read; their location does not matter."""
        options = [asdict(self.columns), self.encoding, self.delimiter, self.quoted]
        digest = hashlib.blake2b(json.dumps(options).encode(), digest_size=16)
        for split, file in find_split_files(self.path).items():
            try:
                digest.update(f";{split}{get_extension(file)}:{file.stat().st_size};".encode())
                with file.open("rb") as stream:
                    while chunk := stream.read(1 << 20):
                        digest.update(chunk)
            except OSError as error:
                raise _create_read_error(file, error) from None
        return digest.hexdigest()

    def sample_texts(self, max_texts: int = 500) -> list[str]:
        """Reads training texts from the beginning of their file; none if it cannot be read, which `read` explains."""
        try:
            file = find_split_files(self.path)["train"]
            with _open_text(file, self.encoding) as stream:
                names, rows = read_json_sample(stream) if _is_json(file) else read_sample(stream, *self._dialect(file))
            column = self.columns.choose(names, str(file)).text
            texts = [row[column] for row in rows if isinstance(row.get(column), str)]
        except (OSError, EOFError, zlib.error, ValueError, RecursionError, csv.Error):
            return []
        return select_evenly(texts, max_texts)

    def list_splits(self) -> set[SplitName]:
        """Lists the splits that have a file."""
        return set(find_split_files(self.path))

    def list_files(self) -> list[Path]:
        """Lists the file of each split."""
        return list(find_split_files(self.path).values())

    def read(self) -> dict[SplitName, Rows]:
        """Reads every file; the rows of a single file are all `train`."""
        splits: dict[SplitName, Rows] = {}
        first: tuple[str, ColumnChoice] | None = None
        for split, file in find_split_files(self.path).items():
            table = self._read_table(file)
            choice = self.columns.choose(table.names, table.where)
            first = first or (table.where, choice)
            check_same_columns(table, choice, first, "Give all files the same ones.")
            splits[split] = read_rows(table, choice)
        return splits

    def _read_table(self, file: Path) -> Table:
        """Reads a file as a table of delimited values or JSON lines."""
        text = _read_text(file, self.encoding)
        return JsonLines(text, str(file)) if _is_json(file) else Delimited(text, str(file), *self._dialect(file))

    def _dialect(self, file: Path) -> tuple[str, bool]:
        """Returns the delimiter of a file, and whether its fields may be quoted."""
        return self.delimiter or ("\t" if get_extension(file) == ".tsv" else ","), self.quoted


def _resolve_encoding(encoding: str) -> str:
    """Returns Python's name of an encoding; for UTF-8 the one that skips a byte order mark."""
    try:
        "".encode(encoding)
    except (LookupError, ValueError):
        common = ["utf-8", "utf-16", "gb18030", "gbk", "big5", "shift_jis", "euc-kr", "latin-1", "cp1252"]
        raise UsageError(
            f"unknown encoding {encoding!r}.{suggest_name(encoding, common)} "
            f"Python knows {join_names(common, max_names=9)} and more. Change it with --data.source.encoding."
        ) from None
    name = codecs.lookup(encoding).name
    return "utf-8-sig" if name == "utf-8" else name


def _is_json(file: Path) -> bool:
    """Returns whether a file holds JSON lines, by its extension."""
    return get_extension(file) in _JSON_EXTENSIONS


def _open_text(file: Path, encoding: str) -> TextIO:
    """Opens a file for reading text, decompressed."""
    if is_gzip(file):
        return cast(TextIO, gzip.open(file, "rt", encoding=encoding, newline=""))
    return file.open(encoding=encoding, newline="")


def _read_text(file: Path, encoding: str) -> str:
    """Reads and decodes a file."""
    content = _read_bytes(file)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        has_utf16_mark = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        guess = "utf-16" if has_utf16_mark else "gb18030 (Chinese) or latin-1 (Western Europe)"
        is_utf8, line = encoding == "utf-8-sig", content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{file} is not {'utf-8' if is_utf8 else encoding}: byte {error.start + 1}, in line {line}, is not a valid "
            f"character. Name its encoding with --data.source.encoding {guess if is_utf8 else 'utf-8'}, or save it as "
            "UTF-8."
        ) from None


def _read_bytes(file: Path) -> bytes:
    """Reads a file, decompressed."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise _create_read_error(file, error) from None
    if not is_gzip(file):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{file} is not a complete gzip file ({error}); write or download it again, or remove .gz from its name"
        ) from None


def _create_read_error(file: Path, error: OSError) -> DataError:
    """Returns a message on a file that cannot be read."""
    return DataError(f"{file} cannot be read: {error.strerror}; fix its permissions or name another file")
