"""Runs whose training texts are changed, and predictions averaged over variants."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import torch
from test_resume import EPOCHS, assert_alike, kill, killed  # noqa: F401  # a fixture
from workplace import DATA, Workplace, assert_refused, predictions_of

import augment
from commands.augmenting import build_parser
from commands.augmenting_help import AUGMENT_OPTIONS
from datamodules.augmenting.test_time_variants import VariantGenerator
from lightning_modules.bundle import load_bundle

ON_THE_FLY = ("--data.augmentations", "[RandomSwap, KeyboardNoise]", "--data.tta", "3")
LINES = "apple\tpear\tplum\niron\tzinc\nrhine\tnile"


def answers(work: Workplace, *arguments) -> list[list[float]]:
    answer = work.predict(*arguments)
    assert answer.code == 0, answer.err
    rows = csv.DictReader(answer.out.splitlines())
    return [[float(row[name]) for name in row if name.startswith("probability")] for row in rows]


def probabilities(run) -> list[list[float]]:
    return [[float(row[name]) for name in row if name.startswith("probability")] for row in predictions_of(run)]


def test_an_augmented_run_that_is_killed_in_mid_epoch_resumes_exactly(work, killed, on):  # noqa: F811  # the fixture
    chance = (*ON_THE_FLY, "--last_checkpoint.every_n_train_steps", "1", "--model.lr_scheduler", "WarmupLinear")
    whole = work.fit(*on, *chance, epochs=EPOCHS)
    last = kill(work, killed, 9, *on, *chance)
    assert_alike(work.fit(*on, *chance, "--ckpt_path", last, epochs=EPOCHS), whole)


def test_predictions_over_variants_equal_those_of_the_run_and_differ_from_those_without(work, on, data):
    run = work.fit(*on, *ON_THE_FLY, "--model.optimizer.lr", 0.03)
    expected = torch.tensor(probabilities(run))
    for same in ((), ("--tta", 3), ("--tta", 3, "--batch_size", 2)):
        torch.testing.assert_close(
            torch.tensor(answers(work, run, data / "test.csv", *same)), expected, atol=1e-5, rtol=0
        )
    alone = torch.tensor(answers(work, run, data / "test.csv", "--tta", 1))
    assert (alone - expected).abs().max() > 1e-3


def test_a_prediction_over_variants_is_the_mean_of_theirs(work, trained):
    """A checkpoint trained without augmentation takes the variants that are the default."""
    from datamodules.augmenting.augmenter import make_default_augmentations

    text = "apple of iron under the small rhine today and again near"
    bundle = load_bundle(trained)
    assert bundle.variants is None
    others = [one for (one,) in VariantGenerator(make_default_augmentations(), 4).generate([text])]
    singly = torch.tensor(answers(work, trained, text, *others))
    together = torch.tensor(answers(work, trained, text, "--tta", 4))
    torch.testing.assert_close(together[0], singly.mean(0), atol=1e-6, rtol=0)


def test_lists_travel_in_the_checkpoint(work, on, tmp_path):
    (tmp_path / "list.tsv").write_text(LINES, encoding="utf-8")
    chosen = ("--data.augmentations", "SynonymReplacement", "--data.augmentations.path", tmp_path / "list.tsv")
    run = work.fit(*on, *chosen, "--data.tta", 2)
    before = answers(work, run, "an apple of iron")
    (tmp_path / "list.tsv").unlink()
    assert answers(work, run, "an apple of iron") == before


def test_a_tta_below_one_is_refused(work, trained):
    answer = work.predict(trained, "a", "--tta", 0)
    assert (answer.code, answer.err) == (2, "error: --tta counts the text itself and must be at least 1, got 0\n")


def show(work: Workplace, *arguments):
    given = [str(argument) for argument in (*arguments, "--data.cache_dir", work.folder / "cache")]
    code = augment.main(given)
    return code, *work.say()


def test_the_command_shows_texts_before_and_after(work, data):
    source = ("--data.source", "Files", "--data.source.path", data)
    code, out, _ = show(work, *source, "--rows", 2, "--data.augmentations", "[RandomSwap, KeyboardNoise]")
    assert code == 0
    assert [out.count(f"{name}: 2 of ") for name in ("RandomSwap", "KeyboardNoise", "all of them in sequence")] == [
        1,
        1,
        1,
    ]
    code, out, _ = show(work, *source, "--rows", 1)
    assert code == 0
    assert all(f"{name}: " in out for name in ("EDA", "TFIDFReplacement", "SentenceShuffling"))
    assert "BackTranslation" not in out


def test_the_help_of_the_command_fits_on_a_page_and_names_every_option_of_its_own(work):
    code, out, _ = show(work, "--help")
    assert code == 0
    assert len(out.splitlines()) <= 40
    assert max(map(len, out.splitlines())) <= 120
    own = {action.dest for action in build_parser()._actions if "." not in action.dest} - {"help", "data"}
    own = {name for name in own if not name.startswith("print_")}
    assert own == {doc.name for doc in AUGMENT_OPTIONS}
    assert all(f"--{doc.name}" in out for doc in AUGMENT_OPTIONS)
    assert "Swaps a fraction `alpha`" in show(work, "--data.augmentations.help", "RandomSwap")[1]


def test_of_rare_classes_only_these_are_shown(work, data):
    source = ("--data.source", "Files", "--data.source.path", data, "--data.augmentations", "RandomSwap")
    targeted = (*source, "--data.augment.mode", "targeted", "--data.augment.below")
    assert "no class is rare" in show(work, *targeted, 2)[1]
    counts = Counter(row.rsplit(",", 1)[1] for row in (data / "train.csv").read_text().splitlines()[1:])
    rarest = min(counts, key=counts.get)
    code, out, _ = show(work, *targeted, counts[rarest] + 1)
    assert code == 0
    labels = {line.split("│")[2].strip() for line in out.splitlines() if line.startswith("│")} - {""}
    assert labels == {rarest}


def test_an_output_that_is_a_folder_is_refused_before_any_work(work, tmp_path):
    code, out, err = show(work, "--data.augmentations", "EDA", "--output", tmp_path)
    assert (code, out) == (2, "")
    assert err == f"error: --output {tmp_path} is a folder; name a file in it\n"


@pytest.mark.parametrize("output", ["data.csv", "link.csv", "folder/train.csv", "list.csv"])
def test_no_file_that_is_read_is_replaced_by_augmented_copies(work, data, tmp_path, monkeypatch, output):
    """The training file itself, a link to it, the file of a split in a folder, and a list of synonyms are kept."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(data, "folder")
    shutil.copy(data / "train.csv", "data.csv")
    Path("link.csv").symlink_to("data.csv")
    Path("list.csv").write_text(LINES, encoding="utf-8")
    before = Path(output).read_bytes()
    path = "folder" if output.startswith("folder") else "data.csv"
    options = ("--data.source", "Files", "--data.source.path", path, "--data.augmentations", "SynonymReplacement")
    code, out, err = show(work, *options, "--data.augmentations.path", "list.csv", "--output", output)
    assert (code, out) == (2, "")
    assert err == f"error: --output {output} is one of the files that are read; name another, so that it is kept\n"
    assert Path(output).read_bytes() == before


