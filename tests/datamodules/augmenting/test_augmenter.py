"""Which training texts are changed and when, and that nothing else is touched."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from contracts.batch import TextBatch
from contracts.errors import DataError, UsageError
from datamodules.augmentations.back_translation import BackTranslation
from datamodules.augmentations.eda import EDA
from datamodules.augmentations.keyboard_noise import KeyboardNoise
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.random_deletion import RandomDeletion
from datamodules.augmentations.random_swap import RandomSwap
from datamodules.augmentations.surface_changes import SurfaceChanges
from datamodules.augmentations.synonym_replacement import SynonymReplacement
from datamodules.augmentations.tfidf_replacement import TFIDFReplacement
from datamodules.augmenting.added_copies import add_copies, find_rare_classes
from datamodules.augmenting.augmenter import list_label_ids
from datamodules.augmenting.options import AugmentOptions
from datamodules.augmenting.pipeline import Pipeline
from datamodules.augmenting.test_time_variants import VariantGenerator
from datamodules.loading.loaders import TrainingLoader
from datamodules.samplers.class_balanced import ClassBalanced
from datamodules.sources.base import Rows
from datamodules.sources.files import Files
from datamodules.text_datamodule import TextDataModule

SIZES = {"many": 30, "some": 10, "few": 3}


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three classes, 30, 10 and 3 training texts; validation and test of six and seven."""
    for split, number in (("train", None), ("validation", 2), ("test", 2)):
        rows = [
            {"text": f"{name} text number {n} of the {split} split is here", "label": name}
            for name, size in SIZES.items()
            for n in range(size if number is None else number)
        ]
        (tmp_path / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path


@pytest.fixture
def make(folder):
    def made(*kinds, source=None, **more) -> TextDataModule:
        given = {"max_length": 1.0, "batch_size": 8, "cache_dir": str(folder / "cache")} | more
        augmentations = list(kinds) or None
        data = TextDataModule(source or (lambda: Files(str(folder))), augmentations=augmentations, **given)
        data.quiet = True
        data.setup()
        return data

    return made


def swap() -> RandomSwap:
    return RandomSwap(alpha=0.3)


def decoded(data: TextDataModule, batch: TextBatch) -> dict[int, str]:
    names = {number: word for word, number in json.loads(data.tokenizer.dump_state())["model"]["vocab"].items()}
    return {
        int(row): " ".join(names[int(i)] for i, real in zip(ids, mask, strict=True) if real)
        for row, ids, mask in zip(batch.index, batch.input_ids, batch.attention_mask, strict=True)
    }


def epoch_of(data: TextDataModule, epoch: int) -> dict[int, str]:
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return {row: text for batch in loader for row, text in decoded(data, batch).items()}


def test_without_augmentation_the_cache_and_the_split_are_as_ever(make):
    plain, fly = make(), make(swap)
    assert plain.fingerprint == fly.fingerprint
    assert type(plain.get_split("train")).__name__ == "TextSplit"
    assert plain.augmenter.make_variants() is None


def test_on_the_fly_each_epoch_has_its_own_texts_the_same_in_every_order_and_process(make):
    data = make(swap)
    first, second = epoch_of(data, 0), epoch_of(data, 1)
    original = epoch_of(make(), 0)
    assert first != second
    assert all(sorted(first[row].split()) == sorted(original[row].split()) for row in original)
    assert epoch_of(make(swap, batch_size=3, num_workers=2), 1) == second
    split = data.get_split("train")
    split.set_epoch(1)
    assert all(decoded(data, split[row])[row] == second[row] for row in (0, 17, 42))


def test_ranks_change_texts_as_one_process_does(make):
    data = make(swap)
    shared: dict[int, str] = {}
    for rank in range(2):
        loader = TrainingLoader(data.get_split("train"), data.sampler(data.build_sampling_context(rank, 2)))
        loader.sampler.set_epoch(3)
        shared |= {row: text for batch in loader for row, text in decoded(data, batch).items()}
    alone = epoch_of(data, 3)
    assert len(shared) == 42
    assert all(alone[row] == text for row, text in shared.items())


def test_a_loader_that_resumes_gives_the_texts_of_the_rest_of_its_epoch(make):
    data = make(swap)
    loader = data.train_dataloader()
    loader.sampler.set_epoch(2)
    steps = iter(loader)
    for _ in range(2):
        next(steps)
    state, rest = loader.state_dict(), [decoded(data, batch) for batch in steps]
    again = make(swap).train_dataloader()
    again.load_state_dict(state)
    assert [decoded(data, batch) for batch in again] == rest


def test_a_row_that_is_drawn_again_in_an_epoch_is_changed_anew(make):
    """Of 43 draws a third are of three texts; each is another every time, on one rank as on two, and after resuming."""
    data = make(swap, sampler=lambda context: ClassBalanced(context))

    def seen(sampler, skip=0) -> list[tuple[int, str]]:
        if skip:
            sampler.load_state_dict({"epoch": 0, "batch": skip, "batches": len(sampler)})
        batches = TrainingLoader(data.get_split("train"), sampler)
        return [
            (int(row), " ".join(words.split("|")))
            for batch in batches
            for row, words in zip(batch.index, texts_of(data, batch), strict=True)
        ]

    whole = seen(ClassBalanced(data.build_sampling_context()))
    few = [text for row, text in whole if row >= 40]
    assert len(few) >= 14
    assert len(set(few)) > len({row for row, _ in whole if row >= 40}) * 3
    assert Counter(
        seen(ClassBalanced(data.build_sampling_context(0, 2))) + seen(ClassBalanced(data.build_sampling_context(1, 2)))
    ) <= Counter(whole)
    assert seen(ClassBalanced(data.build_sampling_context()), skip=2) == whole[16:]


def texts_of(data: TextDataModule, batch: TextBatch) -> list[str]:
    strings = data.tokenizer.list_tokens()
    return ["|".join(strings[number] for number in row if number) for row in batch.input_ids.tolist()]


def test_a_share_of_the_texts_is_changed_and_the_others_keep_their_ids(make):
    data = make(swap, augment=AugmentOptions(ratio=0.5))
    original = epoch_of(make(), 0)
    changed = [sum(new != original[row] for row, new in epoch_of(data, epoch).items()) for epoch in range(20)]
    # binomial of 43 * 20 rows
    assert abs(sum(changed) - 430) < 4 * np.sqrt(860 * 0.25)


def test_words_that_come_in_are_encoded_and_cut(make):
    data = make(lambda: EDA(lines="text\tunheard\nnumber\tnever", alpha=0.5), max_length=6)
    batch = data.get_split("train").__getitems__(range(43))
    assert batch.input_ids.shape[1] <= 6
    assert data.tokenizer.unknown_id in batch.input_ids
    assert batch.index.tolist() == list(range(43))
    assert batch.labels.tolist() == data.get_split("train").labels.tolist()


def test_validation_and_test_are_never_changed(make):
    plain = make()
    for data in (
        make(swap),
        make(swap, augment=AugmentOptions("offline")),
        make(swap, augment=AugmentOptions("targeted", below=20)),
    ):
        for name in ("validation", "test"):
            assert data.load_texts(name) == plain.load_texts(name)
            assert type(data.get_split(name)).__name__ == "TextSplit"
            assert data.get_split(name).labels.tolist() == plain.get_split(name).labels.tolist()


def test_offline_copies_follow_the_originals_with_their_labels_and_numbers(make):
    plain, data = make(), make(swap, augment=AugmentOptions("offline", num_copies=2))
    rows = len(data.get_split("train"))
    assert rows == len(set(data.load_texts("train"))) <= 43 * 3
    assert data.load_texts("train")[:43] == plain.load_texts("train")
    assert data.fingerprint != plain.fingerprint
    numbers, labels = data.get_split("train").numbers, data.get_split("train").labels
    assert all(labels[row] == labels[numbers[row]] for row in range(43, rows))
    assert all(
        sorted(data.load_texts("train")[r].split()) == sorted(plain.load_texts("train")[numbers[r]].split())
        for r in range(rows)
    )
    assert data.spec.num_rows == rows == sum(data.spec.class_counts)
    assert data.spec.class_counts == tuple(np.bincount(labels))
    with (data.cache_dir / data.fingerprint / "augmented.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    assert [row["text"] for row in listed] == data.load_texts("train")[43:]
    assert {row["augmentation"] for row in listed} == {"RandomSwap"}
    assert all(row["original"] == plain.load_texts("train")[int(row["number"])] for row in listed)
    rest = f"; {86 + 43 - rows} were left out as duplicates of other texts" if rows < 129 else ""
    assert f"train: {rows - 43} of 86 requested copies were added to 43 texts{rest}" in data.notes


def test_another_seed_or_augmentation_is_another_cache(make):
    fingerprints = {
        make(*kinds, augment=AugmentOptions("offline", **options)).fingerprint
        for kinds, options in (
            ([swap], {}),
            ([swap], {"seed": 1}),
            ([swap], {"num_copies": 2}),
            ([RandomSwap], {}),
            ([swap, RandomDeletion], {}),
        )
    }
    assert len(fingerprints) == 5


def test_rare_classes_grow_to_their_target_and_no_other(make):
    data = make(swap, augment=AugmentOptions("targeted", below=20, up_to=25))
    assert dict(zip(data.spec.label_names, data.spec.class_counts, strict=True)) == {"few": 25, "many": 30, "some": 25}
    copies = Counter(data.get_split("train").numbers[43:].tolist())
    assert max(copies[row] for row in (40, 41, 42)) - min(copies[row] for row in (40, 41, 42)) <= 1, "texts take turns"
    assert "train: 37 changed copies were added to 2 of 3 classes: few 3 → 25, some 10 → 25" in data.notes


@pytest.mark.parametrize("below", [20, 20.0])
def test_a_whole_valued_below_is_a_count_whatever_its_type(make, below):
    """A parser may hand over 20 as 20.0: `typing` caches `int | float` and `float | int` as one."""
    options = AugmentOptions("targeted", below=below)
    assert options == AugmentOptions("targeted", below=20)
    assert (type(options.below), options.below) == (int, 20)
    data = make(swap, augment=options)
    assert data.spec.class_counts == (20, 30, 20)
    assert data.fingerprint == make(swap, augment=AugmentOptions("targeted", below=20)).fingerprint


@pytest.mark.parametrize("below", [1, 1.0, 0, 0.0, -3, 2.5])
def test_a_below_that_is_neither_count_nor_fraction_is_refused(below):
    with pytest.raises(UsageError, match=r"below must be a number of texts .* or a fraction .* got"):
        AugmentOptions("targeted", below=below).check()


def test_below_may_be_a_fraction_of_the_largest_class(make):
    data = make(swap, augment=AugmentOptions("targeted", below=0.3))
    assert dict(zip(data.spec.label_names, data.spec.class_counts, strict=True)) == {"few": 9, "many": 30, "some": 10}


def test_a_target_that_cannot_be_reached_is_told(make):
    data = make(lambda: RandomSwap(p=0.0), augment=AugmentOptions("targeted", below=5))
    assert "train: too few different copies could be made for some rare classes: few (3 of 5)" in data.notes
    for options, note in (
        ({"below": 3}, "train: no class has fewer than 3 texts, so none was added (--data.augment.below)"),
        ({"below": 20, "up_to": 2}, "train: no class has fewer than 2 texts, so none was added (--data.augment.up_to)"),
    ):
        assert make(swap, augment=AugmentOptions("targeted", **options)).notes[0] == note


def test_a_target_is_reached_however_rarely_a_text_is_drawn(make):
    data = make(lambda: RandomSwap(alpha=0.5, p=0.05), augment=AugmentOptions("targeted", below=20))
    assert data.spec.class_counts == (20, 30, 20)


def test_a_share_with_a_rounding_error_does_not_make_a_class_rare():
    assert find_rare_classes({"a": 100, "b": 7, "c": 6}, 0.07, None) == (["c"], 7, 7)


def test_copies_of_one_text_with_different_second_ones_are_different(tmp_path):
    pairs = [("neutral", "p1"), ("entailment", "p2"), ("contradiction", "p3")]
    rows = Rows(["I don't know it."] * 3, [label for label, _ in pairs], [second for _, second in pairs])
    both = add_copies(rows, Pipeline([SurfaceChanges(alpha=1.0)]), 1, 1.0, 0, tmp_path, [])
    assert (both.texts[3:], both.labels[3:], both.pairs[3:]) == (["I do not know it."] * 3, rows.labels, rows.pairs)


def test_what_makes_variants_is_not_taken_from_another_run(make):
    """The folder of the cached texts is the same, or keeps what its own kinds learned."""
    offline = AugmentOptions("offline")
    options = [
        None,
        lambda: TFIDFReplacement(alpha=0.05),
        lambda: TFIDFReplacement(alpha=0.9),
        lambda: RandomSwap(alpha=0.3),
    ]
    for training in (RandomDeletion, lambda: TFIDFReplacement(min_frequency=1)):
        for _ in range(2):  # cold, then warm
            for own in options:
                data = make(training, augment=offline, tta=4, tta_augmentations=own)
                expected = own() if own else training()
                (kind,) = data.augmenter.make_variants().pipeline.augmentations
                assert type(kind) is type(expected)
                assert getattr(kind, "alpha", None) == expected.alpha
                assert kind.augment(["few text number 1"], RandomStreams.from_rows(0, 0, [1]))


def test_the_share_of_texts_that_really_change_is_told(make, folder):
    assert "train: about 100% of the texts are changed by RandomSwap, differently in each epoch" in make(swap).notes
    (folder / "list.tsv").write_text("house\thome\n", encoding="utf-8")
    useless = make(lambda: SynonymReplacement(str(folder / "list.tsv")))
    few = make(swap, augment=AugmentOptions(ratio=0.001))
    assert few.notes[-1] == "train: fewer than 1% of the texts are changed by RandomSwap, differently in each epoch"
    assert useless.notes[-1] == (
        "train: SynonymReplacement changed no text of a sample; check that its lists or vectors fit the texts"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "list.tsv has no usable word with alternatives"),
        ("no tab\n", "line 1 must be a word, a tab and other words for it"),
    ],
)
def test_a_list_of_no_use_is_refused_when_the_data_are_set_up(make, folder, content, words):
    (folder / "list.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        make(lambda: EDA(str(folder / "list.tsv")))


def test_a_copy_with_several_labels_counts_for_each(make, folder):
    several = folder / "several"
    several.mkdir()
    rows = [{"text": f"a b c d e f g {n}", "labels": ["many"]} for n in range(12)]
    rows += [{"text": f"k l m n o p q {n}", "labels": ["many", "few"]} for n in range(2)]
    rows += [{"text": f"r s t u v w x {n}", "labels": ["other"]} for n in range(4)]
    for split in ("train", "validation", "test"):
        (several / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    data = make(swap, source=lambda: Files(str(several)), augment=AugmentOptions("targeted", below=6))
    assert dict(zip(data.spec.label_names, data.spec.class_counts, strict=True)) == {"few": 6, "many": 18, "other": 6}
    assert data.get_split("train").labels.sum(0).tolist() == [6, 18, 6]


def test_what_learns_from_texts_learns_from_the_originals_alone(make):
    cold = make(TFIDFReplacement, augment=AugmentOptions("offline", num_copies=3))
    warm = make(TFIDFReplacement, augment=AugmentOptions("offline", num_copies=3))
    plain = TFIDFReplacement()
    data = make()
    plain.fit(data.load_texts("train"), list_label_ids(data.get_split("train").labels))
    for data in (cold, warm):
        assert data.augmenter.pipeline.augmentations[0].to_blueprint() == plain.to_blueprint()
        assert data.augmenter.make_variants().pipeline.augmentations[0].to_blueprint() == plain.to_blueprint()


def test_variants_follow_from_the_text_and_come_back_from_plain_values():
    variants = VariantGenerator([RandomSwap(alpha=0.3), KeyboardNoise()], num_predictions=3, seed=4)
    texts = ["a text of seven words is here", "another one of a few words"]
    made = list(variants.generate(texts))
    assert len(made) == 2
    assert made[0] != made[1]
    assert [one[::-1] for one in VariantGenerator.from_dict(variants.to_dict()).generate(texts[::-1])] == made
    assert list(VariantGenerator([RandomSwap(alpha=0.3), KeyboardNoise()], 3, seed=5).generate(texts)) != made


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"augment": AugmentOptions(ratio=2)}, r"--data.augment.ratio is a ratio and must be in \[0, 1\], got 2"),
        ({"augment": AugmentOptions("offline", num_copies=0)}, "--data.augment.num_copies must be at least 1, got 0"),
        (
            {"augment": AugmentOptions(num_copies=2)},
            "--data.augment.num_copies is for --data.augment.mode offline, which is on_the_fly",
        ),
        ({"augment": AugmentOptions(below=9)}, "--data.augment.below is for --data.augment.mode targeted"),
        ({"augment": AugmentOptions("targeted")}, "targeted needs --data.augment.below: fewer texts make a class rare"),
        ({"augment": AugmentOptions("targeted", below=1.5)}, r"an integer from 2\), or a fraction .* got 1.5"),
        (
            {"augment": AugmentOptions("targeted", below=9, up_to=1)},
            "--data.augment.up_to is a number of texts .* got 1",
        ),
        (
            {"augment": AugmentOptions("targeted", below=5, ratio=0.5)},
            "--data.augment.ratio 0.5 is for --data.augment.mode on_the_fly and offline",
        ),
        ({"augment": AugmentOptions(ratio=0)}, "--data.augment.ratio 0 changes no text"),
        ({"tta": 0}, "--data.tta counts the text itself and must be at least 1 and at most 1,000, got 0"),
        ({"augmentations": lambda: RandomSwap(alpha=2)}, r"--data.augmentations: alpha is a ratio"),
        (
            {"augmentations": BackTranslation},
            "BackTranslation runs a model of its own, which is too slow .*; choose --data.augment",
        ),
        ({"tta_augmentations": [BackTranslation]}, "--data.tta_augmentations BackTranslation runs a model of its own"),
        ({"augmentations": None, "augment": AugmentOptions("offline")}, "but --data.augmentations names nothing"),
    ],
)
def test_choices_that_cannot_be_are_refused(options, words):
    with pytest.raises(UsageError, match=words):
        TextDataModule(**{"augmentations": swap} | options)
