"""Every option of the checkpoints does what it says or is refused, and no run ends without its last weights."""

from __future__ import annotations

import json
import os
import socket

import pytest
import torch
from workplace import USAGE, Workplace, assert_refused, predictions_of, report_of

from lightning_modules.checkpoint_records import read_record
from lightning_modules.checkpoints import find_checkpoint

LEARNING = ("--model.optimizer.lr", "0.02")


def read_scores(run):
    """The recorded score of each best checkpoint."""
    records = {file.name: read_record(file) for file in (run / "checkpoints").glob("*.ckpt")}
    return {name: record.value for name, record in records.items() if record.kind == "best"}


@pytest.mark.parametrize(("top_k", "files"), [(2, 2), (-1, 4)])
def test_the_k_best_are_kept_and_the_best_of_them_is_tested(top_k, files, work, on):
    """Every epoch overwrote one file, and the last epoch was tested as the best."""
    options = ("--trainer.val_check_interval", 0.5, "--early_stopping.restore_best_weights", "false")
    run = work.fit(*on, *LEARNING, *options, "--checkpoint.save_top_k", top_k, epochs=2)
    scores, report = read_scores(run), report_of(run)
    assert len(scores) == files
    best = find_checkpoint(run)
    assert scores[best.name] == max(scores.values()) == pytest.approx(report["validation"]["macro_f1"])
    assert report["tested"]["checkpoint"] == f"checkpoints/{best.name}"
    record = read_record(best)
    assert (report["best_epoch"], report["tested"]["step"]) == (record.epoch, record.step)
    assert find_checkpoint(run, "last").name == "last.ckpt"
    work.answer(lambda _: 0, [])
    answer = work.train("test", "--ckpt_path", run, "--version", "again")
    assert answer.code == 0, answer.err
    (again,) = [one for one in work.run_folders() if one.name == "again"]
    assert predictions_of(again) == predictions_of(run)


@pytest.mark.parametrize("no_best", [("--checkpoint.save_top_k", 0), ("--checkpoint", "null")])
def test_without_a_kept_best_the_message_says_what_was_tested(no_best, work, on):
    """The weights of an epoch before, which were in no file, were tested; `predict.py RUN` labelled with others."""
    getting_worse = ("--model.optimizer.maximize", "true", *LEARNING, "--trainer.max_epochs", 2)
    answer = work.train(*on, *getting_worse, *no_best)
    (run,) = work.run_folders()
    assert [file.name for file in (run / "checkpoints").iterdir()] == ["last.ckpt"]
    assert "note: no best checkpoint is written, so the last weights are measured\n" in answer.out
    report, record = report_of(run), read_record(run / "checkpoints" / "last.ckpt")
    assert "(checkpoints/last.ckpt); no best ones were kept\n" in answer.out
    assert report["tested"] == {
        "weights": "last", "epoch": 2, "step": record.step, "checkpoint": "checkpoints/last.ckpt",
    }  # fmt: skip
    assert report["best_epoch"] == 1
    assert report["validation"] == pytest.approx(record.metrics), "of the weights that are tested"
    work.answer(lambda _: 0, [])
    assert work.train("test", "--ckpt_path", run, "--version", "again").code == 0
    assert predictions_of(run.with_name("again")) == predictions_of(run)


def test_the_message_of_early_stopping_and_the_report_name_the_same_weights(work, on):
    """Early stopping by another metric named the best epoch by that one, and the best by the model's was tested."""
    stopping = ("--early_stopping.monitor", "validation/loss", "--early_stopping.mode", "max")
    options = ("--early_stopping.patience", 2, "--trainer.limit_test_batches", 0)
    answer = work.train(*on, *LEARNING, *stopping, *options, "--trainer.max_epochs", 9)
    (run,) = work.run_folders()
    report, record = report_of(run), read_record(run / "checkpoints" / "best.ckpt")
    assert f"; the weights of epoch {record.epoch} are restored\n" in answer.out
    assert "in no checkpoint" not in answer.out
    assert report["tested"] == {
        "weights": "best", "epoch": record.epoch, "step": record.step, "checkpoint": "checkpoints/best.ckpt",
    }  # fmt: skip


def test_without_checkpoints_the_message_says_what_was_tested(work, on):
    options = ("--trainer.enable_checkpointing", "false", "--early_stopping.restore_best_weights", "false")
    answer = work.train(*on, "--trainer.max_epochs", 1, *options)
    (run,) = work.run_folders()
    assert "measured: the last weights, after epoch 1, step 2, which are in no checkpoint; no best ones" in answer.out
    assert not (run / "checkpoints").exists()


ENDS = {
    "before the first validation epoch": ("--trainer.check_val_every_n_epoch", 5, "--trainer.max_epochs", 2),
    "in the middle of an epoch": ("--trainer.max_steps", 4, "--trainer.max_epochs", 2),
    "without validation": ("--trainer.limit_val_batches", 0, "--trainer.max_epochs", 2),
    "by time": ("--trainer.max_time", "00:00:00:01", "--trainer.limit_val_batches", 0, "--trainer.max_epochs", 999),
}


@pytest.mark.parametrize("case", ENDS)
def test_the_last_weights_are_kept_and_tested_where_no_validation_took_place(case, work, on):
    """There was no checkpoint at all, exit code 0 and `best after epoch None`."""
    answer = work.train(*on, *ENDS[case], "--data.batch_size", 16)
    assert answer.code == 0, answer.err
    (run,) = work.run_folders()
    report = report_of(run)
    step = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
    assert report["tested"] == {
        "weights": "last", "epoch": report["epochs"], "step": step, "checkpoint": "checkpoints/last.ckpt",
    }  # fmt: skip
    assert report["best_epoch"] is None
    assert f"step {step} (checkpoints/last.ckpt); training ended before a validation\n" in answer.out
    assert "None" not in answer.out
    assert find_checkpoint(run) == run / "checkpoints" / "last.ckpt"


