"""Reads numpy's `.npz`: one array of tokens and one of vectors, under any names.

It is read in blocks of rows: `numpy.load` would load the entire table into memory.
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
from datamodules.vectors.vector_rows import VectorRows

_ROWS = 4096


class _Array(NamedTuple):
    name: str
    shape: tuple[int, ...]
    by_columns: bool
    dtype: np.dtype


def read_npz_shape(path: Path) -> tuple[int, int]:
    """Reads the shape of the vectors: rows and numbers per row.

    Raises:
        DataError: The file does not hold one array of tokens and one of their vectors.
    """
    with _open_archive(path) as archive:
        return _find_arrays(path, archive)[1].shape  # type: ignore[return-value]  # of two axes


def read_npz_rows(path: Path, rows: VectorRows) -> None:
    """Reads all rows of a file into `rows`.

    Args:
        path: Path of the file.
        rows: Requested rows are added.

    Raises:
        DataError: The file is damaged.
    """
    with _open_archive(path) as archive:
        words, vectors = _find_arrays(path, archive)
        with archive.open(words.name) as word_file, archive.open(vectors.name) as vector_file:
            blocks = zip(_read_blocks(word_file, words), _read_blocks(vector_file, vectors), strict=True)
            for tokens, numbers in blocks:
                encoded = [token if isinstance(token, bytes) else token.encode() for token in tokens.tolist()]
                for position, token in enumerate(encoded):
                    rows.record_token(token)
                    if token in rows.requested:
                        rows.add(token, numbers[position].astype(np.float32))
                rows.num_rows += len(encoded)


def _read_blocks(file: object, array: _Array) -> Iterator[np.ndarray]:
    """Yields blocks of rows of an array."""
    _read_header(cast(BinaryIO, file))
    row_bytes = array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=np.int64))
    for start in range(0, array.shape[0], _ROWS):
        num_rows = min(_ROWS, array.shape[0] - start)
        block = cast(BinaryIO, file).read(num_rows * row_bytes)
        if len(block) < num_rows * row_bytes:
            raise EOFError(f"{array.name} ends early")
        yield np.frombuffer(block, array.dtype).reshape(num_rows, *array.shape[1:])


def _find_arrays(path: Path, archive: zipfile.ZipFile) -> tuple[_Array, _Array]:
    """Finds the array of tokens and the array of vectors."""
    arrays = []
    for name in archive.namelist():
        with archive.open(name) as file:
            arrays.append(_Array(name, *_read_header(cast(BinaryIO, file))))
    words = [array for array in arrays if len(array.shape) == 1 and array.dtype.kind in "US"]
    vectors = [array for array in arrays if len(array.shape) == 2 and array.dtype.kind == "f" and array.shape[1] > 0]
    if len(words) != 1 or len(vectors) != 1 or words[0].shape[0] != vectors[0].shape[0] or vectors[0].by_columns:
        held = ", ".join(f"{a.name.removesuffix('.npy')} {a.dtype} {list(a.shape)}" for a in arrays) or "nothing"
        raise DataError(
            f"{path} must hold the tokens, an array of strings, and their vectors, a float array (tokens, dim) of as "
            f"many rows, and holds {held}; write it by numpy.savez(file, words=words, vectors=vectors)"
        )
    return words[0], vectors[0]


def _read_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Reads shape, memory order (true for Fortran order) and dtype of an array."""
    major, _ = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read(file)
    return shape, by_columns and len(shape) > 1, dtype


@contextmanager
def _open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Opens an archive; errors of a damaged one become `DataError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
        raise DataError(f"{path} cannot be read as .npz ({error}); fetch it or write it again") from error
