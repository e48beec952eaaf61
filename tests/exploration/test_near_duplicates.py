from __future__ import annotations

import random
import string
from functools import cache

import numpy as np
import pytest
from small_corpus import corpus

from exploration.checks.min_hash import choose_bands, compute_candidate_probability, find_similar_pairs
from exploration.checks.near_duplicates import find_near_duplicates
from exploration.checks.shingles import Shingles, hash_shingles, mix_bits, select_distinct


@cache
def plain_shingles(text, size):
    text = " ".join(text.lower().split())
    return {text[i : i + size] for i in range(max(1, len(text) - size + 1))} if text else set()


def plain_jaccard(a, b, size):
    a, b = plain_shingles(a, size), plain_shingles(b, size)
    return len(a & b) / len(a | b)


def altered_texts(count, seed):
    """Random texts, each followed by a copy with a few letters changed."""
    rng = random.Random(seed)
    texts = []
    for _ in range(count):
        text = "".join(rng.choices(string.ascii_lowercase + "   ", k=rng.randrange(20, 120))).strip()
        copy = list(text)
        for place in rng.sample(range(len(copy)), k=rng.randrange(5)):
            copy[place] = rng.choice(string.ascii_lowercase)
        texts += [text, "".join(copy)]
    return texts


@pytest.mark.parametrize("text", ["", "a", "abcd", "abcdefg", "AbC  dEf", "中文字符中文", "a\nb\tc d"])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_text_has_as_many_different_shingles_as_by_hand(text, size):
    sets = select_distinct(hash_shingles(["other", text], size), np.array([1]))
    assert sets.offsets[-1] == len(plain_shingles(text, size))


def test_long_texts_and_short_ones_are_hashed_alike_wherever_they_stand(monkeypatch):
    texts = altered_texts(40, seed=1)
    whole = hash_shingles(texts, 4)
    monkeypatch.setattr("exploration.checks.shingles._CHUNK", 50)
    parts = hash_shingles(texts, 4)
    monkeypatch.setattr("exploration.checks.shingles._IN_MEMORY", 10)
    on_disk = hash_shingles(texts, 4)
    assert isinstance(on_disk.hashes, np.memmap)
    assert np.array_equal(on_disk.hashes, whole.hashes)
    assert np.array_equal(on_disk.offsets, whole.offsets)
    for one, other in zip(find_similar_pairs(on_disk, 0.2), find_similar_pairs(whole, 0.2), strict=True):
        assert np.array_equal(one, other)
    assert (whole.hashes == parts.hashes).all()
    assert (whole.offsets == parts.offsets).all()


@pytest.mark.parametrize("threshold", [0.5, 0.8])
@pytest.mark.parametrize("pieces", [1 << 23, 300])
def test_pairs_are_those_of_brute_force(threshold, pieces, monkeypatch):
    monkeypatch.setattr("exploration.checks.min_hash._MAX_COMPARED", pieces)
    monkeypatch.setattr("exploration.checks.min_hash._CHUNK", 500)
    texts = altered_texts(60, seed=0)
    pairs, similarity = find_similar_pairs(hash_shingles(texts, 4), threshold)
    for (one, other), likeness in zip(pairs, similarity, strict=True):
        assert one < other
        assert plain_jaccard(texts[one], texts[other], 4) == pytest.approx(likeness)  # so precision is 1
        assert likeness >= threshold - 1e-9
    wanted = {
        (i, j)
        for i in range(len(texts))
        for j in range(i + 1, len(texts))
        if plain_jaccard(texts[i], texts[j], 4) >= threshold
    }
    found = set(map(tuple, pairs.tolist()))
    assert len(wanted) > 15
    assert len(found & wanted) >= 0.95 * len(wanted)  # by `recall`, 0.98 of those at the very threshold


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.8, 0.9, 1.0])
def test_bands_find_nearly_all_pairs_at_the_threshold(threshold):
    num, rows = choose_bands(threshold)
    assert num * rows <= 64
    assert compute_candidate_probability(threshold, num, rows) >= 0.98


def testfind_candidates_come_as_often_as_theory_says():
    """Sets of 20 of which 15 are shared have a similarity of 0.6; bands for 0.8 find a known share of such pairs."""
    from exploration.checks.min_hash import compute_signatures, find_candidates

    pairs = 1500
    numbers = np.concatenate([np.r_[0:15, 15:20, 0:15, 20:25] + 100 * pair for pair in range(pairs)])
    sets = Shingles(mix_bits(numbers.astype(np.uint64)), np.arange(0, len(numbers) + 1, 20))
    found = find_candidates(compute_signatures(sets, seed=3), 0.8, seed=3)
    share = ((found[:, 0] % 2 == 0) & (found[:, 1] == found[:, 0] + 1)).sum() / pairs
    expected = compute_candidate_probability(0.6, *choose_bands(0.8))
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / pairs))


def test_near_duplicates_are_told_by_split_and_exact_ones_left_out():
    line = "the quick brown fox jumps over the lazy dog and runs away from number "
    train = [(line + "one", "a"), (line + "one", "a"), ("something else entirely, with no like of it", "b")]
    found = find_near_duplicates(corpus(train, test=[(line + "two", "a"), (line + "one", "a"), (" ", "a")]), "Latin")
    assert found.rows == {"train in train": 0, "test in train": 1, "test in test": 0}
    ((test, twin, likeness),) = found.examples
    assert (test.split, test.row, twin.split, twin.row) == ("test", 0, "train", 0)
    assert likeness == pytest.approx(plain_jaccard(line + "one", line + "two", 5))


def test_one_text_alone_has_no_near_duplicate():
    assert find_near_duplicates(corpus([("a", "a")]), "Latin").pairs == 0
