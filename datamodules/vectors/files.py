"""Files of word vectors: detects the format and the dimension from the content, and reads requested rows.

Text and binary after word2vec (Mikolov et al. 2013), text without a first line of sizes after GloVe (Pennington et al.
2014), fastText's `.vec` (Bojanowski et al. 2017), each plain or gzipped, and numpy's `.npz`.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from contracts.errors import DataError, UsageError
from datamodules.vectors.binary_rows import read_binary_rows
from datamodules.vectors.npz_rows import read_npz_rows, read_npz_shape
from datamodules.vectors.text_rows import parse_row, read_text_rows
from datamodules.vectors.vector_rows import VectorRows

_BLOCK = 1 << 17
_HEAD = 1 << 16
_SIZES = re.compile(rb"\s*(\d+)[ \t]+(\d+)[ \t]*\r?\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class VectorFile:
    """A vector file, as described by its head.

    Args:
        path: Path of the file.
        format: Format of the rows.
        dim: Vector dimension.
        declared_rows: Number of rows that the header specifies; None if there is no header.
        start: Offset of the first row in the decompressed file.
    """

    path: Path
    format: Literal["text", "binary", "npz"]
    dim: int
    declared_rows: int | None
    start: int = 0

    def fingerprint(self) -> dict[str, str | int]:
        """Returns path, size and time of change, to detect another file."""
        facts = self.path.stat()
        return {"path": str(self.path.resolve()), "bytes": facts.st_size, "changed": facts.st_mtime_ns}

    def read(self, requested: Collection[bytes]) -> VectorRows:
        """Reads the file and keeps the rows of the requested tokens.

        Raises:
            DataError: It cannot be read to the end.
        """
        found = VectorRows(self.path, self.dim, requested, declared_rows=self.declared_rows)
        if self.format == "npz":
            read_npz_rows(self.path, found)
            return found
        try:
            with _open_decompressed(self.path) as file:
                file.read(self.start)
                (read_text_rows if self.format == "text" else read_binary_rows)(file, found)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(
                f"{self.path} is truncated or damaged after {found.num_rows:,} rows ({error}); fetch it again"
            ) from error
        return found


def open_vector_file(path: str) -> VectorFile:
    """Reads the head of a vector file, in milliseconds whatever its size.

    Raises:
        UsageError: There is no such file.
        DataError: It is empty, damaged, or no vector file.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "is not there"
        raise UsageError(f"the file of word vectors {path} {what}; give a text, binary, .gz or .npz file")
    try:
        with file.open("rb") as raw:
            begins = raw.read(4)
        if begins.startswith(b"PK"):
            declared_rows, dim = read_npz_shape(file)
            return VectorFile(file, "npz", dim, declared_rows)
        with _open_decompressed(file) as unpacked:
            head = unpacked.read(_HEAD)
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(f"{path} cannot be read ({error}); fetch it again") from error
    return _parse_head(file, head)


def _parse_head(path: Path, head: bytes) -> VectorFile:
    """Detects format, dimension and number of rows from the first bytes of a file."""
    if not head.strip():
        raise DataError(f"{path} is empty; give a file of word vectors")
    sizes = _SIZES.match(head)
    if sizes is None:
        if _CONTROL.search(head):
            raise DataError(f"{path} is neither text nor a binary file of word2vec, nor .gz or .npz of one")
        dims = _count_numbers(head)
        if not dims:
            raise DataError(
                f"{path} holds no vectors: a row is a token and its numbers with spaces between, and none of the first "
                "rows is"
            )
        return VectorFile(path, "text", max(set(dims), key=dims.count), None)
    declared_rows, dim = int(sizes[1]), int(sizes[2])
    if dim < 1:
        raise DataError(f"{path}: the header specifies vectors of {dim} numbers")
    body = head[sizes.end() :]
    if not body:
        raise DataError(f"{path} holds no vector after its header")
    field = body.split(b"\n", 1)[0].strip().replace(b"\t", b" ").partition(b" ")[2].partition(b" ")[0]
    if _CONTROL.search(body) or not field.isascii():
        return VectorFile(path, "binary", dim, declared_rows, sizes.end())
    dims = _count_numbers(body)
    if dims and dim not in dims:
        raise DataError(f"{path}: the header specifies {dim} numbers per row, and the first row has {dims[0]}")
    return VectorFile(path, "text", dim, declared_rows, sizes.end())


def _count_numbers(text: bytes) -> list[int]:
    """Counts the numbers in each of the first rows that are complete."""
    lines = text.split(b"\n")
    complete = lines if len(text) < _HEAD // 2 else lines[:-1]
    return [len(row[1]) for row in map(parse_row, complete[:20]) if row is not None]


def _open_decompressed(path: Path) -> BinaryIO:
    """Opens a file in binary mode, decompressed if it is gzipped."""
    raw = path.open("rb")
    packed = raw.read(2) == b"\x1f\x8b"
    raw.close()
    if not packed:
        return path.open("rb", buffering=_BLOCK)
    return io.BufferedReader(gzip.open(path, "rb"), _BLOCK)
