"""`predict.py` on a trained run: the predictions of its test, for every form of input and output."""

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
import torch
from workplace import (
    DATA,
    TINY,
    USAGE,
    Workplace,
    assert_refused,
    predictions_of,
    report_of,
    untouched_process,
    write_table,
)

HERE = Path(__file__).parents[2]
NAMES = ["fruit", "metal", "river"]


PROBABILITIES = [f"probability:{name}" for name in NAMES]
COLUMNS = ["prediction", "confidence", *PROBABILITIES]


def parse_rows(out: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out, newline=""), delimiter=delimiter))


def assert_predictions_agree(rows: list[dict[str, str]], run: Path) -> None:
    """Texts and predictions are those of the test, in the order of the test file."""
    expected = predictions_of(run)
    assert [row["text"] for row in rows] == [line["text"] for line in expected]
    assert [row["prediction"] for row in rows] == [line["prediction"] for line in expected]
    for row, line in zip(rows, expected, strict=True):
        for name in ("confidence", *PROBABILITIES):
            assert float(row[name]) == pytest.approx(float(line[name]), abs=1e-5)


def test_the_test_of_a_run_in_mixed_precision_computes_as_predicting_does(work, data):
    run = work.fit("--data.source", "Files", "--data.source.path", data, *TINY, "--trainer.precision", "bf16-mixed")
    assert_predictions_agree(parse_rows(work.predict(run, data / "test.csv").out), run)


@pytest.fixture
def texts(trained) -> list[str]:
    """Those of the test split, in its order."""
    return [line["text"] for line in predictions_of(trained)]


def test_the_test_file_gets_the_predictions_of_the_run(trained, work, data):
    answer = work.predict(trained, data / "test.csv")
    assert (answer.code, answer.err) == (0, "")
    assert_predictions_agree(parse_rows(answer.out), trained)
    assert {row["prediction"] for row in parse_rows(answer.out)} == set(NAMES), "the run has learned every class"


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
    assert_predictions_agree(parse_rows(ended.stdout), run)


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
def test_every_file_type_and_batch_size_gives_the_same_predictions(write, batch_size, trained, work, texts, tmp_path):
    answer = work.predict(trained, write(tmp_path, texts), "--batch_size", batch_size)
    assert (answer.code, answer.err) == (0, "")
    assert_predictions_agree(parse_rows(answer.out), trained)


def test_texts_may_be_arguments(trained, work, texts):
    answer = work.predict(trained, *texts)
    assert_predictions_agree(parse_rows(answer.out), trained)


def test_options_may_stand_between_the_run_and_the_texts(trained, work, texts):
    answer = work.predict("--device", "cpu", trained, "--batch_size", 3, *texts[:5], "--format", "csv", *texts[5:])
    assert_predictions_agree(parse_rows(answer.out), trained)


@pytest.fixture(scope="module")
def review_run(tmp_path_factory, data) -> Path:
    """A run whose texts were in a column named `review`, with columns of the user's own beside it."""
    folder = tmp_path_factory.mktemp("reviews")
    for split in ("train", "validation", "test"):
        with (data / f"{split}.csv").open(encoding="utf-8") as file:
            table = [
                {"id": n, "review": row["text"], "label": row["label"]} for n, row in enumerate(csv.DictReader(file))
            ]
        write_table(folder / f"{split}.csv", table)
    with untouched_process():
        source = ("--data.source", "Files", "--data.source.path", folder, "--data.source.text_column", "review")
        return Workplace(folder).fit(*source, *TINY, "--model.optimizer.lr", 0.03, epochs=2)


def test_the_text_column_of_training_is_read(review_run, work, tmp_path):
    texts = [line["text"] for line in predictions_of(review_run)]
    file = write_table(tmp_path / "new.csv", [{"text": "not this", "review": text} for text in texts])
    answer = work.predict(review_run, file)
    assert (answer.code, answer.err) == (0, "")
    assert_predictions_agree(parse_rows(answer.out), review_run)
    other = write_table(tmp_path / "other.csv", [{"Nachricht": text} for text in texts])
    assert_predictions_agree(parse_rows(work.predict(review_run, other, "--text_column", "Nachricht").out), review_run)
    words = r'other.csv has no column "review"; it has: Nachricht\. The run was trained on the column "review"\. '
    assert_refused(work.predict(review_run, other), work, DATA, words)


