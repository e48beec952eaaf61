from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import DataError, UsageError
from datamodules.cache import compute_cache_key, is_complete, load_strings, open_or_build, save_strings

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=12)  # lone surrogates, too


def write_one(folder: Path) -> None:
    (folder / "data").write_text("one")


def never(folder: Path) -> None:
    raise AssertionError("was built again")


def fail(folder: Path) -> None:
    write_one(folder)
    raise DataError("the rows are of no use")


def test_what_was_built_once_is_not_built_again(tmp_path):
    folder = open_or_build(tmp_path / "caches" / "deep", "key", write_one)
    assert folder == tmp_path / "caches" / "deep" / "key"
    assert open_or_build(tmp_path / "caches" / "deep", "key", never) == folder
    assert (folder / "data").read_text() == "one"


def test_each_key_has_a_folder_of_its_own(tmp_path):
    assert open_or_build(tmp_path, "a", write_one) != open_or_build(tmp_path, "b", write_one)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "b"]


def test_a_build_that_fails_leaves_nothing_and_says_why(tmp_path):
    with pytest.raises(DataError, match="of no use"):
        open_or_build(tmp_path, "key", fail)
    assert list(tmp_path.iterdir()) == []
    open_or_build(tmp_path, "key", write_one)


@pytest.mark.parametrize("left", [["data"], [], ["data", "more"]])
def test_remains_of_a_deleted_folder_are_replaced(tmp_path, left):
    for name in left:
        (tmp_path / "key").mkdir(exist_ok=True)
        (tmp_path / "key" / name).write_text("half")
    (tmp_path / "key").mkdir(exist_ok=True)
    assert not is_complete(tmp_path / "key")
    folder = open_or_build(tmp_path, "key", write_one)
    assert is_complete(folder)
    assert (folder / "data").read_text() == "one"
    assert not (folder / "more").exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_a_root_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"--data.cache_dir .*file cannot be written to \(.+\); name another"):
        open_or_build(tmp_path / "file", "key", write_one)


def test_the_key_depends_on_every_part_and_not_on_their_order():
    parts = {"a": 1, "b": {"c": "text", "d": [1, 2]}, "e": None}
    assert compute_cache_key(parts) == compute_cache_key(dict(reversed(parts.items())))
    others = [{"a": 2}, {"a": 1.5}, {"a": "1"}, {"b": {"c": "text", "d": [2, 1]}}, {"e": 0}, {"f": 1}]
    keys = {compute_cache_key(parts)} | {compute_cache_key(parts | other) for other in others}
    assert len(keys) == 1 + len(others)
    assert all(key.isalnum() and len(key) == 20 for key in keys)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("texts")
    yield made
    shutil.rmtree(made)


@given(st.lists(ANYTHING, max_size=6))
@settings(max_examples=40, deadline=None)
def test_texts_come_back_as_they_were(folder, texts):
    save_strings(folder, "some.texts", texts)
    assert load_strings(folder, "some.texts") == texts


def test_texts_under_two_names_do_not_mix(tmp_path):
    save_strings(tmp_path, "train.texts", ["a\nb", "", "\x00"])
    save_strings(tmp_path, "train.pairs", [])
    assert load_strings(tmp_path, "train.texts") == ["a\nb", "", "\x00"]
    assert load_strings(tmp_path, "train.pairs") == []
    assert np.load(tmp_path / "train.texts.bounds.npy").tolist() == [0, 3, 3, 4]
