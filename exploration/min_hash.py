"""Pairs of like sets among millions, without comparing each with each.

MinHash (Broder 1997): the chance that two sets share the smallest value of a random hash is their Jaccard similarity.
Locality-sensitive hashing by bands (Indyk and Motwani 1998; Leskovec, Rajaraman and Ullman 2014, chapter 3): sets
that agree in all hashes of a band are candidates, and only these are compared, exactly.
"""

from __future__ import annotations

import numpy as np

from exploration.shingles import Shingles, mix_bits, select_distinct

_HASHES = 64
_CHUNK = 1 << 18  # shingles that stay in the processor's cache while all hashes pass over them
_NEIGHBOURS = 10  # of each set in its bucket that it is compared with
_PIECES = 1 << 23  # shingles compared at once


def find_similar_pairs(sets: Shingles, threshold: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose Jaccard similarity reaches a threshold.

    Every pair returned does, for it was compared exactly. A pair just at the threshold is found with a probability of
    0.98 or more, for thresholds above 0.06, and a more similar one nearly always; in a crowd of more than ten sets that
    are all alike, each is compared with some of the others only.

    Args:
        sets: Shingles of each text.
        threshold: Least similarity, in (0, 1].
        seed: Of the hashes.

    Returns:
        Places, int64 `(pairs, 2)` with the smaller first, and similarities, float `(pairs,)`.
    """
    signatures = _signatures(sets, seed)
    pairs = _candidates(signatures, threshold, seed)
    if len(pairs):
        # Four standard deviations below the threshold: what the signatures alone rule out.
        agreeing = np.zeros(len(pairs), np.int16)
        for hashed in signatures:
            agreeing += hashed[pairs[:, 0]] == hashed[pairs[:, 1]]
        slack = 4 * np.sqrt(threshold * (1 - threshold) / _HASHES)
        pairs = pairs[agreeing / _HASHES >= threshold - slack]
    similarity = compute_jaccard(sets, pairs)
    similar = similarity >= threshold - 1e-12
    return pairs[similar], similarity[similar]


def choose_bands(threshold: float) -> tuple[int, int]:
    """How many bands of how many hashes: the longest that find a pair at the threshold with 98 % or more.

    >>> choose_bands(0.8)
    (12, 5)
    """
    for rows in range(_HASHES, 1, -1):
        if candidate_probability(threshold, _HASHES // rows, rows) >= 0.98:
            return _HASHES // rows, rows
    return _HASHES, 1


def candidate_probability(similarity: float, num_bands: int, rows: int) -> float:
    """The probability that a pair of this similarity becomes a candidate."""
    return 1 - (1 - similarity**rows) ** num_bands


def compute_jaccard(sets: Shingles, pairs: np.ndarray) -> np.ndarray:
    """Exact similarities of pairs, float `(pairs,)`: shingles in both for each one in either."""
    found = np.zeros(len(pairs))
    ends = np.cumsum(np.diff(sets.offsets)[pairs].sum(axis=1))
    start = 0
    while start < len(pairs):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _PIECES, "right")))
        members, places = np.unique(pairs[start:stop], return_inverse=True)
        found[start:stop] = _jaccard(select_distinct(sets, members), places.reshape(-1, 2))
        start = stop
    return found


def _jaccard(sets: Shingles, pairs: np.ndarray) -> np.ndarray:
    """What occurs twice when both sets of a pair are put together is in both."""
    members = pairs.reshape(-1)
    counts = np.diff(sets.offsets)[members]
    firsts = np.cumsum(counts) - counts
    hashes = sets.hashes[np.repeat(sets.offsets[members] - firsts, counts) + np.arange(counts.sum())]
    owners = np.repeat(np.arange(len(pairs)).repeat(2), counts)
    hashes = hashes[np.lexsort((hashes, owners))]
    twice = (hashes[1:] == hashes[:-1]) & (owners[1:] == owners[:-1])
    shared = np.bincount(owners[1:][twice], minlength=len(pairs))
    return shared / np.maximum(counts.reshape(-1, 2).sum(axis=1) - shared, 1)


def _signatures(sets: Shingles, seed: int) -> np.ndarray:
    """The smallest value of each hash over each set, uint32 `(hashes, sets)`; sets must not be empty."""
    factors = np.random.default_rng(seed).integers(0, 2**32, size=(2, _HASHES), dtype=np.uint32)
    factors[0] |= 1
    least = np.empty((_HASHES, len(sets.offsets) - 1), np.uint32)
    start = 0
    while start < least.shape[1]:
        first = sets.offsets[start]
        stop = max(start + 1, int(np.searchsorted(sets.offsets, first + _CHUNK, "right")) - 1)
        values = (sets.hashes[first : sets.offsets[stop]] >> np.uint64(32)).astype(np.uint32)
        starts = sets.offsets[start:stop] - first
        for place in range(_HASHES):
            scattered = values * factors[0, place]
            scattered ^= scattered >> np.uint32(15)  # a product alone is too regular
            scattered *= factors[1, place] | np.uint32(1)
            least[place, start:stop] = np.minimum.reduceat(scattered, starts)
        start = stop
    return least


def _candidates(signatures: np.ndarray, threshold: float, seed: int) -> np.ndarray:
    num_bands, rows = choose_bands(threshold)
    rng = np.random.default_rng(seed + 1)
    count = signatures.shape[1]
    found: list[np.ndarray] = []
    for band in range(num_bands):
        keys = np.zeros(count, np.uint64)
        for hashed in signatures[band * rows : (band + 1) * rows]:
            keys = mix_bits(keys * np.uint64(0x9E3779B97F4A7C15) + hashed)
        shuffled = rng.permutation(count)
        order = shuffled[np.argsort(keys[shuffled], kind="stable")]
        keys = keys[order]
        for step in range(1, _NEIGHBOURS + 1):
            same = np.flatnonzero(keys[step:] == keys[:-step])
            if not len(same):
                break
            first, second = order[same], order[same + step]
            found.append(np.minimum(first, second) * count + np.maximum(first, second))
    numbers = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    return np.stack([numbers // max(count, 1), numbers % max(count, 1)], axis=1)
