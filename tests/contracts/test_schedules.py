"""What every schedule over shares of training promises."""

import copy
import io

import pytest
import torch
from torch import nn

from contracts.discovery import find_implementations
from lightning_modules.optim.schedules import ProgressSchedule

TOTAL = 20


@pytest.fixture(params=list(find_implementations(ProgressSchedule)), ids=lambda cls: cls.__name__)
def schedule_class(request):
    return request.param


def optimizer(cls=torch.optim.SGD):
    return cls([{"params": [nn.Parameter(torch.ones(2))], "lr": rate} for rate in (1.0, 0.1)])


def lrs(schedule):
    return [float(group["lr"]) for group in schedule.optimizer.param_groups]


def run(schedule, steps):
    made = []
    for _ in range(steps):
        made.append(lrs(schedule))
        schedule.optimizer.step()
        schedule.step()
    return made


def test_there_are_schedules():
    assert {cls.__name__ for cls in find_implementations(ProgressSchedule)} >= {"WarmupLinear", "WarmupCosine"}


@pytest.mark.parametrize("warmup", [0.0, 0.25, 0.99])
def test_no_step_is_at_rate_0_and_none_above_the_full_rate(schedule_class, warmup):
    schedule = schedule_class(optimizer(), warmup_ratio=warmup)
    schedule.total_steps = TOTAL
    made = [first for first, _ in run(schedule, TOTAL)]
    assert min(made) > 0
    assert max(made) == pytest.approx(1)


@pytest.mark.parametrize("warmup", [0.0, 0.25])
def test_it_rises_through_warm_up_then_never_again(schedule_class, warmup):
    schedule = schedule_class(optimizer(), warmup_ratio=warmup, min_lr_ratio=0.1)
    schedule.total_steps = TOTAL
    made = [first for first, _ in run(schedule, TOTAL + 3)]
    peak = int(warmup * TOTAL)
    assert made[:peak] == sorted(made[:peak])
    assert made[peak:] == sorted(made[peak:], reverse=True)
    assert made[-3:] == pytest.approx([0.1] * 3)  # past the end it stays


def test_groups_keep_their_ratio(schedule_class):
    schedule = schedule_class(optimizer())
    schedule.total_steps = TOTAL
    for first, second in run(schedule, TOTAL):
        assert second == pytest.approx(first / 10)


@pytest.mark.parametrize("cls", [torch.optim.SGD, torch.optim.AdamW, torch.optim.Adagrad, torch.optim.RMSprop])
def test_it_steers_any_optimizer(schedule_class, cls):
    schedule = schedule_class(optimizer(cls), warmup_ratio=0.5)
    schedule.total_steps = 4
    assert [first for first, _ in run(schedule, 2)] == [0.5, 1.0]


@pytest.mark.parametrize("cut", [1, 3, 11])  # inside warm-up, at its end, after it
@pytest.mark.parametrize("when", ["before loading", "after loading", "from the state"])
def test_a_resumed_schedule_goes_on_exactly(schedule_class, cut, when):
    whole = schedule_class(optimizer(), warmup_ratio=0.15)
    whole.total_steps = TOTAL
    expected = run(whole, TOTAL)

    cut_off = schedule_class(optimizer(), warmup_ratio=0.15)
    cut_off.total_steps = TOTAL
    run(cut_off, cut)
    file = io.BytesIO()
    torch.save(cut_off.state_dict(), file)
    file.seek(0)

    resumed = schedule_class(optimizer(), warmup_ratio=0.15)
    if when == "before loading":
        resumed.total_steps = TOTAL
    resumed.load_state_dict(torch.load(file, weights_only=True))
    if when == "after loading":
        resumed.total_steps = TOTAL
    assert run(resumed, TOTAL - cut) == expected[cut:]


def test_a_resumed_run_may_be_made_longer(schedule_class):
    short = schedule_class(optimizer())
    short.total_steps = TOTAL
    run(short, TOTAL)
    longer = schedule_class(optimizer())
    longer.total_steps = 2 * TOTAL
    longer.load_state_dict(copy.deepcopy(short.state_dict()))
    assert longer.total_steps == 2 * TOTAL
    assert lrs(longer)[0] > 0.4
