"""The precision of a run is said before its first step, recorded in its report, and the same in test and prediction."""

from __future__ import annotations

import pytest
import torch
from workplace import USAGE, assert_refused, predictions_of, report_of

from lightning_modules import precision


@pytest.fixture(autouse=True)
def _as_before():
    cudnn = torch.backends.cudnn.allow_tf32
    yield
    precision.set_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = cudnn


def test_the_precision_is_said_and_reported_and_predicting_agrees_with_the_test(work, on, data):
    """It was never set: on a GPU convolutions were rounded and linear layers not, and nothing said so."""
    answer = work.train(*on, "--trainer.max_epochs", 1, "--trainer.accelerator", "cpu", "--matmul_precision", "medium")
    assert answer.code == 0, answer.err
    assert "parameters on cpu (precision 32-true, matrix products medium); run folder" in answer.out
    (run,) = work.run_folders()
    device = report_of(run)["device"]
    assert (device["precision"], device["matmul_precision"]) == ("32-true", "medium")
    precision.set_matmul_precision("highest")
    tested = [float(row["confidence"]) for row in predictions_of(run)]
    output = work.folder / "predicted.csv"
    assert work.predict(run, data / "test.csv", "--output", output).code == 0
    predicted = [line.rsplit(",", 4) for line in output.read_text().splitlines()[1:]]
    assert len(predicted) == len(tested)
    found = [max(map(float, line[-3:])) for line in predicted]
    assert found == pytest.approx(tested, abs=2e-5)


def test_a_run_says_that_its_precision_is_slow_before_any_work(work, on, monkeypatch):
    """A table recommended bf16-mixed; without instructions for it training took 19 times as long, silently."""
    monkeypatch.setattr(precision, "measure_slowdown", lambda dtype: 19.0)
    arguments = ("--trainer.fast_dev_run", "true", "--trainer.accelerator", "cpu", "--trainer.precision", "bf16-mixed")
    answer = work.train(*on, *arguments)
    assert answer.code == 0, answer.err
    first = answer.out.splitlines()[0]
    assert first.startswith("note: --trainer.precision bf16-mixed is slow on this CPU")


def test_an_unknown_matmul_precision_is_refused(work, on):
    answer = work.train(*on, "--matmul_precision", "tf32")
    assert_refused(answer, work, USAGE, r"--matmul_precision.*highest.*tf32")