def test_an_older_checkpoint_that_names_no_columns_reads_the_default(review_run, work, tmp_path):
    checkpoint = torch.load(review_run / "checkpoints" / "best.ckpt", weights_only=True)
    assert checkpoint["bundle"].pop("text_columns") == {"text": "review", "text_pair": "text_pair"}
    torch.save(checkpoint, tmp_path / "old.ckpt")
    texts = [line["text"] for line in predictions_of(review_run)]
    file = write_table(tmp_path / "new.csv", [{"text": text} for text in texts])
    assert_predictions_agree(parse_rows(work.predict(tmp_path / "old.ckpt", file).out), review_run)
    (tmp_path / "columns.csv").write_text("review\na\n")
    words = r'has no column "text"; it has: review\. Name the column with --text_column'
    assert_refused(work.predict(tmp_path / "old.ckpt", tmp_path / "columns.csv"), work, DATA, words)


def test_all_columns_of_the_input_are_kept_where_that_is_asked_for(review_run, work, tmp_path):
    expected = predictions_of(review_run)
    table = [{"id": n, "review": line["text"], "label": line["label"]} for n, line in enumerate(expected)]
    file = write_table(tmp_path / "new.csv", table)
    rows = parse_rows(work.predict(review_run, file, "--keep_columns").out)
    assert list(rows[0]) == ["id", "review", "label", *COLUMNS]
    assert [[row["id"], row["review"], row["label"]] for row in rows] == [[*map(str, row.values())] for row in table]
    assert_predictions_agree([row | {"text": row["review"]} for row in rows], review_run)
    plain = work.predict(review_run, file, "--keep_columns", "--format", "jsonl").out.splitlines()
    assert list(json.loads(plain[0])) == ["id", "review", "label", "prediction", "confidence", "probabilities"]


def test_rows_of_json_keep_their_values(trained, work, tmp_path):
    """In JSON lines as they are; in CSV a list or an object becomes JSON, and a column that a row lacks stays empty."""
    objects = [{"text": "iron", "tags": ["x", 2], "stars": 4.5, "none": None}, {"text": "plum", "stars": True}]
    (tmp_path / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in objects), encoding="utf-8")
    (tmp_path / "new.csv").write_text("id,text\n7,nile\n", encoding="utf-8")
    inputs = (tmp_path / "new.jsonl", tmp_path / "new.csv", "--keep_columns")
    kept = [json.loads(line) for line in work.predict(trained, *inputs, "--format", "jsonl").out.splitlines()]
    for row, given in zip(kept, [*objects, {"id": "7", "text": "nile"}], strict=True):
        assert {name: value for name, value in row.items() if name in given} == given
        assert row.keys() - given.keys() == {"prediction", "confidence", "probabilities"}
    rows = parse_rows(work.predict(trained, *inputs).out)
    assert list(rows[0]) == ["text", "tags", "stars", "none", "id", *COLUMNS]
    assert [list(row.values())[:5] for row in rows] == [
        ["iron", '["x", 2]', "4.5", "", ""],
        ["plum", "", "true", "", ""],
        ["nile", "", "", "", "7"],
    ]
    (tmp_path / "more.jsonl").write_text('{"text": "iron"}\n{"text": "plum", "stars": 1}\n', encoding="utf-8")
    answer = work.predict(trained, tmp_path / "more.jsonl", "--keep_columns", "--output", tmp_path / "out.csv")
    assert_refused(answer, work, DATA, r"--keep_columns: the header does not name stars, .*--format jsonl")
    assert not (tmp_path / "out.csv").exists()


def test_json_lines_hold_prediction_confidence_and_probabilities(trained, work, texts):
    answer = work.predict(trained, *texts[:3], "--format", "jsonl")
    rows = [json.loads(line) for line in answer.out.splitlines()]
    assert len(rows) == 3
    for row, line in zip(rows, predictions_of(trained), strict=False):
        assert list(row) == ["text", "prediction", "confidence", "probabilities"]
        assert (row["text"], row["prediction"]) == (line["text"], line["prediction"])
        assert list(row["probabilities"]) == NAMES
        assert row["probabilities"]["metal"] == pytest.approx(float(line["probability:metal"]), abs=1e-5)
        assert row["confidence"] == row["probabilities"][row["prediction"]]


