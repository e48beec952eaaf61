"""Random numbers that depend on (seed, epoch, row) only: a text gets the same ones in any batch, on any rank.

A generator object per text would cost more than the augmentation. Numbers are a hash of (key, position) instead,
computed for a batch in one call; the hash is the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

_STEP = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: consecutive positions lie far apart
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ELEVEN, _TWENTY_SEVEN, _THIRTY, _THIRTY_ONE = (np.uint64(bits) for bits in (11, 27, 30, 31))
_UNIT = 2.0**-53


@dataclass(frozen=True)
class RandomStreams:
    """A random number generator with an independent stream for each text of a batch.

    Args:
        keys: uint64 `(texts,)`.
    """

    keys: np.ndarray

    @classmethod
    def from_rows(cls, seed: int, epoch: int, rows: Sequence[int] | np.ndarray) -> RandomStreams:
        """Makes the streams of rows in an epoch; they do not depend on the other rows of the batch.

        >>> alone = RandomStreams.from_rows(7, 2, [5]).uniform()
        >>> bool(RandomStreams.from_rows(7, 2, [3, 5]).uniform()[1] == alone[0])
        True
        """
        start = np.uint64(_hash_integer(_hash_integer(seed) + epoch))
        return cls(_hash(np.asarray(rows, np.int64).astype(np.uint64) + start))

    @classmethod
    def from_texts(cls, seed: int, variant: int, texts: Sequence[str]) -> RandomStreams:
        """Makes the streams of texts without a row number; a hash of the text is used instead."""
        hashes = (hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest() for text in texts)
        rows = np.fromiter((int.from_bytes(digest, "little") for digest in hashes), np.int64, count=len(texts))
        return cls.from_rows(seed, variant, rows)

    def select(self, indices: Sequence[int] | np.ndarray) -> RandomStreams:
        """Selects the streams of some of the texts, by their index in the batch."""
        return RandomStreams(self.keys[np.asarray(indices, np.int64)])

    def derive(self, number: int) -> RandomStreams:
        """Derives independent streams for the same texts, others for each number."""
        return RandomStreams(_hash(self.keys ^ np.uint64(_hash_integer(number + 1))))

    def uniform(self) -> np.ndarray:
        """Draws one number in [0, 1) per text: `(texts,)`."""
        return _to_unit_interval(self.keys + _STEP)

    def uniform_ragged(self, lengths: np.ndarray) -> np.ndarray:
        """Draws `lengths[i]` numbers in [0, 1) for text `i`, concatenated: `(sum of lengths,)`."""
        starts = np.cumsum(lengths) - lengths
        positions = np.arange(lengths.sum()) - np.repeat(starts, lengths)
        return _to_unit_interval(np.repeat(self.keys, lengths) + (positions.astype(np.uint64) + np.uint64(2)) * _STEP)

    def uniform_at(self, texts: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Draws single numbers of `uniform_ragged`: number `positions[i]` of text `texts[i]`, `(positions,)`."""
        return _to_unit_interval(self.keys[texts] + (positions.astype(np.uint64) + np.uint64(2)) * _STEP)


def _hash(numbers: np.ndarray) -> np.ndarray:
    """Hashes each number, uint64 to uint64."""
    numbers = numbers + _STEP  # arrays wrap around without a warning
    numbers ^= numbers >> _THIRTY
    numbers *= _FIRST
    numbers ^= numbers >> _TWENTY_SEVEN
    numbers *= _SECOND
    numbers ^= numbers >> _THIRTY_ONE
    return numbers


@lru_cache(maxsize=1024)
def _hash_integer(number: int) -> int:
    """Hashes one integer of any size to 64 bits."""
    return int(_hash(np.array([number % 2**64], np.uint64))[0])


def _to_unit_interval(numbers: np.ndarray) -> np.ndarray:
    """Hashes each number to a float in [0, 1)."""
    return (_hash(numbers) >> _ELEVEN) * _UNIT
