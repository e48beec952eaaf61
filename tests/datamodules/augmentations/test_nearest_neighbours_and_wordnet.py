"""Replacements by neighbours of word vectors, and by synonyms of WordNet."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from contracts.errors import DataError, UsageError
from datamodules.augmentations.nearest_neighbours import NearestNeighbours, find_neighbours
from datamodules.augmentations.primitives import wordnet
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.synonym_replacement import SynonymReplacement


def test_neighbours_are_those_of_the_largest_cosine():
    rng = np.random.default_rng(0)
    words = [f"w{number}" for number in range(30)]
    vectors = rng.normal(size=(30, 5)).astype(np.float32)
    found = find_neighbours(words, vectors, 3, 0.2)
    for i, word in enumerate(words):
        cosines = {
            words[j]: float(vectors[i] @ vectors[j] / np.linalg.norm(vectors[i]) / np.linalg.norm(vectors[j]))
            for j in range(30)
            if j != i
        }
        near = sorted((name for name in cosines if cosines[name] >= 0.2), key=lambda name: -cosines[name])[:3]
        assert found.get(word, []) == near


def test_words_are_replaced_by_neighbours_of_the_training_texts_cached_on_disk(tmp_path, monkeypatch):
    rows = ["film 1 0", "movie 0.9 0.1", "flick 0.95 0", "road 0 1", "the 1 0", "street 0.1 1"]
    (tmp_path / "v.txt").write_text("\n".join(rows), encoding="utf-8")

    def make_fitted() -> NearestNeighbours:
        augmentation = NearestNeighbours(str(tmp_path / "v.txt"), alpha=1.0, cache_dir=str(tmp_path / "cache"))
        augmentation.fit(["The film , a movie", "street road"], [["a"], ["b"]])
        return augmentation

    # flick is in no training text, `the` is a function word
    expected = ["the movie on the street", "Film"]
    assert make_fitted().augment(["the film on the road", "Movie"], RandomStreams.from_rows(0, 0, [0, 1])) == expected
    monkeypatch.setattr("datamodules.augmentations.nearest_neighbours.find_neighbours", None)  # found before
    assert make_fitted().augment(["the film on the road", "Movie"], RandomStreams.from_rows(0, 0, [0, 1])) == expected


def test_a_file_of_vectors_is_required():
    with pytest.raises(UsageError, match="NearestNeighbours needs word vectors; name their file with path"):
        NearestNeighbours()


def test_missing_wordnet_is_refused_with_the_fix(monkeypatch):
    pytest.importorskip("nltk")
    monkeypatch.setattr("nltk.data.path", [])
    with pytest.raises(UsageError, match=r"needs WordNet's data.*python -m nltk.downloader wordnet"):
        SynonymReplacement("wordnet")
    monkeypatch.setitem(sys.modules, "nltk", None)
    monkeypatch.setitem(sys.modules, "nltk.corpus", None)
    with pytest.raises(UsageError, match=r"needs the library nltk: python -m pip install -e '.\[wordnet\]'"):
        SynonymReplacement("wordnet")


def test_synonyms_of_wordnet_are_filtered_like_a_list_and_looked_up_once(monkeypatch):
    senses = {"film": [["film", "movie", "motion_picture"], ["Film", "photographic_film"]], "in": [["indium"]]}
    asked: list[str] = []

    def synsets(word: str) -> list[SimpleNamespace]:
        asked.append(word)
        return [SimpleNamespace(lemma_names=lambda names=names: names) for names in senses.get(word, [])]

    for module in (wordnet, sys.modules["datamodules.augmentations.word_level.synonym_augmentation"]):
        monkeypatch.setattr(module, "load_wordnet", lambda: SimpleNamespace(synsets=synsets))
    augmentation = SynonymReplacement("wordnet", alpha=1.0)
    for _ in range(2):
        assert augmentation.augment(["in film road film"], RandomStreams.from_rows(0, 0, [0])) == [
            "in movie road movie"
        ]
    assert sorted(asked) == ["film", "in", "road"], "each word is looked up once"
    assert augmentation.to_blueprint()["arguments"]["path"] == "wordnet"


def test_vectors_of_other_words_are_refused(tmp_path):
    (tmp_path / "v.txt").write_text("uno 1 0\ndos 0 1\n", encoding="utf-8")
    augmentation = NearestNeighbours(str(tmp_path / "v.txt"), cache_dir=str(tmp_path / "cache"))
    with pytest.raises(DataError, match=r"has no vector for any of the 2 words .*; its tokens are like uno, dos"):
        augmentation.fit(["cat dog"], [["a"]])


def test_the_fingerprint_changes_with_a_file_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "v.txt").write_text("cat 1 0\ndog 1 0.1\n", encoding="utf-8")
    augmentation = NearestNeighbours("~/v.txt")
    before = augmentation.fingerprint()
    (tmp_path / "v.txt").write_text("cat 1 0\ndog 1 0.1\ncow 0 1\n", encoding="utf-8")
    assert augmentation.fingerprint() != before
