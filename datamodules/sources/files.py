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
from datamodules.sources.columns import Columns, Table, read_rows
from datamodules.sources.folders import SPLITS, find_split_files, get_extension, get_stem, is_gzip, resolve_data_path
from datamodules.sources.tables import Delimited, JsonLines, read_delimited_header, read_json_keys


class Files(Source):
    """A folder with `train`, `validation` and `test` files, or one file of rows yet to be split.

    Endings: `.csv`, `.tsv`, `.jsonl`, `.ndjson` and `.json` (one object a line), each also with `.gz`. A folder that
    holds an `all` file and no split counts as that file; `valid`, `val` and `dev` are other names for `validation`.
    A byte order mark, and line ends of Windows, do no harm.

    Args:
        path: The folder, or the file.
        text_column: Holds the texts.
        text_pair_column: Holds the second text of each pair; read where it is there, never if `null`.
        label_column: Holds one label a text; never read if `null`.
        labels_column: Holds several labels a text, as a JSON list; read where there is no label column, never if
            `null`. Where both are there, the one that was given another name than its default is meant.
        encoding: How the bytes stand for characters, by the name that Python knows it by.
        delimiter: The sign between two fields; a comma in CSV and a tab in TSV if `null`.
        quoted: Whether `"` around a field of CSV or TSV quotes it; false where quotes are part of the texts.
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
        self.encoding = _known_encoding(encoding)
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
            raise UsageError(
                f"delimiter must be one character, neither a quote nor a line break, got {delimiter!r}; "
                "a comma in CSV and a tab in TSV need no --data.source.delimiter"
            )
        self.delimiter, self.quoted = delimiter, quoted
        self.path = resolve_data_path(path)

    @property
    def name(self) -> str:
        """The folder's name, or the file's where that says more than its part in the data."""
        path = self.path.resolve()
        word = path.name
        if path.is_file():
            word = path.parent.name if get_stem(path).lower() in (*SPLITS, "all") else get_stem(path)
        return re.sub(r"[^A-Za-z0-9-]+", "_", word).strip("_-") or "files"

    def detect_task(self) -> Task:
        """Told by the column names of the training file, of which only the first line is read."""
        file = find_split_files(self.path)["train"]
        try:
            with _stream(file, self.encoding) as stream:
                names = (
                    read_json_keys(stream) if _is_json(file) else read_delimited_header(stream, *self._dialect(file))
                )
        except (OSError, EOFError, zlib.error, ValueError, RecursionError, csv.Error):
            names = []
        # where there is nothing to go by, reading all of it says what is wrong
        return self.columns.choose(names if any(names) else self._table(file).names, str(file)).task

    def fingerprint(self) -> str:
        """A hash of the bytes of all files and of how they are read; where they lie does not matter."""
        options = [asdict(self.columns), self.encoding, self.delimiter, self.quoted]
        digest = hashlib.blake2b(json.dumps(options).encode(), digest_size=16)
        for split, file in find_split_files(self.path).items():
            try:
                digest.update(f";{split}{get_extension(file)}:{file.stat().st_size};".encode())
                with file.open("rb") as stream:
                    while chunk := stream.read(1 << 20):
                        digest.update(chunk)
            except OSError as error:
                raise _unreadable(file, error) from None
        return digest.hexdigest()

    def read(self) -> dict[SplitName, Rows]:
        """Reads every file; rows yet to be split are all `train`."""
        splits: dict[SplitName, Rows] = {}
        first, first_file = None, self.path
        for split, file in find_split_files(self.path).items():
            table = self._table(file)
            chosen = self.columns.choose(table.names, table.where)
            if first is None:
                first, first_file = chosen, file
            elif (chosen.task, chosen.text_pair) != (first.task, first.text_pair):
                raise DataError(
                    f"{file} does not fit {first_file}: it has the columns {join_names(chosen.names)}, but the other "
                    f"{join_names(first.names)}. Give all files the same ones."
                )
            splits[split] = read_rows(table, chosen)
        return splits

    def _table(self, file: Path) -> Table:
        text = _decoded(file, self.encoding)
        return JsonLines(text, str(file)) if _is_json(file) else Delimited(text, str(file), *self._dialect(file))

    def _dialect(self, file: Path) -> tuple[str, bool]:
        return self.delimiter or ("\t" if get_extension(file) == ".tsv" else ","), self.quoted


def _known_encoding(encoding: str) -> str:
    try:
        "".encode(encoding)
    except (LookupError, ValueError):
        common = ["utf-8", "utf-16", "gb18030", "gbk", "big5", "shift_jis", "euc-kr", "latin-1", "cp1252"]
        raise UsageError(
            f"unknown encoding {encoding!r}.{suggest_name(encoding, common)} "
            f"Python knows {join_names(common, max_names=9)} and more. Mend it with --data.source.encoding."
        ) from None
    name = codecs.lookup(encoding).name
    return "utf-8-sig" if name == "utf-8" else name


def _is_json(file: Path) -> bool:
    return get_extension(file) in (".jsonl", ".ndjson", ".json")


def _stream(file: Path, encoding: str) -> TextIO:
    if is_gzip(file):
        return cast(TextIO, gzip.open(file, "rt", encoding=encoding, newline=""))
    return file.open(encoding=encoding, newline="")


def _decoded(file: Path, encoding: str) -> str:
    raw = _bytes(file)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        guess = "utf-16" if marked else "gb18030 (Chinese) or latin-1 (Western Europe)"
        is_utf8, line = encoding == "utf-8-sig", raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{file} is not {'utf-8' if is_utf8 else encoding}: byte {error.start + 1}, in line {line}, stands for no "
            f"character. Name its encoding with --data.source.encoding {guess if is_utf8 else 'utf-8'}, or save it as "
            "UTF-8."
        ) from None


def _bytes(file: Path) -> bytes:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None
    if not is_gzip(file):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{file} is no whole gzip file ({error}); write or fetch it again, or take .gz from its name"
        ) from None


def _unreadable(file: Path, error: OSError) -> DataError:
    return DataError(f"{file} cannot be read: {error.strerror}; mend its permissions or name another file")