def test_the_ending_of_the_output_chooses_its_format(trained, work, texts, tmp_path):
    for name, delimiter in (("out.csv", ","), ("out.tsv", "\t"), ("out", ",")):
        assert work.predict(trained, *texts, "--output", tmp_path / name).code == 0
        assert_predictions_agree(parse_rows((tmp_path / name).read_text(encoding="utf-8"), delimiter), trained)
    assert work.predict(trained, "iron", "--output", tmp_path / "out.jsonl").code == 0
    assert json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))["prediction"] == "metal"
    assert work.predict(trained, "iron", "--output", tmp_path / "out.jsonl", "--format", "csv").code == 0
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8").startswith("text,prediction,")


def test_excel_knows_the_output_by_its_byte_order_mark(trained, work, tmp_path):
    plain, marked = tmp_path / "plain.csv", tmp_path / "marked.csv"
    assert work.predict(trained, "很好看", "--output", plain).code == 0
    assert work.predict(trained, "很好看", "--output", marked, "--excel").code == 0
    assert marked.read_bytes() == b"\xef\xbb\xbf" + plain.read_bytes()
    assert work.predict(trained, "很好看", "--excel").out == "\ufeff" + plain.read_text(encoding="utf-8")
    assert parse_rows(work.predict(trained, marked).out)[0]["text"] == "很好看"


def test_the_newest_run_of_a_name_is_chosen_and_named(trained, work, texts, tmp_path):
    for version in (2, 10):
        (tmp_path / "mine" / f"version_{version}" / "checkpoints").mkdir(parents=True)
    (tmp_path / "mine" / "version_2" / "checkpoints" / "best.ckpt").write_bytes(b"of another run")
    newest = shutil.copy(trained / "checkpoints" / "best.ckpt", tmp_path / "mine" / "version_10" / "checkpoints")
    answer = work.predict(tmp_path / "mine", *texts)
    assert answer.err == f"newest run of {tmp_path / 'mine'}: {newest}\n"
    assert_predictions_agree(parse_rows(answer.out), trained)


def test_an_input_is_never_replaced_by_the_output(trained, work, tmp_path):
    (tmp_path / "new.csv").write_text("text\niron\n", encoding="utf-8")
    answer = work.predict(trained, tmp_path / "new.csv", "--output", tmp_path / "new.csv")
    assert_refused(answer, work, USAGE, r"--output .*new.csv is one of the files that are read")
    assert (tmp_path / "new.csv").read_text(encoding="utf-8") == "text\niron\n"


def test_empty_and_odd_texts_keep_their_place(trained, work, monkeypatch):
    """A blank line, words never seen, and signs that CSV must quote."""
    given = ["apple plum", "", "   ", "zzz qqq", 'gold, "iron"', "rhine nile"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(given) + "\n"))
    answer = work.predict(trained, "-")
    assert (answer.code, answer.err) == (0, "")
    assert [line["text"] for line in parse_rows(answer.out)] == given
    for line in parse_rows(answer.out):
        assert sum(float(line[f"probability:{name}"]) for name in NAMES) == pytest.approx(1, abs=1e-5)


