"""Options of the trainer whose effect only a run shows: groups that are off, same batches, averaged weights."""

from __future__ import annotations

import pytest
import torch
import yaml
from pytorch_lightning import Callback
from pytorch_lightning.callbacks import WeightAveraging
from workplace import report_of

from callbacks.early_stopping import EarlyStopping
from callbacks.gradient_norm import GradientNorm
from callbacks.run_report import RunReport


def test_a_group_that_is_null_is_off_and_stays_off_in_the_config(work, on, monkeypatch):
    """`early_stopping: null` was refused, and null for other groups kept the callback."""
    seen = []
    monkeypatch.setattr(RunReport, "on_train_end", lambda self, trainer, model: seen.append(trainer.callbacks))
    run = work.fit(*on, "--early_stopping", "null", "--gradient_norm=null")
    saved = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    assert saved["early_stopping"] is None
    assert saved["gradient_norm"] is None
    work.fit("--config", run / "config.yaml")
    work.fit("--config", run / "config.yaml", "--early_stopping.patience", 3)
    stops, norms = (
        [any(isinstance(each, kind) for each in one) for one in seen] for kind in (EarlyStopping, GradientNorm)
    )
    assert stops == [False, False, True]
    assert norms == [False, False, False]


def test_overfitting_trains_on_the_same_batches_in_each_epoch(work, on, monkeypatch):
    """Each epoch drew other batches, so that a model that overfits looked like one that cannot learn."""
    batches = []
    monkeypatch.setattr(
        RunReport,
        "on_train_batch_start",
        lambda self, trainer, model, batch, index: batches.append(batch.index.tolist()),
    )
    work.fit(*on, "--trainer.overfit_batches", 1, epochs=3)
    assert len(batches) == 3
    assert batches[0] == batches[1] == batches[2]


class StepWeights(Callback):
    """Keeps the head's weights after each step."""

    weights: list[torch.Tensor] = []  # noqa: RUF012  # one list for the one run of a test

    def on_train_batch_end(self, trainer, pl_module, *args, **kwargs):
        self.weights.append(next(pl_module.head.parameters()).detach().clone())


def test_averaged_weights_are_those_that_are_saved_and_the_config_reads_again(work, on, monkeypatch):
    """The mean of the weights after each step, computed here a second time."""
    StepWeights.weights.clear()
    monkeypatch.setattr(RunReport, "on_train_batch_end", StepWeights.on_train_batch_end, raising=True)
    monkeypatch.setattr(RunReport, "weights", StepWeights.weights, raising=False)
    run = work.fit(*on, "--trainer.callbacks", "WeightAveraging")
    state = torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
    saved = state[next(name for name in state if name.startswith("head."))]
    torch.testing.assert_close(saved, torch.stack(StepWeights.weights).mean(0))
    work.fit("--config", run / "config.yaml")
    assert WeightAveraging.__name__ in (run / "config.yaml").read_text(encoding="utf-8")


def test_a_run_with_averaged_weights_is_tested_with_them_and_resumes_exactly(work, on):
    """No such run could start: the module to average holds the trainer, and with it locks that cannot be copied.

    The average is that of Lightning's callback, whose state is compared with that of a run without an interruption.
    """
    average = ("--trainer.callbacks", "EMAWeightAveraging", "--trainer.callbacks.decay", 0.5)
    whole = work.fit(*on, *average, "--name", "whole", epochs=3)
    short = work.fit(*on, *average, "--name", "short", epochs=2)
    answer = work.train("--resume", short, "--trainer.max_epochs", 3)
    assert answer.code == 0, answer.err
    assert "configure_model" not in answer.err  # Lightning warns of sharding, which there is none of
    saved = [torch.load(run / "checkpoints" / "last.ckpt", weights_only=True) for run in (whole, short)]
    for key in ("state_dict", "current_model_state", "averaging_state"):
        torch.testing.assert_close(saved[1][key], saved[0][key], rtol=0, atol=0)
    assert any(not torch.equal(saved[0]["state_dict"][k], v) for k, v in saved[0]["current_model_state"].items())
    tested = report_of(whole)["test"]["accuracy"]
    assert report_of(short)["test"]["accuracy"] == tested
    best = work.train("test", "--ckpt_path", whole)
    assert best.code == 0, best.err
    assert "WeightAveraging" not in best.err


def test_a_logger_is_added_to_the_run_folder(work, on, tmp_path):
    run = work.fit(*on, "--trainer.logger", "CSVLogger", "--trainer.logger.save_dir", tmp_path / "csv")
    assert (run / "checkpoints" / "best.ckpt").is_file()
    assert list(run.glob("events.*"))
    assert "validation/macro_f1" in next((tmp_path / "csv").rglob("metrics.csv")).read_text(encoding="utf-8")


def test_a_report_without_test_batches_is_that_of_validation(work, on):
    """The run ended without a report."""
    run = work.fit(*on, "--trainer.limit_test_batches", 0)
    assert "test" not in report_of(run)
    assert report_of(run)["validation"]["accuracy"] > 0


@pytest.mark.parametrize("options", [("--trainer.limit_val_batches", "0.1"), ("--trainer.min_steps", "100")])
def test_limits_that_the_data_do_not_allow_leave_no_folder(work, on, options):
    answer = work.train(*on, "--trainer.accelerator", "cpu", "--trainer.max_epochs", 1, *options)
    assert answer.code == 2
    assert answer.err.startswith(f"error: {options[0]} {options[1]} ")
    assert not work.root.exists()