def test_a_run_that_ended_in_the_middle_of_an_epoch_goes_on_as_if_it_had_not(work, on):
    run = work.fit(*on, "--trainer.max_steps", 4, epochs=2)
    answer = work.train("--resume", run, "--trainer.max_steps", -1)
    assert answer.code == 0, answer.err
    whole = work.fit(*on, epochs=2)
    ours, theirs = (torch.load(one / "checkpoints" / "last.ckpt", weights_only=True) for one in (run, whole))
    assert all(torch.equal(ours["state_dict"][name], weight) for name, weight in theirs["state_dict"].items())
    assert report_of(run)["test"] == report_of(whole)["test"]


def test_a_name_with_a_metric_makes_no_folder_and_epochs_count_from_one(work, on):
    name = "{epoch}-{validation/macro_f1:.2f}"
    run = work.fit(*on, *LEARNING, "--checkpoint.filename", name, "--last_checkpoint.filename", "{epoch}", epochs=2)
    best = find_checkpoint(run)
    report = report_of(run)
    score = report["validation"]["macro_f1"]
    assert best.name == f"epoch={report['best_epoch']}-validation_macro_f1={score:.2f}.ckpt"
    assert sorted((run / "checkpoints").iterdir()) == sorted([best, run / "checkpoints" / "epoch=2.ckpt"])
    assert f"Resuming {run} from epoch 3 of 3" in work.train("--resume", run, "--trainer.max_epochs", 3).out


def test_a_best_checkpoint_of_weights_only_predicts_and_the_last_one_resumes(work, on):
    run = work.fit(*on, *LEARNING, "--checkpoint.save_weights_only", "true", epochs=2)
    assert "optimizer_states" not in torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)
    answer = work.train("--resume", run, "--trainer.max_epochs", 3)
    assert answer.code == 0, answer.err
    whole = work.fit(*on, *LEARNING, epochs=3)
    assert report_of(run)["test"] == report_of(whole)["test"]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("checkpoint.dirpath", "x", "checkpoints lie in the run folder"),
        ("checkpoint.save_last", "true", "last.ckpt is written by --last_checkpoint"),
        ("checkpoint.every_n_train_steps", 3, "--last_checkpoint.every_n_train_steps"),
        ("checkpoint.train_time_interval", "00:00:01:00", "--last_checkpoint.train_time_interval"),
        ("checkpoint.save_on_exception", "true", "it would replace the best weights"),
        ("checkpoint.save_on_train_epoch_end", "true", "right after a validation"),
        ("checkpoint.filename", "a/b", "without slashes, got 'a/b'"),
        ("checkpoint.filename", "last", "can have the same name, and one would replace the other"),
        ("last_checkpoint.filename", "best", "can have the same name, and one would replace the other"),
        ("last_checkpoint.dirpath", "x", "checkpoints lie in the run folder"),
        ("last_checkpoint.monitor", "validation/loss", "the best by --model.monitor are kept by --checkpoint"),
        ("last_checkpoint.mode", "max", "has no effect"),
        ("last_checkpoint.save_last", "link", "it keeps the last weights without this"),
        ("last_checkpoint.save_weights_only", "true", "--checkpoint.save_weights_only makes"),
        ("last_checkpoint.save_on_exception", "true", "cannot be resumed exactly"),
    ],
)
def test_an_option_that_would_lose_a_model_is_refused_before_any_work(option, value, words, work, on):
    assert_refused(work.train(*on, f"--{option}", value), work, USAGE, words)


def test_without_a_logger_each_run_has_a_folder_of_its_own(work, on):
    """The second run overwrote the first."""
    runs = [work.fit(*on, "--trainer.logger", "false", epochs=epochs) for epochs in (1, 2)]
    assert [report_of(run)["epochs"] for run in runs] == [1, 2]
    assert not list(work.root.rglob("events.*"))
    assert work.train("--resume", runs[0], "--trainer.max_epochs", 2).code == 0
    assert report_of(runs[0])["test"] == report_of(runs[1])["test"]


def test_another_logger_writes_where_it_is_told_and_the_run_has_its_folder(work, on, tmp_path):
    run = work.fit(*on, "--trainer.logger", "CSVLogger", "--trainer.logger.save_dir", tmp_path / "csv")
    assert {"config.yaml", "report.json", "checkpoints"} <= {file.name for file in run.iterdir()}
    assert list((tmp_path / "csv").rglob("metrics.csv"))


def test_a_run_that_is_being_trained_is_not_resumed(work, on):
    run = work.fit(*on, epochs=1)
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "started": None}
    (run / "train.lock").write_text(json.dumps(owner))
    answer = work.train("--resume", run, "--trainer.max_epochs", 2)
    assert answer.code == USAGE
    assert f"error: {run} is being trained by process {os.getpid()}" in answer.err
    assert Workplace(work.folder).run_folders() == {run}


def test_a_checkpoint_of_another_job_of_slurm_is_not_continued_in_silence(work, on, monkeypatch):
    """Lightning loads `hpc_ckpt_N.ckpt` from the folder of all runs, whichever run has written it."""
    work.root.mkdir(parents=True)
    (work.root / "hpc_ckpt_1.ckpt").touch()
    answer = work.train(*on)
    assert answer.code == USAGE
    assert "hpc_ckpt_1.ckpt is of a job of Slurm that was queued again" in answer.err
