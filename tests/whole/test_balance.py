"""Whole runs with the samplers that balance, and with folds or few training texts."""

from __future__ import annotations

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from test_resume import EPOCHS, kill, killed  # noqa: F401  # a fixture
from workplace import TINY, USAGE, assert_refused, predictions_of, report_of

REMEDIES = {
    "deferred": ("ClassBalanced", "--data.sampler.schedule deferred --data.sampler.start 0.5"),
    "expected": (
        "ClassBalanced",
        "--data.sampler.multi_label expected --data.sampler.schedule progressive --data.sampler.max_repeats 3",
    ),
    "over": ("OverSampled", "--data.sampler.ratio 2"),
}


def options(name: str) -> tuple[str, ...]:
    sampler, more = REMEDIES[name]
    return ("--data.sampler", sampler, *more.split())


@pytest.mark.parametrize("name", REMEDIES)
def test_a_run_killed_in_the_middle_of_an_epoch_resumes_exactly(name, work, killed, on, several_data):  # noqa: F811
    given = [*on, *options(name)]
    if name == "expected":
        given = ["--data.source", "Files", "--data.source.path", str(several_data), *TINY, *options(name)]
    whole = work.fit(*given, epochs=EPOCHS)
    batches = torch.load(whole / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] // EPOCHS
    last = kill(work, killed, batches + 1, *given, "--last_checkpoint.every_n_train_steps", "1")
    resumed = work.fit(*given, "--ckpt_path", last, epochs=EPOCHS)
    ours, theirs = (torch.load(run / "checkpoints" / "last.ckpt", weights_only=True) for run in (resumed, whole))
    assert ours["global_step"] == theirs["global_step"] == EPOCHS * batches
    assert all(torch.equal(ours["state_dict"][key], weight) for key, weight in theirs["state_dict"].items())
    assert predictions_of(resumed) == predictions_of(whole)
    assert report_of(resumed)["sampling"] == report_of(whole)["sampling"]


def test_shares_and_repeats_are_logged_each_epoch_and_the_last_ones_reported(work, on):
    """90 texts, 6 : 3 : 1; natural in the first epoch, 30 draws of each class in the second and last."""
    run = work.fit(*on, *options("deferred"), epochs=2)
    sampling = report_of(run)["sampling"]
    assert sampling["shares"] == pytest.approx({"fruit": 1 / 3, "metal": 1 / 3, "river": 1 / 3}, abs=0.02)
    assert sampling["max_repeats"] == 4
    assert sampling["imbalance_ratio"] == pytest.approx(1, abs=0.1)
    events = EventAccumulator(str(run)).Reload()
    river = [event.value for event in events.Scalars("watch_sampling/share/river")]
    assert river == pytest.approx([0.1, 1 / 3], abs=0.02)
    assert [event.value for event in events.Scalars("watch_sampling/max_repeats")] == [1, 4]


def test_a_fold_and_few_rows_train_and_say_so(work, on):
    run = work.fit(*on, "--data.num_folds", 3, "--data.fold", 2, "--data.max_train_samples", 40)
    assert report_of(run)["data"]["rows"] == {"train": 40, "validation": 30, "test": 41}
    run = work.fit(*on, "--data.few_shot", 5)
    assert report_of(run)["data"]["classes"] == {"fruit": 5, "metal": 5, "river": 5}


REFUSED = {
    "no last epoch": (
        "--data.sampler ClassBalanced --data.sampler.schedule deferred --trainer.max_epochs -1",
        r"--data.sampler: schedule deferred needs the number of epochs, .* set --trainer.max_epochs",
    ),
    "hard examples without an end": (
        "--model.loss OHEM --trainer.max_epochs -1",
        r"--model.loss: OHEM depends on the fraction of training that is done, .* set --trainer.max_epochs or",
    ),
    "a ceiling too low": (
        "--data.sampler ClassBalanced --data.sampler.max_repeats 1",
        r"--data.sampler: max_repeats 1 is too small to balance classes in an epoch of 1 times .* at least 2",
    ),
    "a floor too high": (
        "--data.sampler ClassBalanced --data.sampler.min_repeats 1",
        r"--data.sampler: min_repeats 1 fills an epoch of 1 times .* an epoch_length above 1",
    ),
    "a ratio": ("--data.sampler OverSampled --data.sampler.ratio 0.5", r"--data.sampler: ratio .* at least 1, got 0.5"),
    "over-sampling and weights": (
        "--data.sampler OverSampled --model.loss CrossEntropy --model.loss.class_weights inverse",
        r"--data.sampler OverSampled and --model.loss.class_weights inverse would both .*choose one",
    ),
    "under-sampling and weights": (
        "--data.sampler UnderSampled --model.loss Focal --model.loss.alpha sqrt",
        r"--data.sampler UnderSampled and --model.loss.alpha sqrt would both .*choose one",
    ),
    "a fold out of range": (
        "--data.num_folds 3 --data.fold 3",
        r"--data.fold counts from 0 .* below --data.num_folds 3, got 3",
    ),
    "folds and few shots": (
        "--data.num_folds 3 --data.fold 0 --data.few_shot 2",
        r"--data.num_folds 3 and --data.few_shot 2",
    ),
    "too many rows": ("--data.max_train_samples 91", r"--data.max_train_samples 91 is more than the 90 training texts"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_in_one_message(name, work, on):
    arguments, words = REFUSED[name]
    assert_refused(work.train(*on, *arguments.split()), work, USAGE, words)
