"""Ctrl-C and SIGTERM: a checkpoint after the step, one line on how to continue, and a resumed run that is the same."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from test_resume import BATCHES, EPOCHS, WITH_CHANCE, assert_alike, resume, scalars_of
from workplace import Workplace, report_of, untouched_process

from lightning_modules.text_classifier import TextClassifier

HERE = Path(__file__).parents[2]
SECOND = """
import os, signal, time
from contracts.interrupts import StopRequest
request = StopRequest()
request.install()
os.kill(os.getpid(), signal.SIG{first})
assert request.number == signal.SIG{first}
time.sleep({seconds})
os.kill(os.getpid(), signal.SIG{second})
time.sleep(1)
print("goes on")
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory, on) -> Path:
    """The run that was never interrupted."""
    with untouched_process():
        return Workplace(tmp_path_factory.mktemp("whole")).fit(*on, *WITH_CHANCE, epochs=EPOCHS)


def interrupt_at(monkeypatch, method: str, number: int, signal_number: int) -> None:
    """Sends the signal in the call of a step with this number, counted from 1, without those of the sanity check."""
    true_step, calls = getattr(TextClassifier, method), []

    def step(self: TextClassifier, *arguments):
        if not self.trainer.sanity_checking:
            calls.append(1)
        if len(calls) == number:
            calls.append(1)
            signal.raise_signal(signal_number)
        return true_step(self, *arguments)

    monkeypatch.setattr(TextClassifier, method, step)


CASES = {
    "in the first step": ("training_step", 1, signal.SIGINT, 1),
    "before a validation": ("training_step", BATCHES, signal.SIGTERM, BATCHES),
    "in a later epoch": ("training_step", BATCHES + 3, signal.SIGTERM, BATCHES + 3),
    "in a validation": ("validation_step", 2, signal.SIGINT, 2 * BATCHES),
    "in the last validation": ("validation_step", EPOCHS, signal.SIGTERM, EPOCHS * BATCHES),
}


@pytest.mark.parametrize("case", CASES)
def test_an_interrupted_run_is_saved_after_the_step_and_resumes_exactly(case, work, on, whole, monkeypatch):
    method, number, signal_number, step = CASES[case]
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    interrupt_at(monkeypatch, method, number, signal_number)
    limits = ("--trainer.max_epochs", EPOCHS, "--trainer.accelerator", "cpu", "--data.batch_size", 16)
    answer = work.train(*limits, *on, *WITH_CHANCE)
    monkeypatch.undo()
    (run,) = work.run_folders()
    assert answer.code == {signal.SIGINT: 130, signal.SIGTERM: 143}[signal_number]
    assert answer.err.endswith(f"interrupted; continue with `python train.py --resume {run}`\n")
    assert torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == step
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert resume(work, run).code == 0
    assert_alike(run, whole)
    assert scalars_of(run) == scalars_of(whole)


def test_a_resumed_epoch_is_printed_and_timed_as_a_whole(work, on, monkeypatch):
    """The line had the mean loss of the steps after the interruption, and their seconds were missing in the report."""
    limits = ("--trainer.max_epochs", EPOCHS, "--trainer.accelerator", "cpu", "--data.batch_size", 16)
    whole = work.train(*limits, *on, *WITH_CHANCE, "--name", "whole")
    interrupt_at(monkeypatch, "training_step", BATCHES + 3, signal.SIGTERM)
    work.train(*limits, *on, *WITH_CHANCE, "--name", "interrupted")
    monkeypatch.undo()
    true_step = TextClassifier.training_step
    monkeypatch.setattr(
        TextClassifier, "training_step", lambda *given: (time.sleep(0.05), true_step(*given))[1], raising=True
    )
    run = work.root / "interrupted" / "version_0"
    resumed = resume(work, run)
    assert resumed.code == 0
    losses = [re.search(rf"^ *2/{EPOCHS} +(\S+)", answer.out, re.MULTILINE)[1] for answer in (whole, resumed)]
    assert losses[0] == losses[1]
    assert report_of(run)["seconds"]["train"] >= 0.05 * (EPOCHS * BATCHES - (BATCHES + 3))


def test_a_run_without_early_stopping_says_why_it_ended(work, on):
    run = work.fit(*on, "--early_stopping", "null")
    assert report_of(run)["stopped"] == "training reached its limit (max_epochs=1)"


@pytest.mark.parametrize(
    ("first", "second", "seconds", "code"),
    [
        ("INT", "INT", 0.5, 130),
        ("TERM", "INT", 0.5, 130),
        ("INT", "INT", 0.0, 0),  # one Ctrl-C, passed on by a launcher
        ("TERM", "TERM", 0.5, 0),  # `timeout` sends it twice
    ],
)
def test_a_second_ctrl_c_ends_at_once(first, second, seconds, code):
    program = SECOND.format(first=first, second=second, seconds=seconds)
    ended = subprocess.run([sys.executable, "-c", program], cwd=HERE, capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    assert ("goes on" in ended.stdout) == (code == 0)
    assert ended.stderr.startswith("stopping after this step; Ctrl-C (again) ends at once, without saving\n")
    assert ended.stderr.endswith("interrupted; ended at once\n") == (code == 130)


def test_a_job_of_slurm_keeps_lightnings_handler_of_sigterm(work, on, monkeypatch):
    """Lightning ignores SIGTERM there: the job is queued again by another signal."""
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURM_JOB_NAME", "bash")
    interrupt_at(monkeypatch, "training_step", 2, signal.SIGTERM)
    seen = []
    true_raise = signal.raise_signal

    def look(number: int) -> None:
        seen.append(signal.getsignal(number))
        if number != signal.SIGTERM:
            true_raise(number)

    monkeypatch.setattr(signal, "raise_signal", look)
    assert work.train(*on, "--trainer.max_epochs", 1).code == 0
    assert [type(handler).__name__ for handler in seen] == ["_HandlersCompose"]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["first process", "second process", "all"])
def test_two_processes_stop_after_the_same_step(target, on, tmp_path):
    """SIGTERM reaches one of them only, Ctrl-C both."""
    given = ("--trainer.devices", "2", "--trainer.strategy", "ddp", "--trainer.accelerator", "cpu")
    limits = ("--trainer.max_epochs", "5000", "--early_stopping.patience", "5000", "--data.batch_size", "8")
    folders = ("--trainer.default_root_dir", str(tmp_path / "runs"), "--data.cache_dir", str(tmp_path / "cache"))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PL_", "MASTER_", "LOCAL_"))
    }
    started = subprocess.Popen(
        [sys.executable, str(HERE / "train.py"), *on, *given, *limits, *folders],
        env=environment | {"OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert started.stdout is not None
        next(line for line in started.stdout if line.strip().startswith("3/5000"))
        children = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
        if target == "all":
            os.killpg(started.pid, signal.SIGINT)
        else:
            os.kill(started.pid if target == "first process" else int(children[0]), signal.SIGTERM)
        _, error = started.communicate(timeout=60)
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
    (run,) = (tmp_path / "runs").glob("*/*")
    assert started.returncode == (130 if target == "all" else 143)
    assert error.count("interrupted; ") == 1
    assert error.endswith(f"interrupted; continue with `python train.py --resume {run}`\n")
    assert torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] > 2
