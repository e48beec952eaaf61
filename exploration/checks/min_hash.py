"""Finds similar pairs among millions of sets without comparing all pairs.

MinHash (Broder 1997): the probability that two sets share the minimum of a random hash is their Jaccard similarity.
Locality-sensitive hashing by bands (Indyk and Motwani 1998; Leskovec, Rajaraman and Ullman 2014, chapter 3): sets
that agree in all hashes of a band are candidates, and only these are compared, exactly.
"""

from __future__ import annotations

import numpy as np

from exploration.checks.shingles import Shingles, mix_bits, select_distinct

_NUM_HASHES = 64
_CHUNK = 1 << 18  # shingles per chunk, which fit the processor's cache while all hashes are computed
_NUM_NEIGHBOURS = 10  # sets of the same bucket that each set is compared with
_MAX_COMPARED = 1 << 23  # shingles compared per batch


def find_similar_pairs(sets: Shingles, threshold: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Finds the pairs whose Jaccard similarity reaches a threshold.

    The similarity of every returned pair is exact. A pair exactly at the threshold is found with a probability of at
    least 0.98, for thresholds above 0.06, and a more similar one nearly always; in a group of more than ten similar
    sets, each is compared with some of the others only.

    Args:
        sets: Shingles of each text.
        threshold: Minimum similarity, in (0, 1].
        seed: Seed of the hash functions.

    Returns:
        Positions of the sets, int64 `(pairs, 2)`, the smaller first; and similarities, float `(pairs,)`.
    """
    signatures = compute_signatures(sets, seed)
    pairs = find_candidates(signatures, threshold, seed)
    if len(pairs):
        # The signatures alone rule out pairs four standard deviations below the threshold.
        agreeing = np.zeros(len(pairs), np.int16)
        for hashed in signatures:
            agreeing += hashed[pairs[:, 0]] == hashed[pairs[:, 1]]
        slack = 4 * np.sqrt(threshold * (1 - threshold) / _NUM_HASHES)
        pairs = pairs[agreeing / _NUM_HASHES >= threshold - slack]
    similarity = compute_jaccard(sets, pairs)
    similar = similarity >= threshold - 1e-12
    return pairs[similar], similarity[similar]


def choose_bands(threshold: float) -> tuple[int, int]:
    """Chooses the number of bands and of hashes per band: the longest bands with 98% recall at the threshold.

    >>> choose_bands(0.8)
    (12, 5)
    """
    for rows in range(_NUM_HASHES, 1, -1):
        if compute_candidate_probability(threshold, _NUM_HASHES // rows, rows) >= 0.98:
            return _NUM_HASHES // rows, rows
    return _NUM_HASHES, 1


def compute_candidate_probability(similarity: float, num_bands: int, rows: int) -> float:
    """Computes the probability that a pair of this similarity becomes a candidate."""
    return 1 - (1 - similarity**rows) ** num_bands


def compute_jaccard(sets: Shingles, pairs: np.ndarray) -> np.ndarray:
    """Computes the exact Jaccard similarity of pairs of sets, float `(pairs,)`."""
    similarity = np.zeros(len(pairs))
    ends = np.cumsum(np.diff(sets.offsets)[pairs].sum(axis=1))
    start = 0
    while start < len(pairs):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _MAX_COMPARED, "right")))
        members, columns = np.unique(pairs[start:stop], return_inverse=True)
        similarity[start:stop] = _compare_sets(select_distinct(sets, members), columns.reshape(-1, 2))
        start = stop
    return similarity


def _compare_sets(sets: Shingles, pairs: np.ndarray) -> np.ndarray:
    """Computes the Jaccard similarity of pairs: a hash that occurs twice in the concatenated sets is in both."""
    members = pairs.reshape(-1)
    counts = np.diff(sets.offsets)[members]
    firsts = np.cumsum(counts) - counts
    hashes = sets.hashes[np.repeat(sets.offsets[members] - firsts, counts) + np.arange(counts.sum())]
    owners = np.repeat(np.arange(len(pairs)).repeat(2), counts)
    hashes = hashes[np.lexsort((hashes, owners))]
    twice = (hashes[1:] == hashes[:-1]) & (owners[1:] == owners[:-1])
    shared = np.bincount(owners[1:][twice], minlength=len(pairs))
    return shared / np.maximum(counts.reshape(-1, 2).sum(axis=1) - shared, 1)


def compute_signatures(sets: Shingles, seed: int) -> np.ndarray:
    """Computes the minimum of each hash function over each set, uint32 `(hashes, sets)`; no set may be empty."""
    factors = np.random.default_rng(seed).integers(0, 2**32, size=(2, _NUM_HASHES), dtype=np.uint32)
    factors[0] |= 1
    minima = np.empty((_NUM_HASHES, len(sets.offsets) - 1), np.uint32)
    start = 0
    while start < minima.shape[1]:
        first = sets.offsets[start]
        stop = max(start + 1, int(np.searchsorted(sets.offsets, first + _CHUNK, "right")) - 1)
        values = (sets.hashes[first : sets.offsets[stop]] >> np.uint64(32)).astype(np.uint32)
        starts = sets.offsets[start:stop] - first
        for index in range(_NUM_HASHES):
            scattered = values * factors[0, index]
            scattered ^= scattered >> np.uint32(15)  # a product alone is too regular
            scattered *= factors[1, index] | np.uint32(1)
            minima[index, start:stop] = np.minimum.reduceat(scattered, starts)
        start = stop
    return minima


def find_candidates(signatures: np.ndarray, threshold: float, seed: int) -> np.ndarray:
    """Finds the pairs of sets that agree in all hashes of a band, int64 `(pairs, 2)`, the smaller position first."""
    num_bands, rows = choose_bands(threshold)
    rng = np.random.default_rng(seed + 1)
    count = signatures.shape[1]
    codes: list[np.ndarray] = []
    for band in range(num_bands):
        keys = np.zeros(count, np.uint64)
        for hashed in signatures[band * rows : (band + 1) * rows]:
            keys = mix_bits(keys * np.uint64(0x9E3779B97F4A7C15) + hashed)
        shuffled = rng.permutation(count)
        order = shuffled[np.argsort(keys[shuffled], kind="stable")]
        keys = keys[order]
        for step in range(1, _NUM_NEIGHBOURS + 1):
            matches = np.flatnonzero(keys[step:] == keys[:-step])
            if not len(matches):
                break
            first, second = order[matches], order[matches + step]
            codes.append(np.minimum(first, second) * count + np.maximum(first, second))
    numbers = np.unique(np.concatenate(codes)) if codes else np.zeros(0, np.int64)
    return np.stack([numbers // max(count, 1), numbers % max(count, 1)], axis=1)
