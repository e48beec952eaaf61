"""What every source promises, wherever its rows come from."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import datamodules.sources  # noqa: F401  # makes the members known
from contracts.discovery import find_implementations
from contracts.rebuildable import rebuild
from datamodules.sources.base import Source

SOURCES = {source.__name__: source for source in find_implementations(Source)}


def files(folder: Path, variant: int) -> str:
    for split in ("train", "test"):
        (folder / f"{split}.csv").write_text(f"text,label\na{variant},x\nb,y\n", encoding="utf-8")
    return str(folder)


def saved_data_set(folder: Path, variant: int) -> str:
    from datasets import Dataset

    Dataset.from_dict({"text": [f"a{variant}", "b"], "label": ["x", "y"]}).save_to_disk(str(folder))
    return str(folder)


# how each source is made on a fresh folder, with other rows for another variant
RECIPES: dict[str, Callable[[Path, int], dict]] = {
    "Demo": lambda folder, variant: {"seed": variant, "rows": 100},
    "Files": lambda folder, variant: {"path": files(folder, variant)},
    "Hub": lambda folder, variant: {"path": saved_data_set(folder, variant)},
}


def test_every_source_has_a_recipe_here():
    assert set(SOURCES) == set(RECIPES)


@pytest.fixture(params=sorted(RECIPES))
def make(request, tmp_path) -> Callable[[int], Source]:
    def made(variant: int) -> Source:
        folder = tmp_path / "some data"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return SOURCES[request.param](**RECIPES[request.param](folder, variant))

    return made


def test_rows_are_whole(make):
    splits = make(0).read()
    assert "train" in splits
    assert set(splits) <= {"train", "validation", "test"}
    for rows in splits.values():
        assert len(rows.texts) == len(rows.labels) == len(rows.numbers) > 0
        assert rows.pairs is None or len(rows.pairs) == len(rows.texts)
        assert {type(text) for text in rows.texts} == {str}


def test_the_task_fits_the_labels(make):
    source = make(0)
    kind = {"single_label": str, "multi_label": list}[source.detect_task()]
    assert {type(label) for rows in source.read().values() for label in rows.labels} == {kind}


def test_the_fingerprint_is_the_same_for_the_same_rows_and_another_for_others(make):
    first = make(0)
    before, rows = first.fingerprint(), first.read()
    assert make(0).fingerprint() == first.fingerprint() == before
    other = make(1)
    assert other.read() != rows
    assert other.fingerprint() != before


def test_reading_twice_gives_the_same_rows(make):
    source = make(0)
    assert source.read() == source.read()


def test_the_name_is_fit_for_a_folder(make):
    assert re.fullmatch(r"[A-Za-z0-9_-]+", make(0).name)


def test_a_blueprint_through_json_makes_the_same_source(make):
    source = make(0)
    again = rebuild(Source, json.loads(json.dumps(source.to_blueprint())))
    assert type(again) is type(source)
    assert again.read() == source.read()