def test_no_text_gives_nothing_but_a_header(trained, work, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    answer = work.predict(trained)
    assert answer.code == 0
    assert answer.out == f"text,{','.join(COLUMNS)}\n"


def test_the_first_predictions_come_before_the_input_ends(trained, work, texts, monkeypatch):
    """What waits for the end of a stream that has none never answers."""
    out = io.StringIO()

    class Stream:
        def __iter__(self):
            for number, text in enumerate(texts):
                if number == 17:  # eight lines are a batch; two of them have been answered
                    assert len(parse_rows(out.getvalue())) == 16
                yield text + "\n"

    monkeypatch.setattr("sys.stdin", Stream())
    monkeypatch.setattr("sys.stdout", out)
    assert work.predict(trained, "--batch_size", 8).code == 0
    assert_predictions_agree(parse_rows(out.getvalue()), trained)


def test_an_output_file_is_there_only_once_it_is_whole(trained, work, texts, tmp_path, monkeypatch):
    target = tmp_path / "answers.csv"

    class Stream:
        def __iter__(self):
            for text in texts:
                assert not target.exists()
                yield text + "\n"

    monkeypatch.setattr("sys.stdin", Stream())
    answer = work.predict(trained, "--output", target, "--batch_size", 8)
    assert (answer.code, answer.out, answer.err) == (0, "", f"{target}: {len(texts)} texts\n")
    assert_predictions_agree(parse_rows(target.read_text(encoding="utf-8")), trained)


def test_a_fault_half_way_leaves_the_former_output_as_it_was(trained, work, tmp_path):
    target = tmp_path / "answers.csv"
    target.write_text("of yesterday", encoding="utf-8")
    (tmp_path / "new.csv").write_text('text\napple\n"open quote\n', encoding="utf-8")
    answer = work.predict(trained, tmp_path / "new.csv", "--output", target, "--batch_size", 1)
    assert answer.code == DATA
    assert target.read_text(encoding="utf-8") == "of yesterday"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["answers.csv", "new.csv"]


def test_an_interruption_is_no_traceback_and_leaves_no_output(trained, work, tmp_path, monkeypatch):
    class Stream:
        def __iter__(self):
            yield "gold\n"
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Stream())
    answer = work.predict(trained, "--batch_size", 1, "--output", tmp_path / "out.csv")
    assert (answer.code, answer.out, answer.err) == (130, "", "interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_several_labels_a_text(work, several_data):
    given = ("--data.source", "Files", "--data.source.path", several_data, "--model.encoder.embedding_dim", 16)
    run = work.fit(*given, "--model.encoder.num_filters", 8, "--model.optimizer.lr", 0.03, epochs=2)
    expected = predictions_of(run)
    rows = parse_rows(work.predict(run, several_data / "test.csv").out)
    assert [json.loads(row["prediction"]) for row in rows] == [json.loads(line["prediction"]) for line in expected]
    for row, other in zip(rows, expected, strict=True):
        assert float(row["probability:metal"]) == pytest.approx(float(other["probability:metal"]), abs=1e-5)
        probabilities = [float(row[name]) for name in PROBABILITIES]
        assert float(row["confidence"]) == pytest.approx(min(max(p, 1 - p) for p in probabilities), abs=1e-6)
    plain = json.loads(work.predict(run, "iron apple", "--format", "jsonl").out)
    assert isinstance(plain["prediction"], list)
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
    "a text like an option": (
        ["-o", "a text"],
        USAGE,
        r"there is no option -o\. A text that begins with - comes after --",
    ),
    "no such format": (
        ["--format", "xml", "a text"],
        USAGE,
        r"--format: invalid choice: 'xml' \(choose from '?csv'?, '?tsv'?, '?jsonl",
    ),
    "a batch of none": (["--batch_size", "0", "a text"], USAGE, r"--batch_size must be at least 1, got 0"),
    "a word for a size": (["--batch_size", "x", "a text"], USAGE, r"--batch_size: invalid int value: 'x'"),
    "no such device": (["--device", "abacus", "a text"], USAGE, r"--device abacus cannot be used here"),
    "no such encoding": (["--encoding", "utf-9", "{folder}/texts.txt"], USAGE, r"--encoding 'utf-9' is not known"),
    "no such output folder": (["--output", "/nowhere/out.csv", "a text"], USAGE, r"the folder /nowhere does not exist"),
    "an output that is a folder": (["--output", "{folder}", "a text"], USAGE, r"--output .* is a folder; name a file"),
    "a workbook": (["--output", "x.xlsx", "a text"], USAGE, r"x.xlsx: workbooks cannot be written; .*--excel"),
    "JSON lines for Excel": (["--excel", "--format", "jsonl", "a text"], USAGE, r"--excel writes .*--format csv"),
    "columns of arguments": (["--keep_columns", "a text"], USAGE, r"--keep_columns .* 'a text' is plain text"),
    "columns of lines": (["--keep_columns", "{folder}/texts.txt"], USAGE, r"--keep_columns .*texts.txt is plain text"),
    "columns of the standard input": (["--keep_columns"], USAGE, r"--keep_columns .* the standard input is plain text"),
    "columns of an earlier prediction": (
        ["--keep_columns", "{folder}/labelled.csv"],
        USAGE,
        r"--keep_columns: .* have prediction, confidence among their columns; rename",
    ),
    "a second text for single ones": (
        ["--text_pair_column", "b", "a text"],
        USAGE,
        r"--text_pair_column: the model was trained on single texts",
    ),
    "nested JSON": (["{folder}/nested.jsonl"], DATA, r"nested.jsonl, line 1 is nested too deeply"),
    "half a character": (["{folder}/half.jsonl"], DATA, r"text 1 of .*half.jsonl' contains a lone surrogate"),
    "half a character in another column": (
        ["--keep_columns", "{folder}/half_id.jsonl"],
        DATA,
        r"text 1 of .*half_id.jsonl' contains a lone surrogate",
    ),
    "no such column": (
        ["{folder}/columns.csv"],
        DATA,
        r'columns.csv has no column "text"; it has: txet.*--text_column',
    ),
    "no JSON": (["{folder}/broken.jsonl"], DATA, r"broken.jsonl, line 2 is not valid JSON"),
    "an open quote": (["{folder}/broken.csv"], DATA, r"broken.csv, line \d: invalid quoting"),
    "another encoding": (["{folder}/latin.txt"], DATA, r"latin.txt is not utf-8 .*--encoding"),
    "a cut gzip file": (["{folder}/cut.txt.gz"], DATA, r"cut.txt.gz is not a complete gzip file"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_input_that_cannot_be_read_is_refused(case, trained, work, tmp_path):
    (tmp_path / "texts.txt").write_text("a text\n")
    (tmp_path / "columns.csv").write_text("txet\na text\n")
    (tmp_path / "broken.jsonl").write_text('{"text": "a"}\n{"text": \n')
    (tmp_path / "broken.csv").write_text('text\n"a text\n')
    (tmp_path / "latin.txt").write_bytes("süß\n".encode("latin-1"))
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"a text\n" * 99)[:-9])
    (tmp_path / "labelled.csv").write_text("text,prediction,confidence\na,b,c\n")
    (tmp_path / "nested.jsonl").write_text('{"text": ' + "[" * 100_000)
    (tmp_path / "half.jsonl").write_text('{"text": "\\ud83d"}')
    (tmp_path / "half_id.jsonl").write_text('{"text": "a", "id": ["\\ud83d"]}')
    arguments, code, words = FAULTS[case]
    answer = work.predict(trained, *(argument.format(folder=tmp_path) for argument in arguments))
    assert_refused(answer, work, code, words)


