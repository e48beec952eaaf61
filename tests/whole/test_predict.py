"""`predict.py` on a trained run: the answers of its test, in every form of input and output; nothing else is needed."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from workplace import DATA, TINY, USAGE, assert_refused, predictions_of, report_of, write_table

HERE = Path(__file__).parents[2]
NAMES = ["fruit", "metal", "river"]


def answers(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out)))


def assert_answers_agree(given: list[dict[str, str]], run: Path) -> None:
    """Texts, labels and probabilities, in the order of the test file."""
    expected = predictions_of(run)
    assert [answer["text"] for answer in given] == [line["text"] for line in expected]
    assert [answer["label"] for answer in given] == [line["prediction"] for line in expected]
    for answer, line in zip(given, expected, strict=True):
        for name in NAMES:
            ours, theirs = float(answer[f"probability:{name}"]), float(line[f"probability:{name}"])
            assert ours == pytest.approx(theirs, abs=1e-5)


def test_the_test_of_a_run_in_mixed_precision_computes_as_predicting_does(work, data):
    run = work.fit("--data.source", "Files", "--data.source.path", data, *TINY, "--trainer.precision", "bf16-mixed")
    assert_answers_agree(answers(work.predict(run, data / "test.csv").out), run)


@pytest.fixture
def texts(trained) -> list[str]:
    """Those of the test split, in its order."""
    return [line["text"] for line in predictions_of(trained)]


def test_the_test_file_gets_the_predictions_of_the_run(trained, work, data):
    answer = work.predict(trained, data / "test.csv")
    assert (answer.code, answer.err) == (0, "")
    assert_answers_agree(answers(answer.out), trained)
    assert {line["label"] for line in answers(answer.out)} == set(NAMES), "the run has learned every class"


def test_a_fresh_process_needs_nothing_but_the_checkpoint(work, data, on, tmp_path):
    """No data, no cache, no config, another working directory; the texts come through a pipe."""
    own = tmp_path / "own"
    shutil.copytree(data, own)
    run = work.fit(*on, "--data.source.path", own, "--model.optimizer.lr", 0.02, epochs=2)
    only = tmp_path / "only"
    only.mkdir()
    shutil.copy(run / "checkpoints" / "best.ckpt", only / "model.ckpt")
    shutil.rmtree(own)
    shutil.rmtree(tmp_path / "cache")
    ended = subprocess.run(
        [sys.executable, str(HERE / "predict.py"), "model.ckpt"],
        input="\n".join(line["text"] for line in predictions_of(run)),
        cwd=only,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert_answers_agree(answers(ended.stdout), run)


def _csv(path: Path, texts: list[str]) -> Path:
    return write_table(path / "new.csv", [{"number": n, "text": text} for n, text in enumerate(texts)])


def _tsv(path: Path, texts: list[str]) -> Path:
    return write_table(path / "new.tsv", [{"text": text, "label": "?"} for text in texts], "\t")


def _jsonl(path: Path, texts: list[str]) -> Path:
    (path / "new.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path / "new.jsonl"


def _lines(path: Path, texts: list[str]) -> Path:
    (path / "new.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path / "new.txt"


def _gzip(path: Path, texts: list[str]) -> Path:
    (path / "new.csv.gz").write_bytes(gzip.compress(_csv(path, texts).read_bytes()))
    return path / "new.csv.gz"


@pytest.mark.parametrize("write", [_csv, _tsv, _jsonl, _lines, _gzip], ids=lambda write: write.__name__.strip("_"))
@pytest.mark.parametrize("batch_size", [1, 7, 256])
def test_every_kind_of_file_and_size_of_batch_gives_the_same_answers(write, batch_size, trained, work, texts, tmp_path):
    answer = work.predict(trained, write(tmp_path, texts), "--batch_size", batch_size)
    assert (answer.code, answer.err) == (0, "")
    assert_answers_agree(answers(answer.out), trained)


def test_texts_may_be_arguments(trained, work, texts):
    answer = work.predict(trained, *texts)
    assert_answers_agree(answers(answer.out), trained)


def test_options_may_stand_between_the_run_and_the_texts(trained, work, texts):
    answer = work.predict("--device", "cpu", trained, "--batch_size", 3, *texts[:5], "--format", "csv", *texts[5:])
    assert_answers_agree(answers(answer.out), trained)


def test_a_column_of_another_name_is_read_where_it_is_named(trained, work, texts, tmp_path):
    file = write_table(tmp_path / "new.csv", [{"Nachricht": text} for text in texts])
    assert_answers_agree(answers(work.predict(trained, file, "--text_column", "Nachricht").out), trained)


def test_json_lines_hold_label_and_probabilities(trained, work, texts):
    answer = work.predict(trained, *texts[:3], "--format", "jsonl")
    plain = [json.loads(line) for line in answer.out.splitlines()]
    for given, line in zip(plain, predictions_of(trained), strict=False):
        assert (given["text"], given["label"]) == (line["text"], line["prediction"])
        assert list(given["probabilities"]) == NAMES
        assert given["probabilities"]["metal"] == pytest.approx(float(line["probability:metal"]), abs=1e-5)


def test_empty_and_odd_texts_keep_their_place(trained, work, monkeypatch):
    """A blank line, words never seen, and signs that CSV must quote."""
    given = ["apple plum", "", "   ", "zzz qqq", 'gold, "iron"', "rhine nile"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(given) + "\n"))
    answer = work.predict(trained, "-")
    assert (answer.code, answer.err) == (0, "")
    assert [line["text"] for line in answers(answer.out)] == given
    for line in answers(answer.out):
        assert sum(float(line[f"probability:{name}"]) for name in NAMES) == pytest.approx(1, abs=1e-5)


def test_no_text_gives_no_answer_but_a_header(trained, work, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    answer = work.predict(trained)
    assert answer.code == 0
    assert answer.out == "text,label,probability:fruit,probability:metal,probability:river\n"


def test_the_first_answers_come_before_the_input_ends(trained, work, texts, monkeypatch):
    """What waits for the end of a stream that has none never answers."""
    out = io.StringIO()

    class Stream:
        def __iter__(self):
            for number, text in enumerate(texts):
                if number == 17:  # eight lines are a batch; two of them have been answered
                    assert len(answers(out.getvalue())) == 16
                yield text + "\n"

    monkeypatch.setattr("sys.stdin", Stream())
    monkeypatch.setattr("sys.stdout", out)
    assert work.predict(trained, "--batch_size", 8).code == 0
    assert_answers_agree(answers(out.getvalue()), trained)


def test_an_output_file_is_there_only_once_it_is_whole(trained, work, texts, tmp_path, monkeypatch):
    target = tmp_path / "answers.csv"

    class Stream:
        def __iter__(self):
            for text in texts:
                assert not target.exists()
                yield text + "\n"

    monkeypatch.setattr("sys.stdin", Stream())
    answer = work.predict(trained, "--output", target, "--batch_size", 8)
    assert (answer.code, answer.out) == (0, "")
    assert_answers_agree(answers(target.read_text(encoding="utf-8")), trained)


def test_a_fault_half_way_leaves_the_former_output_as_it_was(trained, work, tmp_path):
    target = tmp_path / "answers.csv"
    target.write_text("of yesterday", encoding="utf-8")
    (tmp_path / "new.csv").write_text('text\napple\n"open quote\n', encoding="utf-8")
    answer = work.predict(trained, tmp_path / "new.csv", "--output", target, "--batch_size", 1)
    assert answer.code == DATA
    assert target.read_text(encoding="utf-8") == "of yesterday"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["answers.csv", "new.csv"]


def test_several_labels_a_text(work, several_data):
    given = ("--data.source", "Files", "--data.source.path", several_data, "--model.encoder.embedding_dim", 16)
    run = work.fit(*given, "--model.encoder.num_filters", 8, "--model.optimizer.lr", 0.03, epochs=2)
    expected = predictions_of(run)
    lines = answers(work.predict(run, several_data / "test.csv").out)
    assert [json.loads(line["label"]) for line in lines] == [json.loads(line["prediction"]) for line in expected]
    for line, other in zip(lines, expected, strict=True):
        assert float(line["probability:metal"]) == pytest.approx(float(other["probability:metal"]), abs=1e-5)
    plain = json.loads(work.predict(run, "iron apple", "--format", "jsonl").out)
    assert isinstance(plain["labels"], list)
    assert report_of(run)["data"]["task"] == "multi_label"


# Arguments after the run, the exit code, and what the message must say.
FAULTS = {
    "no such file": (["nothere.csv"], USAGE, r"there is no file nothere.csv"),
    "no such option": (
        ["--fromat", "csv", "a text"],
        USAGE,
        r'there is no option --fromat\. Did you mean "--format"\?',
    ),
    "an abbreviated option": (
        ["--form", "csv", "a text"],
        USAGE,
        r'there is no option --form\. Did you mean "--format"\?',
    ),
    "no such format": (
        ["--format", "xml", "a text"],
        USAGE,
        r"--format: invalid choice: 'xml' \(choose from '?csv'?, '?jsonl",
    ),
    "a batch of none": (["--batch_size", "0", "a text"], USAGE, r"--batch_size must be at least 1, got 0"),
    "a word for a size": (["--batch_size", "x", "a text"], USAGE, r"--batch_size: invalid int value: 'x'"),
    "no such device": (["--device", "abacus", "a text"], USAGE, r"--device abacus cannot be used here"),
    "no such encoding": (["--encoding", "utf-9", "{folder}/texts.txt"], USAGE, r"--encoding 'utf-9' is not known"),
    "no such output folder": (["--output", "/nowhere/out.csv", "a text"], USAGE, r"there is no folder /nowhere"),
    "no such column": (["{folder}/columns.csv"], DATA, r'columns.csv has no column "text", only: txet.*--text_column'),
    "no JSON": (["{folder}/broken.jsonl"], DATA, r"broken.jsonl, line 2 is no JSON"),
    "an open quote": (["{folder}/broken.csv"], DATA, r"broken.csv, line \d: broken quoting"),
    "another encoding": (["{folder}/latin.txt"], DATA, r"latin.txt is not utf-8 .*--encoding"),
    "a cut gzip file": (["{folder}/cut.txt.gz"], DATA, r"cut.txt.gz is no whole gzip file"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_input_that_cannot_be_read_is_refused(case, trained, work, tmp_path):
    (tmp_path / "texts.txt").write_text("a text\n")
    (tmp_path / "columns.csv").write_text("txet\na text\n")
    (tmp_path / "broken.jsonl").write_text('{"text": "a"}\n{"text": \n')
    (tmp_path / "broken.csv").write_text('text\n"a text\n')
    (tmp_path / "latin.txt").write_bytes("süß\n".encode("latin-1"))
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"a text\n" * 99)[:-9])
    arguments, code, words = FAULTS[case]
    answer = work.predict(trained, *(argument.format(folder=tmp_path) for argument in arguments))
    assert_refused(answer, work, code, words)


def test_a_bad_file_behind_a_good_one_leaves_no_answer(trained, work, data, tmp_path):
    target = tmp_path / "answers.csv"
    (tmp_path / "columns.csv").write_text("txet\na text\n")
    for bad, code in (("nothere.csv", USAGE), (tmp_path / "columns.csv", DATA)):
        assert_refused(work.predict(trained, data / "test.csv", bad), work, code, r"nothere.csv|no column \"text\"")
        assert work.predict(trained, data / "test.csv", bad, "--output", target).code == code
    assert not target.exists()


def test_a_run_or_checkpoint_that_is_not_there_is_refused(work):
    assert_refused(work.predict("nothere", "a text"), work, USAGE, r"there is no checkpoint or run folder nothere")
    assert_refused(work.predict(), work, USAGE, r"the following arguments are required: checkpoint")
