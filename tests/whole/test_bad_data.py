"""Data that cannot be used end a run before it has a folder; data of use in part go on with a counted note."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from workplace import DATA, TINY, USAGE, assert_refused, report_of, rows, write_splits, write_table

HEAD = "text,label\n"


def _file(name: str, text: str):
    def write(folder: Path) -> None:
        (folder / name).write_text(text, encoding="utf-8")

    return write


def _raw(name: str, content: bytes):
    def write(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return write


def _unseen(folder: Path) -> None:
    write_table(folder / "test.csv", [*rows(5, 9), {"text": "pine oak", "label": "tree"}])


def _without(name: str):
    def remove(folder: Path) -> None:
        (folder / name).unlink()

    return remove


def _pairs(folder: Path) -> None:
    write_splits(folder, pairs=True)


# What is done to a folder of good files, the exit code, and what the message must say.
FAULTS = {
    "no text column": (
        _file("train.csv", "texts,label\na,b\n"),
        DATA,
        r'train.csv has no column "text"; it has: texts, label\. Did you mean "texts"\?.*--data.source.text_column',
    ),
    "no column near": (
        _file("train.csv", "id,sentence,note\n1,a,b\n"),
        DATA,
        r'no column "text"; it has: id, sentence, note\. Name it with --data.source.text_column',
    ),
    "a header that was not split": (
        _file("train.csv", "text;label\na;b\n"),
        DATA,
        r'no column "text"; it has: text;label\. Its columns seem to be separated by ";": set --data.source.delimiter',
    ),
    "no label column": (
        _file("train.csv", "text,lable\na,b\n"),
        DATA,
        r'no column "label".*Did you mean "lable"\?.*--data.source.label_column',
    ),
    "no column in the test": (_file("test.csv", "words,label\na,b\n"), DATA, r'test.csv has no column "text"'),
    "an empty file": (_file("train.csv", ""), DATA, r"train.csv is empty; give it a header"),
    "an empty test file": (_file("test.csv", "\n\n"), DATA, r"test.csv is empty"),
    "a header only": (_file("train.csv", HEAD), DATA, r"train.csv has a header \(text, label\) but no rows"),
    "one class only": (
        _file("train.csv", HEAD + "a,x\nb,x\nc,x\n"),
        DATA,
        r"at least two different labels, got only 'x'",
    ),
    "empty texts only": (
        _file("train.csv", HEAD + ",x\n ,y\n"),
        DATA,
        r"the training split has no text that could be used",
    ),
    "an empty test split": (
        _file("test.csv", HEAD + ",fruit\n"),
        DATA,
        r"the test split has no text that could be used",
    ),
    "a row without a label": (
        _file("train.csv", HEAD + "a,x\nb,\n"),
        DATA,
        r'1 row has no label in column "label": line 3',
    ),
    "an unseen label": (
        _unseen,
        DATA,
        r"test: 1 of \d+ rows have 1 label that are not in the training split: 'tree' \(1\).*--data.unseen_labels drop",
    ),
    "bytes of another encoding": (
        _raw("train.csv", HEAD.encode() + "日本,x\n".encode("shift_jis")),
        DATA,
        r"train.csv is not utf-8: byte 12, in line 2.*--data.source.encoding",
    ),
    "an open quote": (
        _file("train.csv", HEAD + '"a,x\nb,y\n'),
        DATA,
        r"train.csv: a quote that opens in line 2 is never closed.*--data.source.quoted false",
    ),
    "a quote inside": (_file("train.csv", HEAD + '"a" b,x\n'), DATA, r"train.csv: line 2 has invalid quoting"),
    "a row too long": (
        _file("train.csv", HEAD + "a,b,x\n"),
        DATA,
        r"the header has 2 fields .*1 row has another number: line 2 \(3\)",
    ),
    "no train file": (_without("train.csv"), DATA, r"has no train file .*it has: test.csv, validation.csv"),
    "two train files": (_file("train.tsv", "text\tlabel\na\tb\n"), DATA, r"2 files for train: train.csv, train.tsv"),
    "pairs for a model of single texts": (
        _pairs,
        USAGE,
        r"the data have pairs of texts, which Words cannot distinguish",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_data_that_cannot_be_used_end_the_run(case, work, tmp_path):
    spoil, code, words = FAULTS[case]
    folder = write_splits(tmp_path / "data")
    spoil(folder)
    assert_refused(work.train("--data.source", "Files", "--data.source.path", folder, *TINY), work, code, words)
    for kept in (tmp_path / "cache").glob("*"):  # dotted names as well
        assert (kept / "complete.json").exists(), "nothing half-made stays in the cache"


def test_a_folder_with_no_file_that_could_be_a_split_is_refused(work, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    write_table(folder / "texts.csv", rows(9, 0))
    answer = work.train("--data.source", "Files", "--data.source.path", folder)
    assert_refused(answer, work, DATA, r"has no train file .*it has: texts.csv\. Rename one, or name a single file")


def test_a_file_of_an_unknown_kind_is_refused(work, tmp_path):
    (tmp_path / "texts.xlsx").write_bytes(b"PK")
    answer = work.train("--data.source", "Files", "--data.source.path", tmp_path / "texts.xlsx")
    assert_refused(answer, work, USAGE, r"texts.xlsx has none of the extensions .csv, .tsv")


def test_a_truncated_gzip_file_is_refused(work, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    whole = gzip.compress((HEAD + "some words,x\nother words,y\n").encode())
    (folder / "train.csv.gz").write_bytes(whole[:-9])
    answer = work.train("--data.source", "Files", "--data.source.path", folder)
    assert_refused(answer, work, DATA, r"train.csv.gz is not a complete gzip file")


def test_broken_json_lines_are_refused_by_their_line(work, tmp_path):
    lines = [json.dumps(row) for row in rows(9, 0)]
    (tmp_path / "all.jsonl").write_text("\n".join([*lines, '{"text": "cut off']), encoding="utf-8")
    answer = work.train("--data.source", "Files", "--data.source.path", tmp_path / "all.jsonl")
    assert_refused(answer, work, DATA, r"line 10 is not JSON: Unterminated string")


def test_empty_texts_are_refused_where_that_was_asked_for(work, tmp_path):
    folder = write_splits(tmp_path / "data")
    write_table(folder / "train.csv", [*rows(20, 0), {"text": " ", "label": "fruit"}])
    answer = work.train("--data.source", "Files", "--data.source.path", folder, "--data.empty", "refuse")
    assert_refused(answer, work, DATA, r"train: 1 of 21 texts are empty \(rows 20, counted from 0\)")


def test_a_loss_that_does_not_fit_is_refused_before_any_row_is_read(work, tmp_path):
    """The invalid quoting further down the file would be found by reading it."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "train.csv").write_text('text,labels\na,"[""x""]"\n"b', encoding="utf-8")
    answer = work.train("--data.source", "Files", "--data.source.path", folder, "--model.loss", "CrossEntropy")
    assert_refused(
        answer, work, USAGE, r"--model.loss: CrossEntropy does not fit labels that are multi-label.*BinaryCrossEntropy"
    )


