"""Folds and few training texts, as a user asks for them; rows in memory."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from rows_in_memory import RowsInMemory

from contracts.errors import UsageError
from datamodules.sources.base import Rows
from datamodules.splits.training_subset import validate_subset_options
from datamodules.text_datamodule import TextDataModule


def labelled(counts: dict[str, int], word: str = "text") -> Rows:
    labels = [label for label, count in counts.items() for _ in range(count)]
    return Rows([f"{word} {number}" for number in range(len(labels))], labels)


TRAIN = {"x": 40, "y": 20, "z": 4}


@pytest.fixture
def data(tmp_path):
    def prepared(train=None, validation: Rows | None = None, test: Rows | None = None, **options):
        splits = {"train": train or labelled(TRAIN), "validation": validation, "test": test}
        given = {name: rows for name, rows in splits.items() if rows is not None}
        module = TextDataModule(lambda: RowsInMemory(**given), cache_dir=str(tmp_path / "cache"), **options)
        module.setup()
        return module

    return prepared


def counts_of(module: TextDataModule, split: str = "train") -> dict[str, int]:
    return Counter(module.spec.label_names[label] for label in module.get_split(split).labels.tolist())


def numbers_of(module: TextDataModule, split: str) -> list[int]:
    return module.get_split(split).numbers.tolist()


# Folds


def test_each_training_row_is_in_one_validation_fold(data):
    folds = [data(num_folds=4, fold=fold, test=labelled({"x": 2, "y": 1}, "other")) for fold in range(4)]
    held_out = [number for module in folds for number in numbers_of(module, "validation")]
    assert sorted(held_out) == list(range(64))
    for module in folds:
        assert sorted(numbers_of(module, "train") + numbers_of(module, "validation")) == list(range(64))
        assert counts_of(module, "validation") == {"x": 10, "y": 5, "z": 1}
        assert module.load_texts("test") == ["other 0", "other 1", "other 2"]
    assert "validation: fold 3 of 4, 16 of 64 training rows, stratified" in folds[3].notes


def test_of_one_file_the_test_rows_are_cut_off_first_and_are_the_same_for_every_fold(data):
    folds = [data(num_folds=3, fold=fold) for fold in range(3)]
    tests = {tuple(numbers_of(module, "test")) for module in folds} | {tuple(numbers_of(data(), "test"))}
    assert len(tests) == 1
    (test,) = tests
    held_out = [number for module in folds for number in numbers_of(module, "validation")]
    assert sorted([*held_out, *test]) == list(range(64))


def test_a_validation_split_that_is_there_is_left_aside_and_that_is_said(data):
    module = data(num_folds=4, fold=1, validation=labelled({"x": 9, "unheard-of": 1}, "aside"))
    assert not any("aside" in text for text in module.load_texts("train") + module.load_texts("validation"))
    assert len(module.get_split("validation")) == 16
    note = "validation: the 10 rows of the source are not used, a fold is used instead (--data.num_folds)"
    assert note in module.notes


def test_a_class_smaller_than_the_folds_is_told_and_stays_in_training(data):
    train = labelled({"x": 40, "y": 20, "z": 4, "lone": 1})
    folds = [data(train, test=labelled({"x": 1}), num_folds=5, fold=fold) for fold in range(5)]
    assert all(counts_of(module)["lone"] == 1 for module in folds)
    note = "train: 2 classes have fewer texts than folds, so they are missing from some folds: lone, z"
    assert all(note in module.notes for module in folds)


def test_more_folds_than_texts_are_refused(data):
    with pytest.raises(
        UsageError, match=r"--data.num_folds 99 is more than the 64 training texts; choose at most as many"
    ):
        data(test=labelled({"x": 1}), num_folds=99, fold=0)


def test_a_fold_that_training_cannot_spare_is_refused(data):
    train = labelled({"x": 1, "y": 1})
    with pytest.raises(UsageError, match=r"fold \d of 2 would be empty: .*; choose fewer"):
        data(train, test=labelled({"x": 1}), num_folds=2, fold=0)


# Few training texts


def test_few_shot_takes_so_many_texts_of_each_class_and_leaves_validation_and_test_as_they_are(data):
    few, whole = data(few_shot=3), data()
    assert counts_of(few) == {"x": 3, "y": 3, "z": 3}
    for split in ("validation", "test"):
        assert numbers_of(few, split) == numbers_of(whole, split)
    assert set(numbers_of(few, "train")) < set(numbers_of(whole, "train"))
    assert "train: 9 of 52 rows, 3 per class (--data.few_shot)" in few.notes
    assert few.spec.num_rows == 9


def test_a_class_of_fewer_texts_keeps_them_all_and_that_is_said(data):
    module = data(few_shot=10, validation=labelled({"x": 3, "z": 1}))
    assert counts_of(module) == {"x": 10, "y": 10, "z": 4}
    assert "train: 1 classes have fewer than 10 texts and keep all: z (4)" in module.notes


def test_few_shot_of_several_labels_has_each_label_so_often_and_texts_of_none(data):
    labels = [["a"], ["a", "b"], ["b", "c"], []] * 10
    rows = Rows([f"text {number}" for number in range(40)], labels)
    module = data(rows, rows.select([0]), few_shot=4)
    found = module.get_split("train").labels
    assert (found.sum(axis=0) >= 4).all()
    assert (found.sum(axis=1) == 0).sum() == 4
    assert len(found) <= 16


def test_train_rows_keeps_so_many_in_the_shares_that_classes_have(data):
    module = data(max_train_samples=16, validation=labelled({"x": 3, "z": 1}))
    assert counts_of(module) == {"x": 10, "y": 5, "z": 1}
    assert "train: 16 of 64 rows, stratified (--data.max_train_samples)" in module.notes
    assert len(module.get_split("validation")) == 4


def test_the_words_of_rows_that_are_left_out_are_not_learned(data):
    module = data(max_train_samples=16, validation=labelled({"x": 3}))
    assert module.spec.vocabulary_size == data(max_train_samples=16, validation=labelled({"y": 3})).spec.vocabulary_size
    assert module.spec.vocabulary_size < data(validation=labelled({"x": 3})).spec.vocabulary_size


def test_the_split_seed_chooses_which_rows_are_left(data):
    for option in ({"few_shot": 2}, {"max_train_samples": 16}, {"num_folds": 4, "fold": 0}):
        chosen = {
            tuple(numbers_of(data(test=labelled({"x": 1}), **option, split_seed=seed), "train")) for seed in range(3)
        }
        assert len(chosen) == 3


def test_folds_and_fewer_rows_go_together(data):
    module = data(test=labelled({"x": 1}), num_folds=4, fold=0, max_train_samples=12)
    assert len(module.get_split("train")) == 12
    assert len(module.get_split("validation")) == 16
    assert not set(numbers_of(module, "train")) & set(numbers_of(module, "validation"))


def test_more_rows_than_there_are_and_fewer_than_classes_are_refused(data):
    other = labelled({"x": 1})
    with pytest.raises(
        UsageError, match=r"--data.max_train_samples 65 is more than the 64 training texts; choose at most 64"
    ):
        data(validation=other, max_train_samples=65)
    with pytest.raises(
        UsageError, match=r"--data.max_train_samples 2 is too few for a text of each of the 3 classes; choose more"
    ):
        data(validation=other, max_train_samples=2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0, None, None, None), "--data.few_shot is a number of training texts and must be at least 1, got 0"),
        (
            (None, -5, None, None),
            "--data.max_train_samples is a number of training texts and must be at least 1, got -5",
        ),
        (
            (4, 500, None, None),
            "--data.few_shot 4 and --data.max_train_samples 500 both limit the training texts; choose one of them",
        ),
        ((None, None, 5, None), "--data.num_folds 5 needs --data.fold too: "),
        ((None, None, None, 0), "--data.fold 0 needs --data.num_folds too: "),
        ((None, None, 1, 0), "--data.num_folds must be at least 2, got 1"),
        ((None, None, 5, 5), "--data.fold counts from 0 and must be below --data.num_folds 5, got 5"),
        ((None, None, 5, -1), "--data.fold counts from 0 and must be below --data.num_folds 5, got -1"),
        ((3, None, 5, 0), "--data.num_folds 5 and --data.few_shot 3 contradict each other: .* choose one of them"),
    ],
)
def test_what_cannot_be_is_refused_before_any_row_is_read(given, message):
    with pytest.raises(UsageError, match=message):
        validate_subset_options(*given)
    with pytest.raises(UsageError, match=message):
        TextDataModule(**dict(zip(("few_shot", "max_train_samples", "num_folds", "fold"), given, strict=True)))


def test_nothing_is_cut_where_nothing_is_asked_for(data):
    module = data(validation=labelled({"x": 3}))
    assert np.array_equal(module.get_split("train").numbers, np.arange(64))
