"""Rows of text: a token and its numbers, with one space or tab between.

A file may hold millions of rows of which a few thousand are needed, so a row costs one search for its first space, one
count of its spaces and one look-up; numbers are parsed only where the row is kept.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from datamodules.vectors.rows import FoundRows


def row_of(line: bytes) -> tuple[bytes, list[float]] | None:
    """Token and numbers of one line; none where it is no such row.

    >>> row_of(b"cat 1 -2.5 ")
    (b'cat', [1.0, -2.5])
    >>> row_of(b"cat 1 x") is None
    True
    """
    token, _, rest = line.replace(b"\t", b" ").partition(b" ")
    try:
        numbers = [float(number) for number in rest.split()]
    except ValueError:
        return None
    return (token, numbers) if numbers else None


def read_text_rows(file: BinaryIO, found: FoundRows) -> None:
    """Reads to the end; where the rows begin is up to the caller.

    Args:
        file: Unpacked.
        found: Is filled.
    """
    first = 1 if found.announced is None else 2  # lines are counted from 1, that of the sizes included
    dim, wanted, meet = found.dim, found.wanted, found.meet
    for number, line in enumerate(file, first):
        if line.count(b" ") != dim or line.endswith((b" \n", b" ", b" \r\n")):  # other white space, or broken
            columns = line.split()
            if not columns:
                continue
            if len(columns) != dim + 1:
                found.rows += 1
                found.skip(f"line {number} ({len(columns) - 1} numbers in place of {dim})")
                continue
            line = b" ".join(columns)
        found.rows += 1
        end = line.find(b" ")
        token = line[:end]
        meet(token)
        if token in wanted:
            try:
                found.keep(token, np.array(line[end + 1 :].split(), np.float32))
            except ValueError:
                found.skip(f"line {number} (not all of its columns are numbers)")
