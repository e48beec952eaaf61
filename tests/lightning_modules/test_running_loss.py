"""The mean over a window of steps, and since when it is not finite."""

import pytest
import torch

from contracts.errors import DataError
from lightning_modules.running_loss import RunningLoss
from lightning_modules.text_classifier import TextClassifier


def test_each_mean_is_over_the_steps_since_the_last_one():
    loss = RunningLoss()
    means = []
    for step, value in enumerate([1.0, 3.0, 5.0, 6.0], start=1):
        loss.add(torch.tensor(value, requires_grad=True), 2)
        if step % 2 == 0:
            assert loss.num_steps == 2
            mean = loss.compute_and_reset(step)
            assert not mean.requires_grad
            means.append(float(mean))
    assert means == [2.0, 5.5]


def test_the_end_of_an_epoch_is_averaged_over_as_many_steps_as_any_other_point():
    """An epoch of 5 steps, logged every 4: its fifth step alone scattered four times as much in variance."""
    loss, values, means = RunningLoss(), [float(n * n) for n in range(1, 11)], []
    for step, value in enumerate(values, start=1):
        loss.add(torch.tensor(value), 4)
        if loss.num_steps == 4 or step % 5 == 0:
            means.append((step, float(loss.compute_and_reset(step))))
    assert means == [(step, sum(values[step - 4 : step]) / 4) for step in (4, 5, 9, 10)]


def test_the_first_points_are_averaged_over_the_steps_that_there_are():
    loss = RunningLoss()
    loss.add(torch.tensor(3.0), 50)
    loss.add(torch.tensor(5.0), 50)
    assert float(loss.compute_and_reset(2)) == 4.0


def test_a_loss_that_is_not_finite_is_dated_until_it_is_again():
    loss = RunningLoss()
    dates = []
    for step, value in enumerate([1.0, float("nan"), float("inf"), 2.0]):
        loss.add(torch.tensor(value), 3)
        loss.compute_and_reset(step)
        dates.append(loss.non_finite_since_step)
    assert dates == [None, 2, 2, None]


def test_a_restored_state_goes_on_with_the_same_means():
    whole, killed = RunningLoss(), RunningLoss()
    values = torch.rand(11, generator=torch.Generator().manual_seed(0))
    for value in values[:6]:
        whole.add(value, 4)
        killed.add(value, 4)
    resumed = RunningLoss()
    resumed.load_state_dict(killed.state_dict())
    for value in values[6:]:
        whole.add(value, 4)
        resumed.add(value, 4)
    assert torch.equal(whole.compute_and_reset(11), resumed.compute_and_reset(11))
    assert whole.state_dict().keys() == resumed.state_dict().keys()


def test_the_losses_of_all_ranks_are_averaged_step_by_step():
    """A checkpoint holds the average, and all ranks go on with it, as they do in the run that wrote it."""
    first, second = RunningLoss(), RunningLoss()
    for one, other in ((1.0, 3.0), (2.0, 6.0)):
        first.add(torch.tensor(one), 2)
        second.add(torch.tensor(other), 2)

    def average(_: torch.Tensor) -> torch.Tensor:
        return torch.tensor([2.0, 4.0])

    assert first.state_dict(average)["window"].tolist() == [2.0, 4.0]
    assert float(second.compute_and_reset(2, average)) == 3.0


@pytest.mark.parametrize(
    "change", [{"window": 3}, {"window": torch.zeros(2, 2)}, {"num_added": -1}, {"num_steps": "1"}]
)
def test_a_state_that_is_none_is_refused(change):
    with pytest.raises(DataError, match="running_loss must hold a window of losses"):
        RunningLoss().load_state_dict(RunningLoss().state_dict() | change)


def test_the_window_begins_anew_after_the_state_of_an_older_version():
    """Such a checkpoint was called damaged."""
    loss = RunningLoss()
    loss.load_state_dict({"sum": torch.tensor(9.0), "num_steps": 3, "non_finite_since_step": None})
    loss.add(torch.tensor(2.0), 5)
    assert float(loss.compute_and_reset(4)) == 2.0


def test_a_model_that_does_not_train_ignores_the_running_loss():
    model = TextClassifier()
    model.on_load_checkpoint({"running_loss": 3, "loops": {}})
    assert model.running_loss.num_steps == 0
