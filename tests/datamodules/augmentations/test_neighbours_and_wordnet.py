"""Other words from a vector space, and from WordNet."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from contracts.errors import DataError, UsageError
from datamodules.augmentations.nearest_neighbours import NearestNeighbours, neighbours
from datamodules.augmentations.primitives import wordnet
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.synonym_replacement import SynonymReplacement


def test_neighbours_are_those_of_the_largest_cosine():
    rng = np.random.default_rng(0)
    words = [f"w{number}" for number in range(30)]
    vectors = rng.normal(size=(30, 5)).astype(np.float32)
    found = neighbours(words, vectors, 3, 0.2)
    for i, word in enumerate(words):
        cosines = {
            words[j]: float(vectors[i] @ vectors[j] / np.linalg.norm(vectors[i]) / np.linalg.norm(vectors[j]))
            for j in range(30)
            if j != i
        }
        near = sorted((name for name in cosines if cosines[name] >= 0.2), key=lambda name: -cosines[name])[:3]
        assert found.get(word, []) == near


def test_words_give_way_to_neighbours_from_the_training_texts_found_once(tmp_path, monkeypatch):
    rows = ["film 1 0", "movie 0.9 0.1", "flick 0.95 0", "road 0 1", "the 1 0", "street 0.1 1"]
    (tmp_path / "v.txt").write_text("\n".join(rows), encoding="utf-8")

    def made() -> NearestNeighbours:
        kind = NearestNeighbours(str(tmp_path / "v.txt"), alpha=1.0, cache_dir=str(tmp_path / "cache"))
        kind.fit(["The film , a movie", "street road"], [["a"], ["b"]])
        return kind

    # flick is in no training text, `the` is a function word
    expected = ["the movie on the street", "Film"]
    assert made().augment(["the film on the road", "Movie"], RandomStreams.from_rows(0, 0, [0, 1])) == expected
    monkeypatch.setattr("datamodules.augmentations.nearest_neighbours.neighbours", None)  # found before
    assert made().augment(["the film on the road", "Movie"], RandomStreams.from_rows(0, 0, [0, 1])) == expected


def test_vectors_must_be_named_and_learned_from():
    with pytest.raises(UsageError, match="NearestNeighbours needs word vectors; name their file with path"):
        NearestNeighbours()


def test_wordnet_that_is_not_there_is_told_with_the_mend(monkeypatch):
    pytest.importorskip("nltk")
    monkeypatch.setattr("nltk.data.path", [])
    with pytest.raises(UsageError, match=r"needs WordNet's data.*python -m nltk.downloader wordnet"):
        SynonymReplacement("wordnet")
    monkeypatch.setitem(sys.modules, "nltk", None)
    monkeypatch.setitem(sys.modules, "nltk.corpus", None)
    with pytest.raises(UsageError, match=r"needs the library nltk: python -m pip install -e '.\[wordnet\]'"):
        SynonymReplacement("wordnet")


def test_synonyms_of_wordnet_are_looked_up_as_a_list_would_be(monkeypatch):
    senses = {"film": [["film", "movie", "motion_picture"], ["Film", "photographic_film"]], "in": [["indium"]]}
    asked: list[str] = []

    def synsets(word: str) -> list[SimpleNamespace]:
        asked.append(word)
        return [SimpleNamespace(lemma_names=lambda names=names: names) for names in senses.get(word, [])]

    for module in (wordnet, sys.modules["datamodules.augmentations.word_level.synonym_augmentation"]):
        monkeypatch.setattr(module, "check_wordnet", lambda: SimpleNamespace(synsets=synsets))
    kind = SynonymReplacement("wordnet", alpha=1.0)
    for _ in range(2):
        assert kind.augment(["in film road film"], RandomStreams.from_rows(0, 0, [0])) == ["in movie road movie"]
    assert sorted(asked) == ["film", "in", "road"], "each word is looked up once"
    assert kind.to_blueprint()["arguments"]["path"] == "wordnet"


def test_vectors_of_other_words_are_refused(tmp_path):
    (tmp_path / "v.txt").write_text("uno 1 0\ndos 0 1\n", encoding="utf-8")
    kind = NearestNeighbours(str(tmp_path / "v.txt"), cache_dir=str(tmp_path / "cache"))
    with pytest.raises(DataError, match=r"has no vector for any of the 2 words .*; its own are like uno, dos"):
        kind.fit(["cat dog"], [["a"]])


def test_a_file_in_the_home_folder_that_changed_is_another(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "v.txt").write_text("cat 1 0\ndog 1 0.1\n", encoding="utf-8")
    kind = NearestNeighbours("~/v.txt")
    before = kind.fingerprint()
    (tmp_path / "v.txt").write_text("cat 1 0\ndog 1 0.1\ncow 0 1\n", encoding="utf-8")
    assert kind.fingerprint() != before
