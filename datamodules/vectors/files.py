"""Files of word vectors: which kind one is, told by its content, and how many numbers a row has.

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
from datamodules.vectors.npz_rows import npz_shape, read_npz_rows
from datamodules.vectors.rows import FoundRows
from datamodules.vectors.text_rows import read_text_rows, row_of

_BLOCK = 1 << 17
_HEAD = 1 << 16
_SIZES = re.compile(rb"\s*(\d+)[ \t]+(\d+)[ \t]*\r?\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class VectorFile:
    """What the head of a file says.

    Args:
        path: Where it lies.
        kind: How its rows are written.
        dim: Numbers a row.
        announced: Rows, where the file says.
        start: The byte, unpacked, at which the rows begin.
    """

    path: Path
    kind: Literal["text", "binary", "npz"]
    dim: int
    announced: int | None
    start: int = 0

    def fingerprint(self) -> dict[str, str | int]:
        """Plain values that change when the file does."""
        facts = self.path.stat()
        return {"path": str(self.path.resolve()), "bytes": facts.st_size, "changed": facts.st_mtime_ns}

    def read(self, wanted: Collection[bytes]) -> FoundRows:
        """Streams the whole file and keeps the rows of these tokens.

        Raises:
            DataError: It cannot be read to its end.
        """
        found = FoundRows(self.path, self.dim, wanted, announced=self.announced)
        if self.kind == "npz":
            read_npz_rows(self.path, found)
            return found
        try:
            with _unpacked(self.path) as file:
                file.read(self.start)
                (read_text_rows if self.kind == "text" else read_binary_rows)(file, found)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(
                f"{self.path} is cut off or damaged after {found.rows:,} rows ({error}); fetch it again"
            ) from error
        return found


def open_vector_file(path: str) -> VectorFile:
    """Reads the head of a file, which takes no time however large it is.

    Raises:
        UsageError: There is no such file.
        DataError: It is empty, damaged, or no file of vectors.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "is not there"
        raise UsageError(f"the file of word vectors {path} {what}; give a text, binary, .gz or .npz file")
    try:
        with file.open("rb") as raw:
            begins = raw.read(4)
        if begins.startswith(b"PK"):
            announced, dim = npz_shape(file)
            return VectorFile(file, "npz", dim, announced)
        with _unpacked(file) as unpacked:
            head = unpacked.read(_HEAD)
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(f"{path} cannot be read ({error}); fetch it again") from error
    return _of_head(file, head)


def _of_head(path: Path, head: bytes) -> VectorFile:
    if not head.strip():
        raise DataError(f"{path} is empty; give a file of word vectors")
    sizes = _SIZES.match(head)
    if sizes is None:
        if _CONTROL.search(head):
            raise DataError(f"{path} is neither text nor a binary file of word2vec, nor .gz or .npz of one")
        dims = _dims(head)
        if not dims:
            raise DataError(
                f"{path} holds no vectors: a row is a token and its numbers with spaces between, and none of the first "
                "rows is"
            )
        return VectorFile(path, "text", max(set(dims), key=dims.count), None)
    announced, dim = int(sizes[1]), int(sizes[2])
    if dim < 1:
        raise DataError(f"{path}: the first line announces vectors of {dim} numbers")
    body = head[sizes.end() :]
    if not body:
        raise DataError(f"{path} holds no vector after its first line")
    field = body.split(b"\n", 1)[0].strip().replace(b"\t", b" ").partition(b" ")[2].partition(b" ")[0]
    if _CONTROL.search(body) or not field.isascii():
        return VectorFile(path, "binary", dim, announced, sizes.end())
    dims = _dims(body)
    if dims and dim not in dims:
        raise DataError(f"{path}: the first line announces {dim} numbers a row, and the first row has {dims[0]}")
    return VectorFile(path, "text", dim, announced, sizes.end())


def _dims(text: bytes) -> list[int]:
    """Numbers of each of the first rows that are whole."""
    lines = text.split(b"\n")
    whole = lines if len(text) < _HEAD // 2 else lines[:-1]
    return [len(row[1]) for row in map(row_of, whole[:20]) if row is not None]


def _unpacked(path: Path) -> BinaryIO:
    raw = path.open("rb")
    packed = raw.read(2) == b"\x1f\x8b"
    raw.close()
    if not packed:
        return path.open("rb", buffering=_BLOCK)
    return io.BufferedReader(gzip.open(path, "rb"), _BLOCK)