def test_a_test_without_a_test_split_is_refused(trained, work, tmp_path):
    folder = write_splits(tmp_path / "data")
    (folder / "test.csv").unlink()
    given = ("--config", trained / "config.yaml", "--data.source.path", folder)
    answer = work.train("test", *given, "--ckpt_path", trained / "checkpoints" / "best.ckpt")
    assert_refused(answer, work, USAGE, r"the data have no test split")


def test_what_can_be_used_in_part_goes_on_with_counted_notes(work, tmp_path):
    """Empty texts, a class with one row, fewer rows than a batch, no test split."""
    folder = tmp_path / "data"
    folder.mkdir()
    lonely = [
        {"text": "a lonely word", "label": "odd"},
        {"text": "  ", "label": "fruit"},
        {"text": "", "label": "metal"},
    ]
    write_table(folder / "train.csv", [*rows(40, 0), *lonely])
    write_table(folder / "validation.csv", rows(10, 1))
    answer = work.train("--data.source", "Files", "--data.source.path", folder, *TINY, "--trainer.max_epochs", 1)
    assert (answer.code, answer.err) == (0, "")
    assert "note: train: 2 of 43 texts dropped because they are empty (rows 41, 42, counted from 0;" in answer.out
    assert "note: train: 1 of 4 classes have only one training text: odd" in answer.out
    assert "note: train: 41 texts are fewer than a batch of 64: each epoch is one step" in answer.out
    (run,) = work.run_folders()
    report = report_of(run)
    assert "test" not in report
    assert report["validation"]["accuracy"] >= 0
    findings = [note for note in report["data"]["notes"] if note.startswith("validation: ")]
    assert [finding[:25] for finding in findings] == ["validation: with 10 texts", "validation: no text of 1 "]
    assert all(f"note: {finding}" in answer.out for finding in findings)
    assert len(report["data"]["notes"]) == 3 + len(findings)
    assert not (run / "predictions.csv").exists()


def test_unseen_labels_are_dropped_where_that_was_asked_for(work, tmp_path):
    folder = write_splits(tmp_path / "data")
    _unseen(folder)
    run = work.fit("--data.source", "Files", "--data.source.path", folder, "--data.unseen_labels", "drop", *TINY)
    report = report_of(run)
    assert report["data"]["rows"]["test"] == 5
    assert (
        "test: 1 of 6 rows dropped because they have 1 label that are not in the training split: 'tree' (1)"
        in report["data"]["notes"]
    )
