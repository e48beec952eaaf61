"""Warm-up and decay by share of training."""

import doctest
import math

import pytest
import torch
from jsonargparse import ArgumentParser
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau, StepLR

from commands.jsonargparse_patches import patch_jsonargparse
from contracts.errors import UsageError
from lightning_modules.optim import schedules
from lightning_modules.optim.schedules import ScheduleFactory, WarmupCosine, WarmupLinear, warmup_cosine


def optimizer(*rates):
    return torch.optim.SGD([{"params": [nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates or (1.0,)])


def rates(schedule, steps):
    """The rate of each step, as the first group makes it."""
    made = []
    for _ in range(steps):
        made.append(schedule.optimizer.param_groups[0]["lr"])
        schedule.optimizer.step()
        schedule.step()
    return made


def test_the_examples_hold():
    assert doctest.testmod(schedules).failed == 0


def test_linear_rises_by_equal_steps_then_falls_to_the_end():
    """Ten steps, four of them warm-up: quarters up; then the six tenths left fall by a sixth each."""
    schedule = WarmupLinear(optimizer(), warmup_ratio=0.4)
    schedule.total_steps = 10
    expected = [1 / 4, 2 / 4, 3 / 4, 1, 6 / 6, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6]
    assert rates(schedule, 10) == pytest.approx(expected)
    assert schedule.optimizer.param_groups[0]["lr"] == pytest.approx(0)


def test_linear_without_warm_up_starts_at_the_full_rate_and_ends_at_its_final_share():
    schedule = WarmupLinear(optimizer(), warmup_ratio=0.0, min_lr_ratio=0.5)
    schedule.total_steps = 4
    assert rates(schedule, 4) == pytest.approx([1, 0.875, 0.75, 0.625])
    assert schedule.optimizer.param_groups[0]["lr"] == pytest.approx(0.5)


def test_a_warm_up_of_less_than_one_step_is_none():
    schedule = WarmupLinear(optimizer(), warmup_ratio=0.06)
    schedule.total_steps = 4
    assert rates(schedule, 1) == [1]


def test_cosine_equals_torchs_own_without_warm_up():
    ours = WarmupCosine(optimizer(), warmup_ratio=0.0)
    ours.total_steps = 7
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer(), T_max=7)
    assert rates(ours, 7) == pytest.approx(rates(theirs, 7))


def test_cosine_is_half_way_in_the_middle():
    assert warmup_cosine(0.55, warmup_ratio=0.1, min_lr_ratio=0.2) == pytest.approx(0.6)


def test_the_length_of_training_may_be_set_late():
    early, late = WarmupLinear(optimizer(), warmup_ratio=0.5), WarmupLinear(optimizer(), warmup_ratio=0.5)
    early.total_steps = 8
    assert late.total_steps is None
    assert late.progress == 0
    late.total_steps = 8
    assert rates(late, 8) == rates(early, 8)


def test_stepping_on_without_a_length_is_an_error():
    schedule = WarmupLinear(optimizer())
    schedule.optimizer.step()
    with pytest.raises(RuntimeError, match=r"set WarmupLinear\.total_steps before the second step"):
        schedule.step()


def test_a_rate_held_in_a_tensor_is_changed_in_place():
    rate = torch.tensor(1.0)
    schedule = WarmupLinear(torch.optim.AdamW([nn.Parameter(torch.zeros(1))], lr=rate), warmup_ratio=0.5)
    schedule.total_steps = 4
    assert schedule.optimizer.param_groups[0]["lr"] is rate
    assert float(rate) == 0.5


@pytest.mark.parametrize("total", [0, math.inf])
def test_a_training_without_end_is_refused(total):
    with pytest.raises(
        UsageError, match=rf"WarmupCosine must know how long training is, got {total} steps.*max_epochs"
    ):
        WarmupCosine(optimizer()).total_steps = total


@pytest.mark.parametrize("warmup", [-0.1, 1.0, 500])
def test_a_warm_up_outside_its_range_is_refused(warmup):
    with pytest.raises(
        UsageError, match=rf"^warmup_ratio is a fraction of training and must be in \[0, 1\), got {warmup}$"
    ):
        WarmupLinear(optimizer(), warmup_ratio=warmup)


def test_a_final_share_outside_its_range_is_refused():
    with pytest.raises(UsageError, match=r"min_lr_ratio is the final fraction.*in \[0, 1\], got 2"):
        WarmupCosine(optimizer(), min_lr_ratio=2)


class Model:
    def __init__(self, lr_scheduler: ScheduleFactory | None = None):
        self.lr_scheduler = lr_scheduler


@pytest.mark.parametrize(
    ("arguments", "cls", "attribute", "value"),
    [
        (["WarmupLinear", "warmup_ratio=0.1"], WarmupLinear, "warmup_ratio", 0.1),
        (["WarmupCosine", "min_lr_ratio=0.2"], WarmupCosine, "min_lr_ratio", 0.2),
        (["WarmupLinear"], WarmupLinear, "warmup_ratio", 0.06),
        (["ReduceLROnPlateau", "patience=3"], ReduceLROnPlateau, "patience", 3),
        (["StepLR", "step_size=3"], StepLR, "step_size", 3),
        (["OneCycleLR", "max_lr=0.1", "total_steps=9"], OneCycleLR, "total_steps", 9),
    ],
)
def test_any_schedule_is_built_from_its_name(arguments, cls, attribute, value):
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(Model, "model")
    name, *settings = arguments
    with patch_jsonargparse():  # as the command line does; Lightning's own bears a name of torch's
        config = parser.parse_args(
            [f"--model.lr_scheduler={name}", *(f"--model.lr_scheduler.{one}" for one in settings)]
        )
    schedule = parser.instantiate(config).model.lr_scheduler(optimizer())
    assert type(schedule) is cls
    assert getattr(schedule, attribute) == value