def test_an_output_of_another_format_is_refused(work, tmp_path):
    """Copies were written as CSV into files of any name."""
    code, _, err = show(work, "--data.augmentations", "EDA", "--output", tmp_path / "x.jsonl")
    assert (code, err) == (
        2,
        f"error: --output {tmp_path / 'x.jsonl'}: augmented copies are written as CSV; name a .csv file\n",
    )
    assert not (tmp_path / "x.jsonl").exists()


def test_a_bad_list_is_refused_before_a_run_folder_is_made(work, on, tmp_path):
    (tmp_path / "bad.tsv").write_text("no tab here\n", encoding="utf-8")
    answer = work.train(*on, "--data.augmentations", "EDA", "--data.augmentations.path", tmp_path / "bad.tsv")
    assert_refused(answer, work, DATA, "line 1 must be a word, a tab and other words for it")


@pytest.mark.parametrize("how", [(), ("--data.augment.mode", "targeted", "--data.augment.below", 30)])
def test_the_command_writes_all_changed_rows(work, data, tmp_path, how):
    source = ("--data.source", "Files", "--data.source.path", data, "--data.augmentations", "RandomSwap")
    code, out, err = show(work, *source, *how, "--output", tmp_path / "more.csv")
    assert code == 0, err
    with (tmp_path / "more.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (data / "train.csv").open(encoding="utf-8", newline="") as file:
        originals = list(csv.DictReader(file))
    assert re.search(rf"{len(rows)} (of \d+ requested|changed) copies", out)
    for row in rows:
        original = originals[int(row["number"])]
        assert (row["original"], row["label"], row["augmentation"]) == (
            original["text"],
            original["label"],
            "RandomSwap",
        )
        assert row["text"] != row["original"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--rows", 0), 2, "--rows must be at least 1, got 0"),
        (("--epoch", -1), 2, "--epoch is counted from 0, got -1"),
        (("--row", 1), 2, 'there is no option --row. Did you mean "--rows"?'),
        (("--output", "x.csv"), 2, "--output writes what augmentations add; name some with --data.augmentations"),
        (("--data.augmentations", "EDAX"), 2, 'has no choice named EDAX. Did you mean "EDA"?'),
        (
            ("--data.augmentations", "[EDA, RandomSwop]"),
            2,
            'has no choice named RandomSwop. Did you mean "RandomSwap"?',
        ),
        (("--data.augmentations", "EDA", "--data.augmentations.alfa", 1), 2, 'no argument alfa. Did you mean "alpha"?'),
        (("--data.augmentations", "EDA", "--data.augmentations.path", "none.tsv"), 2, "there is no file none.tsv"),
        (("--data.augment.modee", "offline"), 2, 'Did you mean "--data.augment.mode"?'),
        (("--data.augment.mode", "targeted"), 2, "--data.augment.mode targeted needs --data.augment.below"),
        (
            ("--data.augment.mode", "targeted", "--data.augment.below", 1.5),
            2,
            "--data.augment.below must be a number of texts",
        ),
        (("--data.augment.mode", "online"), 2, "--data.augment.mode must be one of"),
    ],
)
def test_what_cannot_be_is_told_in_short(work, arguments, code, words):
    found, out, err = show(work, *arguments)
    assert (found, out) == (code, "")
    assert words in err
    assert err.startswith("error: ")
    assert len(err) < 800
    assert "Traceback" not in err


def test_a_fault_of_a_list_is_one_of_the_data(work, tmp_path):
    (tmp_path / "bad.tsv").write_text("no tab here\n", encoding="utf-8")
    code, _, err = show(work, "--data.augmentations", "EDA", "--data.augmentations.path", tmp_path / "bad.tsv")
    assert code == 1
    assert "line 1 must be a word, a tab and other words for it" in err
