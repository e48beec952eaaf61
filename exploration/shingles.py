"""The overlapping pieces of texts that near-duplicates are told by, as numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from exploration.flat_code_points import flatten_texts

_CHUNK = 1 << 20  # characters looked at together, so that what is in between stays small
_IN_MEMORY = 1 << 28  # characters, eight bytes each; the shingles of more lie in a file that is gone at the end


class Shingles(NamedTuple):
    """The shingles of each text in their order, repeats included; text `i` has `hashes[offsets[i]:offsets[i + 1]]`."""

    hashes: np.ndarray  # uint64 (all shingles,)
    offsets: np.ndarray  # int64 (texts + 1,)


def hash_shingles(texts: Sequence[str], size: int) -> Shingles:
    """Every run of `size` characters, as a 64-bit hash; capitals and the amount of white space do not count.

    Args:
        texts: A text shorter than a shingle is one shingle itself; one of white space has none.
        size: Characters of a shingle, from 1.
    """
    offsets = np.zeros(len(texts) + 1, np.int64)
    if sum(map(len, texts)) <= _IN_MEMORY:
        hashed = list(_hashed(texts, size))
        np.cumsum(np.concatenate([counts for _, counts in hashed]), out=offsets[1:])
        return Shingles(np.concatenate([hashes for hashes, _ in hashed]), offsets)
    counted = []
    with tempfile.TemporaryFile() as file:
        for hashes, counts in _hashed(texts, size):
            hashes.tofile(file)
            counted.append(counts)
        np.cumsum(np.concatenate(counted), out=offsets[1:])
        file.flush()
        return Shingles(np.memmap(file, np.uint64, "r", shape=(int(offsets[-1]),)), offsets)


def select_distinct(sets: Shingles, members: np.ndarray) -> Shingles:
    """The shingles of some of the texts, sorted and each once.

    Args:
        sets: Of all texts.
        members: int64 `(some,)`, places of texts.
    """
    counts = np.diff(sets.offsets)[members]
    firsts = np.cumsum(counts) - counts
    places = np.repeat(sets.offsets[members] - firsts, counts) + np.arange(counts.sum())
    rows = np.repeat(np.arange(len(members)), counts)
    hashes = sets.hashes[places]
    hashes = hashes[np.lexsort((hashes, rows))]  # rows stay as they were, each a block
    new = np.ones(len(hashes), bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (rows[1:] != rows[:-1])
    offsets = np.zeros(len(members) + 1, np.int64)
    np.cumsum(np.bincount(rows[new], minlength=len(members)), out=offsets[1:])
    return Shingles(hashes[new], offsets)


def mix_bits(values: np.ndarray) -> np.ndarray:
    """Scatters 64-bit values evenly, one to one (the finalizer of MurmurHash 3, Appleby)."""
    values = values ^ (values >> np.uint64(33))
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xC4CEB9FE1A85EC53)
    values ^= values >> np.uint64(33)
    return values


def _hashed(texts: Sequence[str], size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The shingles of some texts at a time, and how many each has."""
    waiting: list[str] = []
    characters = 0
    for text in texts:
        waiting.append(" ".join(text.lower().split()))
        characters += len(waiting[-1])
        if characters > _CHUNK:
            yield _hash_all(waiting, size)
            waiting, characters = [], 0
    yield _hash_all(waiting, size)


def _hash_all(texts: list[str], size: int) -> tuple[np.ndarray, np.ndarray]:
    flat = flatten_texts(texts)
    lengths = flat.lengths
    count = np.where(lengths > 0, np.maximum(lengths - size + 1, 1), 0)
    firsts = np.cumsum(count) - count
    places = np.repeat(flat.offsets[:-1] - firsts, count) + np.arange(count.sum())
    ends = np.repeat(flat.offsets[1:], count)
    padded = np.concatenate([flat.codes.astype(np.uint64), np.zeros(size, np.uint64)])
    hashes = padded[places]
    for step in range(1, size):
        hashes *= np.uint64(0x9E3779B97F4A7C15)  # beyond the end of a short text stands 0, which is no character
        hashes += np.where(places + step < ends, padded[places + step], np.uint64(0))
    return mix_bits(hashes), count