def test_a_bad_file_behind_a_good_one_leaves_no_output(trained, work, data, tmp_path):
    target = tmp_path / "answers.csv"
    (tmp_path / "columns.csv").write_text("txet\na text\n")
    for bad, code in (("nothere.csv", USAGE), (tmp_path / "columns.csv", DATA)):
        assert_refused(work.predict(trained, data / "test.csv", bad), work, code, r"nothere.csv|no column \"text\"")
        assert work.predict(trained, data / "test.csv", bad, "--output", target).code == code
    assert not target.exists()


def test_a_run_or_checkpoint_that_is_not_there_is_refused(work):
    assert_refused(work.predict("nothere", "a text"), work, USAGE, r"there is no checkpoint or run folder nothere")
    for run in ("reviews_text_cnn", "demo_rnn"):
        (work.folder / "all" / run / "version_0" / "checkpoints").mkdir(parents=True)
        (work.folder / "all" / run / "version_0" / "checkpoints" / "best.ckpt").touch()
    words = r"all holds several runs; name one of them: .*all/demo_rnn, .*all/reviews_text_cnn$"
    assert_refused(work.predict(work.folder / "all", "x"), work, USAGE, words)
    for wrong in ("reviewz", "reviews_txt"):
        words = rf'no checkpoint or run folder .*{wrong}\. Did you mean ".*/all/reviews_text_cnn"\?'
        assert_refused(work.predict(work.folder / "all" / wrong, "x"), work, USAGE, words)
        assert_refused(work.train("--resume", work.folder / "all" / wrong), work, USAGE, words)
    assert_refused(work.predict(), work, USAGE, r"name a run folder or a checkpoint: python predict.py runs/NAME")
