"""Which columns `predict.py` reads and writes for a model of pairs; a fake one predicts here."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import pytest

import predict
from commands import prediction
from datamodules.sources.text_stream import TextColumns
from lightning_modules.predictor import Prediction


class PairPredictor:
    """Predicts whether two texts are equal."""

    pairs, label_names = True, ("different", "equal")

    def __init__(self, text_columns: TextColumns | None) -> None:
        self.bundle = SimpleNamespace(text_columns=text_columns)

    def predict(self, texts, batch_size):
        equal = [float(first == second) for first, second in texts]
        names = self.label_names
        return [Prediction(names[int(p)], 1.0, {names[0]: 1 - p, names[1]: p}) for p in equal]


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs `predict.py` with a checkpoint that names these columns."""

    def run_script(text_columns, *arguments):
        checkpoint = tmp_path / "best.ckpt"
        checkpoint.write_bytes(b"")
        monkeypatch.setattr(prediction, "load", lambda *_: PairPredictor(text_columns))
        code = predict.main([str(checkpoint), *map(str, arguments)])
        return code, *capsys.readouterr()

    return run_script


HEADER = "text,text_pair,prediction,confidence,probability:different,probability:equal\n"
EQUAL = ",equal,1.0000000,0.0000000,1.0000000\n"
DIFFERENT = ",different,1.0000000,1.0000000,0.0000000\n"


@pytest.mark.parametrize("columns", [None, TextColumns(), TextColumns("question", "answer")])
def test_pairs_are_read_from_the_columns_of_training(run, tmp_path, columns):
    first, second = columns or ("text", "text_pair")
    (tmp_path / "new.csv").write_text(f"{second},id,{first}\na,1,a\nb,2,a\n")
    assert run(columns, tmp_path / "new.csv") == (0, HEADER + "a,a" + EQUAL + "a,b" + DIFFERENT, "")
    kept = run(columns, tmp_path / "new.csv", "--keep_columns")[1].splitlines()
    assert kept[0].startswith(f"{second},id,{first},prediction,confidence,")
    assert [line.partition(",1.0000000")[0] for line in kept[1:]] == ["a,1,a,equal", "b,2,a,different"]


def test_other_columns_of_pairs_can_be_named(run, tmp_path):
    (tmp_path / "new.csv").write_text("question,answer,other\na,b,a\n")
    columns = TextColumns("question", "answer")
    assert run(columns, tmp_path / "new.csv")[1] == HEADER + "a,b" + DIFFERENT
    assert run(columns, tmp_path / "new.csv", "--text_pair_column", "other")[1] == HEADER + "a,a" + EQUAL
    swapped = ("--text_column", "answer", "--text_pair_column", "question")
    assert run(columns, tmp_path / "new.csv", *swapped)[1] == HEADER + "b,a" + DIFFERENT


def test_a_file_without_the_columns_of_pairs_is_refused(run, tmp_path):
    (tmp_path / "new.csv").write_text("text,answr\na,b\n")
    code, out, err = run(TextColumns("question", "answer"), tmp_path / "new.csv")
    assert (code, out) == (1, "")
    assert err == (
        f'error: {tmp_path}/new.csv has no column "question" and no column "answer"; it has: text, answr. '
        'The run was trained on the columns "question" and "answer". '
        "Name the columns with --text_column and --text_pair_column.\n"
    )


def test_pairs_of_plain_text_stand_on_a_line(run):
    assert run(None, "a\ta", "a\tb") == (0, HEADER + "a,a" + EQUAL + "a,b" + DIFFERENT, "")
    code, out, err = run(None, "a")
    assert (code, out) == (1, "")
    assert err.startswith("error: 'a' is one text, and the model compares two; put a tab between them")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_control_characters_do_not_reach_a_terminal(monkeypatch, is_terminal):
    """A label may be from an unknown author; in a file and in a pipe it stays as it is."""

    class Output(io.TextIOWrapper):
        def isatty(self) -> bool:
            return is_terminal

    buffer = io.BytesIO()
    monkeypatch.setattr("sys.stdout", Output(buffer, encoding="utf-8"))
    with prediction._open_destination(None) as opened:
        csv.writer(opened, lineterminator="\n").writerow(["a\x1b[2J", "b\u202e", "ä\tc"])
        opened.flush()
    said = buffer.getvalue().decode()
    assert said == ("a⟨U+001B⟩[2J,b⟨U+202E⟩,ä\tc\n" if is_terminal else "a\x1b[2J,b\u202e,ä\tc\n")
