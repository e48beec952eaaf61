"""Data sets of the `datasets` library, read from local folders; nothing here asks the network."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value

from contracts.errors import DataError, UsageError
from datamodules.sources.base import Rows
from datamodules.sources.hub import Hub

SENTIMENT = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})


@pytest.fixture(autouse=True)
def offline(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


def saved(folder: Path, features: Features = SENTIMENT, **splits: dict[str, list]) -> str:
    made = {name: Dataset.from_dict(columns, features=features) for name, columns in splits.items()}
    DatasetDict(made).save_to_disk(str(folder / "saved"))
    return str(folder / "saved")


GOOD = {"text": ["a", "b", "c"], "label": [1, 0, 1]}


def test_class_numbers_are_read_as_class_names(tmp_path):
    source = Hub(saved(tmp_path, train=GOOD, test=GOOD))
    assert source.detect_task() == "single_label"
    assert source.read() == {split: Rows(["a", "b", "c"], ["pos", "neg", "pos"]) for split in ("train", "test")}


def test_one_saved_data_set_without_splits_is_all_train(tmp_path):
    Dataset.from_dict(GOOD, features=SENTIMENT).save_to_disk(str(tmp_path / "one"))
    assert list(Hub(str(tmp_path / "one")).read()) == ["train"]


def test_a_folder_of_files_is_read_as_the_library_reads_it(tmp_path):
    (tmp_path / "films").mkdir()
    for split in ("train", "test"):
        (tmp_path / "films" / f"{split}.csv").write_text("text,text_pair,label\na,b,3\n,c,4\n")
    source = Hub(str(tmp_path / "films"))
    assert source.name == "films"
    assert source.read()["test"] == Rows(["a", ""], ["3", "4"], ["b", "c"])


def test_lists_of_class_numbers_are_read_as_lists_of_names(tmp_path):
    features = Features({"text": Value("string"), "labels": Sequence(ClassLabel(names=["joy", "love"]))})
    source = Hub(saved(tmp_path, features, train={"text": ["a", "b"], "labels": [[1, 0], []]}))
    assert source.detect_task() == "multi_label"
    assert source.read()["train"].labels == [["love", "joy"], []]


@pytest.mark.parametrize("validation", ["validation", "valid", "val", "dev"])
def test_the_validation_split_is_found_under_any_of_its_names(tmp_path, validation):
    path = saved(tmp_path, train=GOOD, test=GOOD, **{validation: GOOD})
    assert list(Hub(path).read()) == ["train", "validation", "test"]
    assert list(Hub(path, validation_split=None, test_split=validation).read()) == ["train", "test"]


def test_the_name_tells_path_and_configuration():
    assert Hub("nyu-mll/glue", "sst2").name == "glue_sst2"


def test_the_fingerprint_follows_rows_columns_and_splits(tmp_path):
    path = saved(tmp_path / "a", train=GOOD, test=GOOD)
    other = saved(tmp_path / "b", train=GOOD, test=GOOD | {"text": ["a", "b", "d"]})
    found = [Hub(path), Hub(other), Hub(path, test_split=None), Hub(path, text_column="label", label_column="text")]
    assert len({source.fingerprint() for source in found}) == 4
    assert Hub(path).fingerprint() == found[0].fingerprint()


def test_a_data_set_that_is_not_there_is_told_in_one_line():
    with pytest.raises(DataError, match=r'^the data set "nobody/nothing" cannot be loaded: .*--data.source.path.*$'):
        Hub("nobody/nothing").detect_task()


def test_a_split_published_without_labels_is_told_with_the_way_out(tmp_path):
    path = saved(tmp_path, train=GOOD, test={"text": ["a"], "label": [-1]})
    with pytest.raises(DataError, match=r'split "test" has no labels: .*--data.source.test_split null'):
        Hub(path).read()
    assert list(Hub(path, test_split=None).read()) == ["train"]


def test_single_rows_without_a_label_are_told(tmp_path):
    path = saved(tmp_path, train=GOOD | {"label": [1, -1, None]})
    with pytest.raises(DataError, match=r'split "train": 2 rows have no label in column "label": row 1, row 2\. '):
        Hub(path).read()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text_column": "tekst"}, r'split "train" has no column "tekst"; it has: text, label\. Did you mean "text"\?'),
        ({"label_column": "kind"}, r'no column "kind".*--data.source.label_column'),
        (
            {"train_split": "trian"},
            r'has no split "trian"; it has: train, other\. .*"train"\?.*--data.source.train_split',
        ),
    ],
)
def test_names_that_are_not_there_are_told_with_those_that_are(tmp_path, options, message):
    path = saved(tmp_path, train=GOOD, other=GOOD)
    with pytest.raises(DataError, match=message):
        Hub(path, **options).read()


def test_what_the_library_itself_refuses_is_told_in_its_words(tmp_path):
    for split, rows in {"train": "a,x\n", "test": ""}.items():
        (tmp_path / f"{split}.csv").write_text(f"text,label\n{rows}")
    with pytest.raises(DataError, match=r'cannot be loaded: .*"test" corresponds to no data\. Check'):
        Hub(str(tmp_path)).read()


def test_splits_with_other_columns_are_refused(tmp_path):
    path = tmp_path / "saved"
    splits = {"train": Dataset.from_dict(GOOD), "test": Dataset.from_dict({"text": ["a"], "labels": [["1"]]})}
    for name, split in splits.items():
        split.save_to_disk(str(path / name))
    (path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    with pytest.raises(DataError, match=r'"test" does not fit .*"train": it has the columns text, labels'):
        Hub(str(path)).read()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": ""}, r"path is empty; .*--data.source.path"),
        ({"path": "x", "test_split": "train"}, r"must differ, got train, train"),
        ({"path": "x", "label_column": None, "labels_column": None}, r"both null"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        Hub(**options)
