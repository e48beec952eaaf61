"""Rows of numpy's `.npz`: one array of tokens and one of vectors, whatever their names.

Read in blocks of rows: `numpy.load` would hold the whole table in memory.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np

from contracts.errors import DataError
from datamodules.vectors.rows import FoundRows

_ROWS = 4096


class _Array(NamedTuple):
    name: str
    shape: tuple[int, ...]
    by_columns: bool
    dtype: np.dtype


def npz_shape(path: Path) -> tuple[int, int]:
    """Rows and numbers a row.

    Raises:
        DataError: The file does not hold one array of tokens and one of their vectors.
    """
    with _opened(path) as archive:
        return _arrays(path, archive)[1].shape  # type: ignore[return-value]  # of two axes


def read_npz_rows(path: Path, found: FoundRows) -> None:
    """Reads to the end.

    Args:
        path: Of the file.
        found: Is filled.

    Raises:
        DataError: It is damaged.
    """
    with _opened(path) as archive:
        words, vectors = _arrays(path, archive)
        with archive.open(words.name) as word_file, archive.open(vectors.name) as vector_file:
            blocks = zip(_blocks(word_file, words), _blocks(vector_file, vectors), strict=True)
            for tokens, numbers in blocks:
                encoded = [token if isinstance(token, bytes) else token.encode() for token in tokens.tolist()]
                for place, token in enumerate(encoded):
                    found.meet(token)
                    if token in found.wanted:
                        found.keep(token, numbers[place].astype(np.float32))
                found.rows += len(encoded)


def _blocks(file: object, array: _Array) -> Iterator[np.ndarray]:
    _header(cast(BinaryIO, file))
    each = array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=np.int64))
    for start in range(0, array.shape[0], _ROWS):
        rows = min(_ROWS, array.shape[0] - start)
        block = cast(BinaryIO, file).read(rows * each)
        if len(block) < rows * each:
            raise EOFError(f"{array.name} ends early")
        yield np.frombuffer(block, array.dtype).reshape(rows, *array.shape[1:])


def _arrays(path: Path, archive: zipfile.ZipFile) -> tuple[_Array, _Array]:
    arrays = []
    for name in archive.namelist():
        with archive.open(name) as file:
            arrays.append(_Array(name, *_header(cast(BinaryIO, file))))
    words = [array for array in arrays if len(array.shape) == 1 and array.dtype.kind in "US"]
    vectors = [array for array in arrays if len(array.shape) == 2 and array.dtype.kind == "f" and array.shape[1] > 0]
    if len(words) != 1 or len(vectors) != 1 or words[0].shape[0] != vectors[0].shape[0] or vectors[0].by_columns:
        held = ", ".join(f"{a.name.removesuffix('.npy')} {a.dtype} {list(a.shape)}" for a in arrays) or "nothing"
        raise DataError(
            f"{path} must hold the tokens, an array of strings, and their vectors, a float array (tokens, dim) of as "
            f"many rows, and holds {held}; write it by numpy.savez(file, words=words, vectors=vectors)"
        )
    return words[0], vectors[0]


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    major, _ = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read(file)
    return shape, by_columns and len(shape) > 1, dtype


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
        raise DataError(f"{path} cannot be read as .npz ({error}); fetch it or write it again") from error
