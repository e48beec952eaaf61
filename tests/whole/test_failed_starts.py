"""A run that ends before its first training step leaves no folder, whatever ended it."""

from __future__ import annotations

import signal

import pytest
from workplace import DATA, USAGE, report_of, write_table

from callbacks.exact_resume import ExactResume
from contracts.errors import UsageError
from datamodules.text_datamodule import TextDataModule
from lightning_modules.text_classifier import TextClassifier


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_missing_file_of_vectors_leaves_no_folder(work, on):
    answer = work.train(*on, "--model.encoder.vectors", "nowhere.vec")
    assert answer.code in (USAGE, DATA)
    assert "nowhere.vec" in answer.err
    assert not work.root.exists()


def test_bad_data_leave_no_folder(work, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    write_table(folder / "train.csv", [{"text": f"word {n}", "label": "a"} for n in range(30)])
    answer = work.train("--data.source", "Files", "--data.source.path", folder)
    assert answer.code in (USAGE, DATA)
    assert not work.root.exists()


def test_an_explicit_tokenizer_beside_a_pretrained_encoder_is_refused(work, data, tmp_path):
    """Words is the default; named outright, it is not replaced."""
    given = ("--data.source", "Files", "--data.source.path", data, "--model.encoder", "Pretrained")
    answer = work.train(*given, "--data.tokenizer", "Words")
    assert answer.code == USAGE
    assert "knows only the ids of its own tokenizer, got --data.tokenizer Words from the command line" in answer.err
    (tmp_path / "config.yaml").write_text("data: {tokenizer: Words}")
    answer = work.train("--config", tmp_path / "config.yaml", *given)
    assert answer.code == USAGE
    assert f"got --data.tokenizer Words from {tmp_path / 'config.yaml'}; leave the tokenizer out" in answer.err
    assert not work.root.exists()


def test_an_interruption_while_data_are_prepared_leaves_no_folder(work, on, monkeypatch):
    monkeypatch.setattr(TextDataModule, "prepare_data", interrupt)
    answer = work.train(*on)
    assert (answer.code, answer.err) == (130, "interrupted; nothing was saved yet; start it again\n")
    assert not work.root.exists()


@pytest.mark.parametrize(
    ("owner", "hook"), [(TextClassifier, "configure_optimizers"), (ExactResume, "on_train_start")], ids=str
)
def test_an_interruption_before_the_first_step_leaves_no_folder(owner, hook, work, on, monkeypatch):
    monkeypatch.setattr(owner, hook, interrupt)
    answer = work.train(*on)
    assert answer.code == 130
    assert answer.err.endswith("interrupted; nothing was saved yet; start it again\n")
    assert not work.root.exists()


def test_a_refusal_while_training_starts_leaves_no_folder(work, on, monkeypatch):
    def refuse(*_: object) -> None:
        raise UsageError("not like this")

    monkeypatch.setattr(ExactResume, "on_train_start", refuse)
    answer = work.train(*on)
    assert (answer.code, answer.err) == (USAGE, "error: not like this\n")
    assert not work.root.exists()


def test_a_folder_that_was_there_before_stays(work, on, monkeypatch):
    folder = work.root / "mine" / "a"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("name: mine")
    monkeypatch.setattr(ExactResume, "on_train_start", interrupt)
    assert work.train(*on, "--name", "mine", "--version", "a").code == 130
    assert (folder / "config.yaml").exists()


def test_an_interruption_in_the_first_epoch_leaves_no_folder(work, on, monkeypatch):
    """The folder would have a config and curves, but no checkpoint to resume or to predict with."""
    _interrupt_in_epoch(monkeypatch, 0, interrupt)
    answer = work.train(*on, "--trainer.max_epochs", 3, "--data.batch_size", 16)
    assert answer.code == 130
    assert answer.err.endswith("interrupted; nothing was saved yet; start it again\n")
    assert not work.root.exists()


def test_a_terminated_run_ends_as_an_interrupted_one_with_its_own_exit_code(work, on, monkeypatch):
    """Lightning's handler of SIGTERM ends with 0 and without a message."""
    _interrupt_in_epoch(monkeypatch, 1, lambda: signal.raise_signal(signal.SIGTERM))
    answer = work.train(*on, "--trainer.max_epochs", 3, "--data.batch_size", 16)
    (run,) = work.run_folders()
    assert answer.code == 143
    assert answer.err.endswith(f"interrupted; continue with `python train.py --resume {run}`\n")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    monkeypatch.undo()
    assert work.train("--resume", run).code == 0
    assert report_of(run)["epochs"] == 3


def _interrupt_in_epoch(monkeypatch, epoch, interrupt) -> None:
    """Interrupts the second step of an epoch, counted from 0."""
    true_step = TextClassifier.training_step

    def step(self: TextClassifier, batch, batch_idx):
        if (self.current_epoch, batch_idx) == (epoch, 1):
            interrupt()
        return true_step(self, batch, batch_idx)

    monkeypatch.setattr(TextClassifier, "training_step", step)


def test_an_interruption_after_an_epoch_says_how_to_continue(work, on, monkeypatch):
    true_step = TextClassifier.training_step

    def step(self: TextClassifier, batch, batch_idx):
        if self.current_epoch == 1:
            raise KeyboardInterrupt
        return true_step(self, batch, batch_idx)

    monkeypatch.setattr(TextClassifier, "training_step", step)
    answer = work.train(*on, "--trainer.max_epochs", 3)
    (run,) = work.run_folders()
    assert answer.code == 130
    assert answer.err.endswith(f"interrupted; continue with `python train.py --resume {run}`\n")
    monkeypatch.undo()
    assert work.train("--resume", run).code == 0
