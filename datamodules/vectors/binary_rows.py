"""Rows of word2vec's binary form: a token, a space, and its numbers as float32."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from contracts.errors import DataError
from datamodules.vectors.rows import FoundRows

_BLOCK = 1 << 22
_LONGEST_TOKEN = 4096  # bytes


def read_binary_rows(file: BinaryIO, found: FoundRows) -> None:
    """Reads as many rows as the first line of the file announced.

    Args:
        file: Unpacked, past the first line.
        found: Is filled.

    Raises:
        DataError: It ends too early or too late, or no token is where one must be.
    """
    assert found.announced is not None
    size, wanted, meet = 4 * found.dim, found.wanted, found.meet
    block, place = b"", 0
    for row in range(found.announced):
        end = block.find(b" ", place, place + _LONGEST_TOKEN)
        if end < 0 or end + 1 + size > len(block):
            block, place = block[place:] + file.read(max(_BLOCK, size + _LONGEST_TOKEN)), 0
            end = block.find(b" ", 0, _LONGEST_TOKEN)
            if end < 0 and len(block) >= _LONGEST_TOKEN:
                raise DataError(
                    f"{found.path}: there is no token at row {row + 1:,}; the file is damaged, or its first line wrong"
                )
            if end < 0 or end + 1 + size > len(block):
                raise DataError(
                    f"{found.path} is cut off: its first line announces {found.announced:,} rows and it ends in row "
                    f"{row + 1:,}; fetch it again"
                )
        token = block[place:end].lstrip(b"\r\n")  # some writers end each row with a line break
        meet(token)
        if token in wanted:
            found.keep(token, np.frombuffer(block, "<f4", found.dim, end + 1).astype(np.float32))
        place = end + 1 + size
        found.rows += 1
    if block[place:].strip() or file.read(_BLOCK).strip():
        raise DataError(
            f"{found.path} goes on after the {found.announced:,} rows of {found.dim} numbers that its first line "
            "announces; the file is damaged, or that line wrong"
        )
