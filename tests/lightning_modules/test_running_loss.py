"""The mean between two log entries, and since when it is not finite."""

import torch

from lightning_modules.running_loss import RunningLoss


def test_each_mean_is_over_the_steps_since_the_last_one():
    loss = RunningLoss()
    means = []
    for step, value in enumerate([1.0, 3.0, 5.0, 6.0], start=1):
        loss.add(torch.tensor(value, requires_grad=True))
        if step % 2 == 0:
            assert loss.num_steps == 2
            mean = loss.compute_and_reset(step)
            assert not mean.requires_grad
            means.append(float(mean))
    assert means == [2.0, 5.5]


def test_a_loss_that_is_not_finite_is_dated_until_it_is_again():
    loss = RunningLoss()
    dates = []
    for step, value in enumerate([1.0, float("nan"), float("inf"), 2.0]):
        loss.add(torch.tensor(value))
        loss.compute_and_reset(step)
        dates.append(loss.non_finite_since_step)
    assert dates == [None, 2, 2, None]
