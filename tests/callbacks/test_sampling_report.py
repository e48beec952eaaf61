"""Class shares and repeats of an epoch, as logged and reported; expectations by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from pytorch_lightning.loggers.logger import DummyLogger

from callbacks.sampling_report import SamplingReport, compute_class_ratios, compute_imbalance, compute_repetition
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.class_balanced import ClassBalanced
from datamodules.samplers.resampling import OverSampled


class Memory(DummyLogger):
    """Keeps what is logged."""

    def __init__(self):
        super().__init__()
        self.logged = {}

    def log_metrics(self, metrics, step=None):
        self.logged[step] = metrics


def run_callback(sampler, classes: int, epoch: int = 0) -> tuple[SamplingReport, dict[str, float]]:
    """Returns the callback after the start of an epoch, and what it logged."""
    memory, callback = Memory(), SamplingReport()
    names = tuple(f"c{place}" for place in range(classes))
    trainer = SimpleNamespace(
        train_dataloader=SimpleNamespace(sampler=sampler),
        datamodule=SimpleNamespace(spec=SimpleNamespace(label_names=names)),
        current_epoch=epoch,
        global_step=7,
        loggers=[memory],
    )
    callback.on_train_epoch_start(trainer, None)
    return callback, memory.logged.get(7, {})


def create_context(labels, classes, rank=0, world_size=1, epochs=4) -> SamplingContext:
    return SamplingContext(np.array(labels), np.ones(len(labels), int), classes, 2, 0, rank, world_size, epochs)


def test_class_proportions_and_repetition_of_an_over_sampled_epoch():
    """Classes of 6 and 2: the two texts of the second come three times each, 12 draws of 8 texts, and each batch of two
    holds a text of both classes."""
    callback, logged = run_callback(OverSampled(create_context([0] * 6 + [1] * 2, 2)), 2)
    assert logged == {
        "watch_sampling/largest_share": 0.5,
        "watch_sampling/smallest_share": 0.5,
        "watch_sampling/imbalance_ratio": 1.0,
        "watch_sampling/entropy": pytest.approx(math.log(2)),
        "watch_sampling/max_repeats": 3.0,
        "watch_sampling/mean_repeats": 1.5,
        "watch_sampling/distinct_share": 1.0,
        "watch_sampling/batch_share_std": 0.0,
        "watch_sampling/batch_share_std_by_chance": pytest.approx(math.sqrt(0.25 / 2)),
        "watch_sampling/incomplete_batches": 0.0,
        "watch_sampling/batch_repeats": 0.0,
        "watch_sampling/share/c0": 0.5,
        "watch_sampling/share/c1": 0.5,
    }
    assert callback.sampling["shares"] == {"c0": 0.5, "c1": 0.5}


def test_class_proportions_follow_the_schedule():
    sampler = ClassBalanced(create_context([0] * 6 + [1] * 2, 2), schedule="deferred", start=0.5)
    assert [run_callback(sampler, 2, epoch)[1]["watch_sampling/share/c1"] for epoch in range(4)] == [
        0.25,
        0.25,
        0.5,
        0.5,
    ]


def test_many_classes_have_no_curves_and_are_reported_all_the_same():
    callback, logged = run_callback(ClassBalanced(create_context(range(51), 51)), 51)
    assert not any(name.startswith("watch_sampling/share/") for name in logged)
    assert len(callback.sampling["shares"]) == 51
    assert (
        len([name for name in run_callback(ClassBalanced(create_context(range(50), 50)), 50)[1] if "/share/" in name])
        == 50
    )


def test_every_rank_logs_the_draws_of_all_ranks():
    labels = [0] * 7 + [1] * 2
    logged = [run_callback(ClassBalanced(create_context(labels, 2, rank, 2)), 2)[1] for rank in (0, 1)]
    assert logged[0] == logged[1]
    steps = [list(ClassBalanced(create_context(labels, 2, rank, 2))) for rank in (0, 1)]
    drawn = np.concatenate([row for split in steps for row in split])
    assert logged[0]["watch_sampling/share/c1"] == pytest.approx((drawn >= 7).mean())
    assert logged[0]["watch_sampling/max_repeats"] == np.bincount(drawn).max()
    assert logged[0]["watch_sampling/batch_share_std"] == pytest.approx(
        np.std([np.mean(np.concatenate(step) >= 7) for step in zip(*steps, strict=True)])
    )


def test_other_loaders_are_left_alone():
    callback, logged = run_callback(object(), 2)
    assert callback.sampling is None
    assert logged == {}


def test_a_resumed_run_keeps_the_values_of_the_last_epoch():
    callback, _ = run_callback(OverSampled(create_context([0, 0, 1], 2)), 2)
    resumed = SamplingReport()
    resumed.load_state_dict(callback.state_dict())
    assert resumed.sampling == callback.sampling


def test_multi_label_proportions_are_fractions_of_all_labels_drawn():
    """Texts with labels {0, 1} three times and {1} twice: 3 and 5 of 8 labels; a text of none has no say."""
    labels = np.array([[1, 1], [0, 1], [0, 0]])
    assert compute_class_ratios(labels, np.array([3, 2, 4]), 2).tolist() == [3 / 8, 5 / 8]
    assert compute_class_ratios(labels, np.array([0, 0, 4]), 2).tolist() == [0, 0]


def test_classes_and_texts_that_are_not_drawn():
    assert compute_imbalance(np.zeros(2))["imbalance_ratio"] == 1.0
    assert compute_imbalance(np.array([0.8, 0.2, 0.0])) == {
        "largest_share": 0.8,
        "smallest_share": 0.0,
        "imbalance_ratio": pytest.approx(4.0),
        "entropy": pytest.approx(-0.8 * math.log(0.8) - 0.2 * math.log(0.2)),
    }
    assert compute_repetition(np.array([0, 5, 1])) == {"max_repeats": 5.0, "mean_repeats": 3.0, "distinct_share": 2 / 3}
