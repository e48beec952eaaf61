"""Norms, the share clipped and the first gradient that is not finite."""

import doctest
import math
import warnings

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers.logger import DummyLogger
from pytorch_lightning.plugins import MixedPrecision
from torch import nn
from torch.nn.utils import get_total_norm
from torch.utils.data import DataLoader

from callbacks import gradient_norm
from callbacks.gradient_norm import GradientNorm, compute_parameter_norms
from contracts.errors import UsageError


class Memory(DummyLogger):
    """Keeps what is logged, by step."""

    def __init__(self):
        super().__init__()
        self.logged = {}

    def log_metrics(self, metrics, step=None):
        self.logged.setdefault(step, {}).update(metrics)


class Scripted(LightningModule):
    """Gradients are `(3 x, 4 x)` and `12 x` for a batch of x, so their norms are 5 x and 12 x, and 13 x in total."""

    def __init__(self, optimizer=None):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.head = nn.Linear(1, 1, bias=False)
        self.make_optimizer = optimizer or torch.optim.SGD

    def training_step(self, batch, batch_idx):
        towards = torch.tensor([3.0, 4.0])
        return (self.weight * towards * batch).sum() + (self.head.weight * 12 * batch).sum()

    def configure_optimizers(self):
        groups = [
            {"params": [self.weight], "name": "encoder"},
            {"params": [self.head.weight], "name": "head", "lr": 1e-4},
        ]
        return self.make_optimizer(groups, lr=1e-3)


@pytest.fixture
def fit(tmp_path):
    def run(values, callback, *others, module=None, **settings):
        memory = Memory()
        trainer = Trainer(
            **settings,
            max_epochs=1,
            accelerator="cpu",
            logger=memory,
            enable_checkpointing=bool(others),
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[callback, *others],
            default_root_dir=tmp_path,
        )
        trainer.fit(module or Scripted(), DataLoader(torch.tensor(values)))
        return memory.logged

    return run


def test_the_example_holds():
    assert doctest.testmod(gradient_norm).failed == 0


def test_norms_are_logged_in_total_and_by_group_at_every_nth_step(fit):
    logged = fit([1.0, 2.0, 3.0, 4.0, 5.0], GradientNorm(every_n_steps=2))
    assert sorted(logged) == [1, 3]  # the second and the fourth step
    assert logged[1] == pytest.approx(
        {"watch_gradient_norm/total": 26, "watch_gradient_norm/encoder": 10, "watch_gradient_norm/head": 24}
    )
    assert logged[3]["watch_gradient_norm/total"] == pytest.approx(52)


def test_the_total_equals_torchs():
    torch.manual_seed(0)
    parameters = [nn.Parameter(torch.zeros(shape)) for shape in [(3, 4), (5,), (), (2, 2, 2)]]
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape)
    total = torch.linalg.vector_norm(compute_parameter_norms(parameters))
    torch.testing.assert_close(total, get_total_norm([parameter.grad for parameter in parameters]))


def test_a_parameter_without_gradient_counts_nothing():
    some, none = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2))
    some.grad = torch.tensor([6.0, 8.0])
    assert compute_parameter_norms([none, some, none]).tolist() == [0, 10, 0]
    assert compute_parameter_norms([none]) is None


def test_a_sparse_gradient_has_the_norm_of_its_dense_form():
    embedding = nn.Embedding(4, 2, sparse=True)
    embedding(torch.tensor([1, 1, 3])).sum().backward()  # row 1 twice: (2, 2), row 3 once: (1, 1)
    assert compute_parameter_norms([embedding.weight]).item() == pytest.approx(math.sqrt(10))


def test_half_precision_gradients_do_not_overflow():
    weight = nn.Parameter(torch.zeros(1, dtype=torch.float16))
    weight.grad = torch.full((1,), 1000.0, dtype=torch.float16)  # its square is above 65504
    assert compute_parameter_norms([weight]).item() == 1000


def test_norms_are_those_before_clipping_and_the_clipped_steps_are_counted(fit):
    """Totals are 13 times the batch, so above 20 for a 2 or a 3: 1 of 3 steps, then 2 of 3, then 3 of 7 in all."""
    callback = GradientNorm(every_n_steps=3)
    logged = fit([1.0, 1.0, 2.0, 3.0, 1.0, 2.0, 1.0], callback, gradient_clip_val=20.0)
    assert logged[2]["watch_gradient_norm/total"] == pytest.approx(26)
    assert logged[2]["watch_gradient_norm/clipped_ratio"] == pytest.approx(1 / 3)
    assert logged[5]["watch_gradient_norm/clipped_ratio"] == pytest.approx(2 / 3)
    assert logged[5]["watch_gradient_norm/clipped_ratio_so_far"] == pytest.approx(3 / 6)
    assert callback.clipped_ratio == pytest.approx(3 / 7)


@pytest.mark.parametrize("settings", [{}, {"gradient_clip_val": 1.0, "gradient_clip_algorithm": "value"}])
def test_without_clipping_by_norm_there_is_no_share(fit, settings):
    logged = fit([1.0, 2.0], GradientNorm(every_n_steps=1), **settings)
    assert "watch_gradient_norm/clipped_ratio" not in logged[0]
    assert logged[1]["watch_gradient_norm/total"] == pytest.approx(26)


