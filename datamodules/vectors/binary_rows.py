"""Reads word2vec's binary format: rows of a token, a space, and its numbers as float32."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from contracts.errors import DataError
from datamodules.vectors.vector_rows import VectorRows

_BLOCK = 1 << 22
_MAX_TOKEN_BYTES = 4096


def read_binary_rows(file: BinaryIO, rows: VectorRows) -> None:
    """Reads word2vec vectors from a binary stream past its header; adds the requested ones to `rows`.

    Args:
        file: Decompressed, past the header.
        rows: Requested rows are added.

    Raises:
        DataError: The file ends too early or too late, or a token is missing.
    """
    assert rows.declared_rows is not None
    size, requested, record_token = 4 * rows.dim, rows.requested, rows.record_token
    block, position = b"", 0
    for row in range(rows.declared_rows):
        end = block.find(b" ", position, position + _MAX_TOKEN_BYTES)
        if end < 0 or end + 1 + size > len(block):
            block, position = block[position:] + file.read(max(_BLOCK, size + _MAX_TOKEN_BYTES)), 0
            end = block.find(b" ", 0, _MAX_TOKEN_BYTES)
            if end < 0 and len(block) >= _MAX_TOKEN_BYTES:
                raise DataError(f"{rows.path}: there is no token at row {row + 1:,}; the file or its header is damaged")
            if end < 0 or end + 1 + size > len(block):
                raise DataError(
                    f"{rows.path} is truncated: its header specifies {rows.declared_rows:,} rows and it ends in row "
                    f"{row + 1:,}; fetch it again"
                )
        token = block[position:end].lstrip(b"\r\n")  # some writers end each row with a line break
        record_token(token)
        if token in requested:
            rows.add(token, np.frombuffer(block, "<f4", rows.dim, end + 1).astype(np.float32))
        position = end + 1 + size
        rows.num_rows += 1
    if block[position:].strip() or file.read(_BLOCK).strip():
        raise DataError(
            f"{rows.path} has data after the {rows.declared_rows:,} rows of {rows.dim} numbers that its header "
            "specifies; the file or its header is damaged"
        )
