"""A run that is killed and resumed from its last checkpoint ends as one that was never killed, bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from workplace import Workplace, predictions_of, report_of, untouched_process

from lightning_modules.text_classifier import TextClassifier

BATCHES = 6  # of an epoch: 90 texts, 16 a batch
EPOCHS = 4
WITH_CHANCE = (
    *("--model.encoder.embedding_dropout", "0.3", "--model.head.dropout", "0.4"),
    *(
        "--data.sampler",
        "ClassBalanced",
        "--model.lr_scheduler",
        "WarmupCosine",
        "--model.lr_scheduler.warmup_ratio",
        "0.3",
    ),
    *("--early_stopping.patience", "2", "--model.loss", "OHEM", "--model.loss.warmup_ratio", "0.5"),
    *("--trainer.gradient_clip_val", "1", "--model.optimizer.lr", "0.01"),
)


class KilledError(Exception):
    """In place of a power cut."""


@pytest.fixture
def killed(monkeypatch):
    """Kills the run before the batch with this number, counted over all epochs."""

    def before(number: int):
        true_step = TextClassifier.training_step

        def step(self: TextClassifier, batch, batch_idx):
            if self.trainer.fit_loop.epoch_loop.total_batch_idx == number:
                raise KilledError
            return true_step(self, batch, batch_idx)

        monkeypatch.setattr(TextClassifier, "training_step", step)
        return monkeypatch

    return before


@pytest.fixture(scope="module")
def whole(tmp_path_factory, on) -> Path:
    """The run that was never killed."""
    with untouched_process():
        return Workplace(tmp_path_factory.mktemp("whole")).fit(*on, *WITH_CHANCE, epochs=EPOCHS)


def kill(work: Workplace, killed, number: int, *arguments: str) -> Path:
    """Runs until it is killed; gives the last checkpoint."""
    before = set(work.root.glob("*/*"))
    patch = killed(number)
    limits = ("--trainer.max_epochs", EPOCHS, "--trainer.accelerator", "cpu", "--data.batch_size", 16)
    with pytest.raises(KilledError):
        work.train(*limits, *arguments)
    patch.undo()
    (run,) = set(work.root.glob("*/*")) - before
    return run / "checkpoints" / "last.ckpt"


def assert_alike(resumed: Path, whole: Path) -> None:
    ours, theirs = (torch.load(run / "checkpoints" / "last.ckpt", weights_only=True) for run in (resumed, whole))
    assert ours["global_step"] == theirs["global_step"] == EPOCHS * BATCHES
    for name, weight in theirs["state_dict"].items():
        assert torch.equal(ours["state_dict"][name], weight), name
    assert ours["lr_schedulers"][0]["last_epoch"] == theirs["lr_schedulers"][0]["last_epoch"]
    report, expected = report_of(resumed), report_of(whole)
    for part in ("test", "validation", "best_epoch", "epochs", "stopped"):
        assert report[part] == expected[part], part
    assert predictions_of(resumed) == predictions_of(whole)


@pytest.mark.parametrize("number", [2, BATCHES, 2 * BATCHES + 3, EPOCHS * BATCHES - 1])
def test_a_run_killed_at_any_step_resumes_exactly(number, work, killed, on, whole):
    """In the first epoch, after the end of it, in the middle of a later one, before the last batch."""
    every_step = ("--last_checkpoint.every_n_train_steps", "1")
    last = kill(work, killed, number, *on, *WITH_CHANCE, *every_step)
    assert torch.load(last, weights_only=True)["global_step"] == number
    assert_alike(work.fit(*on, *WITH_CHANCE, *every_step, "--ckpt_path", last, epochs=EPOCHS), whole)


def test_checkpoints_that_are_rarer_than_steps_repeat_the_steps_between(work, killed, on, whole):
    """Killed at step 11, the last checkpoint is that of step 8, in the middle of the second epoch."""
    rarely = ("--last_checkpoint.every_n_train_steps", "4")
    last = kill(work, killed, 11, *on, *WITH_CHANCE, *rarely)
    assert torch.load(last, weights_only=True)["global_step"] == 8
    assert_alike(work.fit(*on, *WITH_CHANCE, *rarely, "--ckpt_path", last, epochs=EPOCHS), whole)


def test_by_default_a_run_resumes_exactly_from_the_end_of_an_epoch(work, killed, on, whole):
    last = kill(work, killed, 2 * BATCHES + 2, *on, *WITH_CHANCE)
    assert torch.load(last, weights_only=True)["global_step"] == 2 * BATCHES
    assert_alike(work.fit(*on, *WITH_CHANCE, "--ckpt_path", last, epochs=EPOCHS), whole)


def test_a_run_is_resumed_by_its_folder_and_its_own_config(work, killed, on, whole):
    last = kill(work, killed, BATCHES + 1, *on, *WITH_CHANCE)
    run = last.parent.parent
    assert_alike(work.fit("--config", run / "config.yaml", "--ckpt_path", run, epochs=EPOCHS), whole)


def test_a_run_that_was_resumed_may_be_killed_and_resumed_again(work, killed, on, whole):
    every_step = ("--last_checkpoint.every_n_train_steps", "1")
    first = kill(work, killed, 4, *on, *WITH_CHANCE, *every_step)
    second = kill(work, killed, 15, *on, *WITH_CHANCE, *every_step, "--ckpt_path", str(first))
    assert_alike(work.fit(*on, *WITH_CHANCE, *every_step, "--ckpt_path", second, epochs=EPOCHS), whole)


def test_a_run_that_had_stopped_early_does_not_go_on(work, on):
    """Patience ran out in the first run; resumed with more epochs to go, it ends at once with the same weights."""
    never_better = ("--early_stopping.patience", 1, "--early_stopping.min_delta", 1)
    first = work.fit(*on, *never_better, epochs=5)
    assert report_of(first)["epochs"] == 2
    again = work.fit(*on, *never_better, "--ckpt_path", first, epochs=5)
    ours, theirs = (torch.load(run / "checkpoints" / "best.ckpt", weights_only=True) for run in (again, first))
    assert report_of(again)["test"] == report_of(first)["test"]
    assert all(torch.equal(ours["state_dict"][name], weight) for name, weight in theirs["state_dict"].items())


def test_a_best_checkpoint_that_is_gone_is_told_and_chosen_anew(work, on):
    first = work.fit(*on, epochs=1)
    (first / "checkpoints" / "best.ckpt").unlink()
    with pytest.warns(
        UserWarning, match=r"the best checkpoint so far is gone, so the best is chosen anew .*best\.ckpt"
    ):
        again = work.fit(*on, "--ckpt_path", first, epochs=2)
    assert torch.load(again / "checkpoints" / "best.ckpt", weights_only=True)["epoch"] == 1
