"""Computes 64-bit hashes of the shingles (overlapping character n-grams) of texts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from exploration.flat_code_points import flatten_texts

_CHUNK = 1 << 20  # characters per batch, which bounds temporary arrays
_IN_MEMORY = 1 << 28  # characters, eight bytes each; more shingles are kept in a temporary file


class Shingles(NamedTuple):
    """Shingles of each text in order, duplicates included; text `i` has `hashes[offsets[i]:offsets[i + 1]]`."""

    hashes: np.ndarray  # uint64 (all shingles,)
    offsets: np.ndarray  # int64 (texts + 1,)


def hash_shingles(texts: Sequence[str], size: int) -> Shingles:
    """Hashes all shingles of texts; letter case and the amount of white space are ignored.

    Args:
        texts: A text shorter than a shingle has one, the text itself; one of white space has none.
        size: Characters of a shingle, at least 1.
    """
    offsets = np.zeros(len(texts) + 1, np.int64)
    if sum(map(len, texts)) <= _IN_MEMORY:
        hashed = list(_hash_in_chunks(texts, size))
        np.cumsum(np.concatenate([counts for _, counts in hashed]), out=offsets[1:])
        return Shingles(np.concatenate([hashes for hashes, _ in hashed]), offsets)
    chunk_counts = []
    with tempfile.TemporaryFile() as file:
        for hashes, counts in _hash_in_chunks(texts, size):
            hashes.tofile(file)
            chunk_counts.append(counts)
        np.cumsum(np.concatenate(chunk_counts), out=offsets[1:])
        file.flush()
        return Shingles(np.memmap(file, np.uint64, "r", shape=(int(offsets[-1]),)), offsets)


def select_distinct(sets: Shingles, members: np.ndarray) -> Shingles:
    """Selects some of the texts and sorts their shingles, without duplicates.

    Args:
        sets: Shingles of all texts.
        members: Positions of the selected texts, int64 `(some,)`.
    """
    counts = np.diff(sets.offsets)[members]
    firsts = np.cumsum(counts) - counts
    positions = np.repeat(sets.offsets[members] - firsts, counts) + np.arange(counts.sum())
    rows = np.repeat(np.arange(len(members)), counts)
    hashes = sets.hashes[positions]
    hashes = hashes[np.lexsort((hashes, rows))]  # sorted within each row
    is_new = np.ones(len(hashes), bool)
    is_new[1:] = (hashes[1:] != hashes[:-1]) | (rows[1:] != rows[:-1])
    offsets = np.zeros(len(members) + 1, np.int64)
    np.cumsum(np.bincount(rows[is_new], minlength=len(members)), out=offsets[1:])
    return Shingles(hashes[is_new], offsets)


def mix_bits(values: np.ndarray) -> np.ndarray:
    """Mixes the bits of 64-bit values, one to one (the finalizer of MurmurHash 3, Appleby)."""
    values = values ^ (values >> np.uint64(33))
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xC4CEB9FE1A85EC53)
    values ^= values >> np.uint64(33)
    return values


def _hash_in_chunks(texts: Sequence[str], size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the shingles of some texts at a time, and the number of each text."""
    chunk: list[str] = []
    characters = 0
    for text in texts:
        chunk.append(" ".join(text.lower().split()))
        characters += len(chunk[-1])
        if characters > _CHUNK:
            yield _hash_chunk(chunk, size)
            chunk, characters = [], 0
    yield _hash_chunk(chunk, size)


def _hash_chunk(texts: list[str], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes all shingles of texts with vector arithmetic; returns them, and the number of each text."""
    flat = flatten_texts(texts)
    lengths = flat.lengths
    count = np.where(lengths > 0, np.maximum(lengths - size + 1, 1), 0)
    starts = np.cumsum(count) - count
    positions = np.repeat(flat.offsets[:-1] - starts, count) + np.arange(count.sum())
    ends = np.repeat(flat.offsets[1:], count)
    padded = np.concatenate([flat.codes.astype(np.uint64), np.zeros(size, np.uint64)])
    hashes = padded[positions]
    for step in range(1, size):
        hashes *= np.uint64(0x9E3779B97F4A7C15)  # 0, no character, beyond the end of a short text
        hashes += np.where(positions + step < ends, padded[positions + step], np.uint64(0))
    return mix_bits(hashes), count
