"""Vectors learned from the training texts."""

import importlib.util

import numpy as np
import pytest

from contracts.errors import UsageError
from datamodules.vectors.word2vec import Word2Vec

pytest.importorskip("gensim")


def texts():
    """Ids 2 to 5 stand beside each other, and so do 6 to 9; id 10 is seen once, and 1 never."""
    rng = np.random.default_rng(0)
    rows = [rng.choice(4, 8) + first for first in (2, 6) * 150] + [np.array([10])]
    return np.concatenate(rows).astype(np.int32), np.cumsum([0, *map(len, rows)])


def learn(folder, seed=1, **options):
    folder.mkdir()
    Word2Vec(**{"epochs": 3} | options).train(*texts(), dim=8, seed=seed, folder=folder)
    return np.load(folder / "ids.npy"), np.load(folder / "vectors.npy")


@pytest.mark.parametrize("algorithm", ["cbow", "skip_gram"])
@pytest.mark.parametrize("objective", ["negative_sampling", "hierarchical_softmax"])
def test_tokens_with_the_same_neighbours_come_to_lie_together(tmp_path, algorithm, objective):
    ids, vectors = learn(tmp_path / "a", algorithm=algorithm, objective=objective, epochs=40)
    assert sorted(ids) == list(range(2, 10)), "id 10 is below min_frequency"
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    same = (ids[:, None] < 6) == (ids < 6)
    likeness = unit @ unit.T
    assert likeness[same].mean() > likeness[~same].mean() + 0.3


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    (ids, first), (same_ids, again), (_, other) = (
        learn(tmp_path / name, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert np.array_equal(ids, same_ids)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", ["negative", "window", "epochs", "min_frequency"])
def test_counts_below_1_are_refused(name):
    with pytest.raises(UsageError, match=rf"word2vec\.{name} is a count and must be 1 or more, got 0"):
        Word2Vec(**{name: 0}).check()


@pytest.mark.parametrize("name", ["algorithm", "objective"])
def test_unknown_ways_are_refused(name):
    with pytest.raises(UsageError, match=rf"word2vec\.{name} must be .* or .*, got 'best'"):
        Word2Vec(**{name: "best"}).check()


def test_texts_without_a_common_token_are_refused(tmp_path):
    with pytest.raises(
        UsageError, match=r"word2vec\.min_frequency 1000: no token of the training texts is that frequent"
    ):
        learn(tmp_path / "a", min_frequency=1000)


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"gensim, which is not installed; .* -m pip install -e '\.\[gensim\]'"):
        Word2Vec().check()