def test_accumulated_batches_make_one_step(fit):
    """Two batches a step, averaged: 13 times 2 and 13 times 4."""
    logged = fit([1.0, 3.0, 3.0, 5.0], GradientNorm(every_n_steps=1), accumulate_grad_batches=2)
    assert {step: round(values["watch_gradient_norm/total"]) for step, values in logged.items()} == {0: 26, 1: 52}


class BreaksAt(Scripted):
    """One parameter's gradient turns into NaN at one step, the loss being finite."""

    def __init__(self, name, step):
        super().__init__()
        self.breaks = name, step

    def on_after_backward(self):
        name, step = self.breaks
        if self.global_step == step:
            self.get_parameter(name).grad.flatten()[0] = math.nan


@pytest.mark.parametrize("name", ["weight", "head.weight"])
@pytest.mark.parametrize("step", [0, 3, 4])  # 4 comes after the last log
def test_the_first_nan_gradient_is_named_with_its_own_step(fit, name, step):
    callback = GradientNorm(every_n_steps=4)
    with pytest.warns(UserWarning, match=rf"at step {step}, in 1 of 2 parameters.*to the loss is {name}\.") as warned:
        fit([1.0] * 5, callback, module=BreaksAt(name, step))
    assert (callback.first_non_finite, callback.first_non_finite_step) == (name, step)
    assert sum("are non-finite" in str(warning.message) for warning in warned) == 1


def test_of_several_the_one_nearest_to_the_loss_is_named(fit):
    callback = GradientNorm(every_n_steps=1)
    with pytest.warns(UserWarning, match="in 2 of 2 parameters"):
        fit([1.0, math.inf, 1.0, math.inf], callback)
    assert callback.first_non_finite == "head.weight"
    assert callback.non_finite_steps == 2


def fp16():
    return MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2))


def fused_sgd(groups, lr):
    return torch.optim.SGD(groups, lr=lr, fused=True)


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, fused_sgd])
def test_norms_are_unscaled_under_fp16(fit, optimizer):
    """A fused optimizer unscales inside its step: until then gradients are 1024, later 2048 times as big."""
    module = Scripted(optimizer)
    logged = fit([1.0, 2.0, 1.0, 2.0], GradientNorm(every_n_steps=1), module=module, plugins=[fp16()])
    assert [logged[step]["watch_gradient_norm/total"] for step in range(4)] == pytest.approx([13, 26, 13, 26], rel=1e-3)


def test_a_skipped_step_under_fp16_is_counted_without_alarm(fit):
    callback = GradientNorm(every_n_steps=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        logged = fit([1.0, 1.0, 1.0], callback, module=BreaksAt("weight", 1), plugins=[fp16()])
    assert not [warning for warning in caught if "are non-finite" in str(warning.message)]
    assert callback.first_non_finite is None
    assert logged[max(logged)]["watch_gradient_norm/non_finite_steps"] == 1


def test_a_resumed_run_counts_on(fit, tmp_path):
    """Killed after four of seven steps, in the middle of a window of three."""
    values = [2.0, 1.0, 1.0, 3.0, 1.0, 2.0, 1.0]
    whole, settings = GradientNorm(every_n_steps=3), {"gradient_clip_val": 20.0}
    expected = fit(values, whole, **settings)

    checkpoint = ModelCheckpoint(tmp_path, filename="cut", every_n_train_steps=4)
    fit(values, GradientNorm(every_n_steps=3), checkpoint, max_steps=4, **settings)
    state = torch.load(tmp_path / "cut.ckpt", weights_only=True)["callbacks"]["GradientNorm"]
    assert (state["steps"], state["clipped_steps"]) == (4, 2)

    resumed = GradientNorm(every_n_steps=3)
    resumed.load_state_dict(state)
    trainer = type("T", (), {"gradient_clip_val": 20.0, "gradient_clip_algorithm": None, "global_step": 4})()
    memory = Memory()
    trainer.loggers, trainer.precision_plugin = [memory], object()
    module = Scripted()
    optimizer = module.configure_optimizers()
    resumed.on_train_start(trainer, module)
    for value in values[4:]:
        optimizer.zero_grad()
        module.training_step(torch.tensor([value]), 0).backward()
        resumed.on_before_optimizer_step(trainer, module, optimizer)
        trainer.global_step += 1
    assert memory.logged[5] == pytest.approx(expected[5])
    assert resumed.state_dict() == whole.state_dict()


def test_a_second_run_counts_anew(fit):
    callback = GradientNorm(every_n_steps=1)
    fit([1.0, 1.0], callback)
    fit([1.0], callback)
    assert callback.steps == 1


def test_a_window_of_no_step_is_refused():
    with pytest.raises(UsageError, match="every_n_steps is a number of steps and must be at least 1, got 0"):
        GradientNorm(every_n_steps=0)


def test_norms_of_64_bits_are_computed_in_them():
    """`--trainer.precision 64-true` ended in an error: the norm of numbers of 64 bits was asked for in 32."""
    weight = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    weight.grad = torch.tensor([3e100, 4e100], dtype=torch.float64)
    norms = compute_parameter_norms([weight, nn.Parameter(torch.zeros(1, dtype=torch.float64))])
    assert norms.dtype == torch.float64
    torch.testing.assert_close(norms, torch.tensor([5e100, 0.0], dtype=torch.float64))
