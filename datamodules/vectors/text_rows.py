"""Reads text formats (word2vec, GloVe, fastText): rows of a token and its numbers, separated by spaces or tabs.

A file may hold millions of rows of which a few thousand are needed, so a row costs one search for its first space, one
count of its spaces and one look-up; numbers are parsed only for requested rows.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from datamodules.vectors.vector_rows import VectorRows


def parse_row(line: bytes) -> tuple[bytes, list[float]] | None:
    """Parses the token and the numbers of a line; returns None if it is no such row.

    >>> parse_row(b"cat 1 -2.5 ")
    (b'cat', [1.0, -2.5])
    >>> parse_row(b"cat 1 x") is None
    True
    """
    token, _, rest = line.replace(b"\t", b" ").partition(b" ")
    try:
        numbers = [float(number) for number in rest.split()]
    except ValueError:
        return None
    return (token, numbers) if numbers else None


def read_text_rows(file: BinaryIO, rows: VectorRows) -> None:
    """Reads all rows of a text file into `rows`.

    Args:
        file: Decompressed, at the first row.
        rows: Requested rows are added.
    """
    first = 1 if rows.declared_rows is None else 2  # lines are counted from 1, that of the sizes included
    dim, requested, record_token = rows.dim, rows.requested, rows.record_token
    for number, line in enumerate(file, first):
        if line.count(b" ") != dim or line.endswith((b" \n", b" ", b" \r\n")):  # other white space, or malformed
            columns = line.split()
            if not columns:
                continue
            if len(columns) != dim + 1:
                rows.num_rows += 1
                rows.count_malformed(f"line {number} ({len(columns) - 1} numbers in place of {dim})")
                continue
            line = b" ".join(columns)
        rows.num_rows += 1
        end = line.find(b" ")
        token = line[:end]
        record_token(token)
        if token in requested:
            try:
                rows.add(token, np.array(line[end + 1 :].split(), np.float32))
            except ValueError:
                rows.count_malformed(f"line {number} (not all of its columns are numbers)")
