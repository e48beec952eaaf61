"""The data module over small files: the cache's key, the warm start, loaders and the messages of its constructor."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
import torch

from contracts.errors import DataError, UsageError
from datamodules.augmentations.random_deletion import RandomDeletion
from datamodules.augmentations.random_swap import RandomSwap
from datamodules.augmentations.tfidf_replacement import TFIDFReplacement
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.class_balanced import ClassBalanced
from datamodules.samplers.shuffle import Shuffle
from datamodules.sources.files import Files
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.characters import Characters
from datamodules.tokenizers.pretrained import Pretrained
from datamodules.tokenizers.words import Words

CSV = "text,label\n" + "".join(
    f"word{i % 7} {'good' if i % 3 else 'bad'} {i},{'p' if i % 3 else 'n'}\n" for i in range(60)
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


@pytest.fixture
def make(file, tmp_path):
    def made(**options) -> TextDataModule:
        given = {"source": lambda: Files(str(file)), "cache_dir": str(tmp_path / "cache"), "batch_size": 8} | options
        return TextDataModule(**given)

    return made


def fingerprint(module: TextDataModule) -> str:
    module.setup()
    return module.summary["fingerprint"]


def test_one_file_becomes_batches_of_every_row(make):
    module = make()
    module.setup()
    loaders = (module.train_dataloader(), module.val_dataloader(), module.test_dataloader())
    for name, loader in zip(("train", "validation", "test"), loaders, strict=True):
        rows = torch.cat([batch.index for batch in loader])
        assert sorted(rows.tolist()) == list(range(len(module.get_split(name))))
    assert sum(len(module.get_split(name)) for name in ("train", "validation", "test")) == 60


def test_a_batch_holds_the_words_and_label_of_its_rows(make):
    module = make()
    module.setup()
    texts, names = module.load_texts("train"), module.spec.label_names
    for batch in module.train_dataloader():
        for row, ids, mask, label in zip(batch.index, batch.input_ids, batch.attention_mask, batch.labels, strict=True):
            assert ids[mask].tolist() == module.tokenizer.encode_batch([texts[row]]).ids.tolist()
            assert names[label] == ("p" if "good" in texts[row] else "n")


def test_rows_are_numbered_as_in_the_file(make, file):
    lines = CSV.splitlines()[1:]
    lines[3] = ",p"
    file.write_text("text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    module = make()
    module.setup()
    for name in ("train", "validation", "test"):
        for number, text in zip(module.get_split(name).numbers, module.load_texts(name), strict=True):
            assert lines[number].split(",")[0] == text
            assert number != 3


def test_json_lines_with_several_labels_work_as_well(make, tmp_path):
    path = tmp_path / "tags.jsonl"
    rows = [{"text": f"t {i}", "labels": ["even"] * (i % 2 == 0) + ["third"] * (i % 3 == 0)} for i in range(30)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    module = make(source=lambda: Files(str(path)))
    module.setup()
    assert module.spec.task == "multi_label"
    for name in ("train", "validation", "test"):
        for number, labels in zip(module.get_split(name).numbers, module.get_split(name).labels, strict=True):
            found = [label for label, yes in zip(module.spec.label_names, labels, strict=True) if yes]
            assert found == rows[number]["labels"]


# The cache


def test_a_warm_start_reads_no_row_and_learns_nothing(make, monkeypatch):
    cold = make()
    cold.setup()

    def never(*arguments):
        raise AssertionError("was read or trained again")

    monkeypatch.setattr(Files, "read", never)
    monkeypatch.setattr(Words, "train", never)
    warm = make()
    warm.setup()
    assert warm.spec == cold.spec
    assert warm.notes == cold.notes
    assert warm.load_texts("train") == cold.load_texts("train")
    assert warm.tokenizer.to_json() == cold.tokenizer.to_json()
    assert torch.equal(warm.get_split("train")[3].input_ids, cold.get_split("train")[3].input_ids)


def test_setting_up_twice_changes_nothing(make):
    module = make()
    module.prepare_data()
    module.setup("fit")
    before = module.get_split("train")
    module.prepare_data()
    module.setup("test")
    assert module.get_split("train") is before


SHAPING = [
    {"max_length": 2},
    {"max_length": 1},
    {"max_length": 1.0},
    {"max_length": 0.5},
    {"validation_size": 0.2},
    {"test_size": 0.2},
    {"split_seed": 1},
    {"empty": "keep"},
    {"unseen_labels": "drop"},
    {"tokenizer": lambda: Words(lowercase=False)},
    {"tokenizer": lambda: Words(min_frequency=2)},
    {"tokenizer": lambda: Words(vocab_size=9)},
    {"tokenizer": lambda: Characters()},
]


def test_each_choice_that_shapes_the_arrays_has_a_folder_of_its_own(make):
    folders = [fingerprint(make(**options)) for options in [{}, *SHAPING]]
    assert len(set(folders)) == 1 + len(SHAPING)


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 3},
        {"eval_batch_size": 3},
        {"sampler": lambda context: Shuffle(context)},
        {"sampler": lambda context: ClassBalanced(context)},
        {"num_workers": 1},
        {"max_length": 0.99},
    ],
    ids=lambda options: next(iter(options)),
)
def test_other_choices_share_it(make, options):
    assert fingerprint(make(**options)) == fingerprint(make())


def test_another_content_of_the_file_has_another_folder(make, file):
    before = fingerprint(make())
    file.write_text(CSV.replace("word1", "word9"), encoding="utf-8")
    assert fingerprint(make()) != before


def test_a_faulty_file_leaves_no_folder(make, file, tmp_path):
    file.write_text("text,label\n" + "a,x\n" * 30, encoding="utf-8")
    with pytest.raises(DataError, match="at least two different labels"):
        make().setup()
    assert list((tmp_path / "cache").iterdir()) == []


# Objects, classes and functions


def batches_of(module: TextDataModule) -> list[list]:
    return [[part.tolist() for part in batch[:4]] for batch in module.train_dataloader()]


def test_objects_make_the_same_data_as_factories(make, file):
    """The same cache folder, spec, tokenizer and batches, one of them augmented on the fly."""
    factories = make(tokenizer=lambda: Characters(), sampler=Shuffle, augmentations=lambda: RandomSwap(alpha=0.5))
    objects = make(
        source=Files(str(file)), tokenizer=Characters(), sampler=Shuffle, augmentations=[RandomSwap(alpha=0.5)]
    )
    assert fingerprint(objects) == fingerprint(factories)
    assert objects.spec == factories.spec
    assert objects.tokenizer.to_json() == factories.tokenizer.to_json()
    assert batches_of(objects) == batches_of(factories)


def test_classes_are_factories(make):
    module = make(tokenizer=Characters, augmentations=[RandomSwap], tta_augmentations=RandomDeletion)
    assert fingerprint(module) == fingerprint(make(tokenizer=lambda: Characters()))


def test_an_object_is_not_changed_and_can_be_used_twice(make, file, tmp_path):
    """Training a tokenizer, or fitting an augmentation, for one data module leaves that of another alone."""
    other = tmp_path / "other.csv"
    other.write_text(CSV.replace("word", "sign"), encoding="utf-8")
    words, replacement = Words(), TFIDFReplacement(min_frequency=1)
    first = make(tokenizer=words, augmentations=replacement)
    second = make(source=Files(str(other)), tokenizer=words, augmentations=replacement)
    for module, word in ((first, "word"), (second, "sign")):
        module.setup()
        assert word in module.tokenizer.list_tokens()
    assert first.tokenizer.list_tokens() != second.tokenizer.list_tokens()
    assert first.augmenter.pipeline.augmentations[0].to_blueprint() != replacement.to_blueprint()
    assert first.augmenter.pipeline.augmentations[0] is not second.augmenter.pipeline.augmentations[0]


@pytest.mark.parametrize("sampler", [ClassBalanced, partial(ClassBalanced, weighting="sqrt")])
def test_a_sampler_is_a_class_or_a_partial(make, sampler):
    module = make(sampler=sampler)
    module.setup()
    assert isinstance(module.train_dataloader().sampler, ClassBalanced)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": Words}, r"source accepts Source objects \(Demo, Files, Hub\), .*; got the class Words"),
        ({"source": "reviews.csv"}, "source accepts Source objects .* got str 'reviews.csv'"),
        ({"tokenizer": Files}, r"tokenizer accepts Tokenizer objects \(Characters, .*Words\), .*; got the class Files"),
        ({"augmentations": [Words()]}, r"augmentations accepts Augmentation objects .*; got Words"),
        ({"tta_augmentations": Words}, r"tta_augmentations accepts Augmentation objects .*; got the class Words"),
        ({"sampler": Words}, "sampler takes a class of TextSampler, .*, got <class .*Words'>"),
        ({"sampler": "ClassBalanced"}, "sampler takes a class of TextSampler, .*, got 'ClassBalanced'"),
        ({"sampler": Shuffle(SamplingContext(np.zeros(4, int), np.ones(4, int), 1, 2, 0))}, "sampler takes a class"),
    ],
)
def test_what_is_none_of_these_is_refused_with_what_is_accepted(options, message):
    with pytest.raises(TypeError, match=message):
        TextDataModule(**options)


def test_a_plain_loop_needs_no_trainer(make):
    """Each iterator is an epoch, in another order, with every training text once."""
    module = make(batch_size=7)
    module.prepare_data()
    module.setup()
    loader = module.train_dataloader()
    epochs = [torch.cat([batch.index for batch in loader]).tolist() for _ in range(3)]
    assert all(sorted(epoch) == list(range(48)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert len(loader) == 7


def test_before_the_setup_a_message_says_what_to_call(make):
    with pytest.raises(RuntimeError, match=r"call setup\(\) first"):
        make().spec  # noqa: B018  # the property raises


# Messages


@pytest.mark.parametrize(("max_length", "same"), [(5.0, 5), (100.0, 100)])
def test_whole_lengths_are_counts_whatever_their_type(make, max_length, same):
    """Which of `int | float` a parser tries first depends on what was imported before."""
    assert fingerprint(make(max_length=max_length)) == fingerprint(make(max_length=same))
    assert type(make(max_length=max_length).preparation_options.max_length) is int


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "--data.batch_size must be at least 1, got 0"),
        ({"eval_batch_size": -1}, "--data.eval_batch_size must be at least 1, got -1"),
        (
            {"validation_size": 0.0},
            r"--data.validation_size is a fraction of the rows and must be in \(0, 1\), got 0.0",
        ),
        ({"test_size": 1.0}, r"--data.test_size is a fraction of the rows and must be in \(0, 1\), got 1.0"),
        ({"test_size": float("nan")}, r"--data.test_size .* got nan"),
        ({"num_workers": -1}, "--data.num_workers is a number of processes and must be 0 or more, got -1"),
        (
            {"max_length": 0},
            r"--data.max_length is a number of tokens \(an integer from 1\), or the fraction .* got 0$",
        ),
        ({"max_length": -3}, r"max_length .* got -3"),
        ({"max_length": 0.0}, r"max_length .* in \(0, 1\]\); got 0.0"),
        ({"max_length": 1.5}, r"max_length .* got 1.5"),
        ({"max_length": float("nan")}, r"max_length .* got nan"),
        ({"max_length": True}, r"max_length .* got True"),
    ],
)
def test_values_out_of_range_are_refused_before_anything_is_read(options, message):
    with pytest.raises(UsageError, match=message):
        TextDataModule(source=lambda: pytest.fail("was made"), **options)


def test_a_length_beyond_the_model_is_refused_before_anything_is_read(make, tiny_bert, monkeypatch):
    monkeypatch.setattr(Files, "read", lambda source: pytest.fail("was read"))
    module = make(tokenizer=lambda: Pretrained(str(tiny_bert)), max_length=17)
    with pytest.raises(UsageError, match=r"--data.max_length 17 is beyond the 16 positions .*; choose at most 16"):
        module.prepare_data()
    make(tokenizer=lambda: Pretrained(str(tiny_bert)), max_length=16).validate_configuration()


def test_fewer_rows_than_a_batch_are_noted(make):
    module = make(batch_size=64)
    module.setup()
    assert "train: 48 texts are fewer than a batch of 64: each epoch is one step" in module.notes
    assert len(list(module.train_dataloader())) == 1
    for fits in (make(batch_size=48), make(batch_size=8)):
        fits.setup()
        assert not any("fewer than a batch" in note for note in fits.notes)


def test_what_the_report_needs_is_told(make):
    module = make()
    module.setup()
    about = module.summary
    assert about["source"] == "reviews"
    assert about["rows"] == {"train": 48, "validation": 6, "test": 6}
    assert about["classes"] == {"n": 16, "p": 32}
    assert about["task"] == "single_label"
    assert json.loads(json.dumps(about)) == about
    assert module.seconds > 0
