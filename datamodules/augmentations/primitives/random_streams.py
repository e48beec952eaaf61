"""Random numbers that belong to a text: the same wherever and with whatever other texts it is changed.

A generator object for each text would cost more than the change. Here numbers are a hash of (key, place), drawn for a
whole batch at once; the hash is the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

_STEP = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: consecutive places lie far apart
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ELEVEN, _TWENTY_SEVEN, _THIRTY, _THIRTY_ONE = (np.uint64(bits) for bits in (11, 27, 30, 31))
_UNIT = 2.0**-53


@dataclass(frozen=True)
class RandomStreams:
    """A stream of numbers for each text of a batch.

    Args:
        keys: uint64 `(texts,)`.
    """

    keys: np.ndarray

    @classmethod
    def from_rows(cls, seed: int, epoch: int, rows: Sequence[int] | np.ndarray) -> RandomStreams:
        """The streams of these rows in this epoch, whatever else is drawn.

        >>> apart = RandomStreams.from_rows(7, 2, [5]).uniform()
        >>> bool(RandomStreams.from_rows(7, 2, [3, 5]).uniform()[1] == apart[0])
        True
        """
        start = np.uint64(_hashed_once(_hashed_once(seed) + epoch))
        return cls(_hashed(np.asarray(rows, np.int64).astype(np.uint64) + start))

    @classmethod
    def from_texts(cls, seed: int, variant: int, texts: Sequence[str]) -> RandomStreams:
        """The streams of texts that have no row: their letters stand for it."""
        hashes = (hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest() for text in texts)
        rows = np.fromiter((int.from_bytes(one, "little") for one in hashes), np.int64, count=len(texts))
        return cls.from_rows(seed, variant, rows)

    def select(self, indices: Sequence[int] | np.ndarray) -> RandomStreams:
        """The streams of some of the texts."""
        return RandomStreams(self.keys[np.asarray(indices, np.int64)])

    def derive(self, number: int) -> RandomStreams:
        """Other streams for the same texts; each number has its own."""
        return RandomStreams(_hashed(self.keys ^ np.uint64(_hashed_once(number + 1))))

    def uniform(self) -> np.ndarray:
        """A number in [0, 1) for each text, `(texts,)`."""
        return _in_unit(self.keys + _STEP)

    def uniform_ragged(self, lengths: np.ndarray) -> np.ndarray:
        """As many numbers in [0, 1) for each text as `lengths` says, `(sum of lengths,)`, one text after the other."""
        starts = np.cumsum(lengths) - lengths
        place = np.arange(lengths.sum()) - np.repeat(starts, lengths)
        return _in_unit(np.repeat(self.keys, lengths) + (place.astype(np.uint64) + np.uint64(2)) * _STEP)

    def uniform_at(self, rows: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Some of the numbers of `uniform_ragged`: of these texts, the ones at these positions, `(positions,)`."""
        return _in_unit(self.keys[rows] + (positions.astype(np.uint64) + np.uint64(2)) * _STEP)


def _hashed(numbers: np.ndarray) -> np.ndarray:
    numbers = numbers + _STEP  # arrays wrap around without a warning
    numbers ^= numbers >> _THIRTY
    numbers *= _FIRST
    numbers ^= numbers >> _TWENTY_SEVEN
    numbers *= _SECOND
    numbers ^= numbers >> _THIRTY_ONE
    return numbers


@lru_cache(maxsize=1024)
def _hashed_once(number: int) -> int:
    return int(_hashed(np.array([number % 2**64], np.uint64))[0])


def _in_unit(numbers: np.ndarray) -> np.ndarray:
    return (_hashed(numbers) >> _ELEVEN) * _UNIT
