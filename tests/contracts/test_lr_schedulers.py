"""Every scheduler of torch by name: it is stepped as its documentation says, or refused before any work."""

import inspect
from functools import partial
from types import SimpleNamespace

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.optim import lr_scheduler as torch_schedulers
from torch.optim.swa_utils import SWALR

from commands.class_registry import get_registered_classes
from contracts.errors import UsageError
from lightning_modules.optim.lr_schedulers import (
    COMBINING,
    configure_lr_scheduler,
    drop_saved_length,
    dry_run_lr_scheduler,
    step_plateau_schedulers,
)
from lightning_modules.optim.schedules import ProgressSchedule

EPOCHS, BATCHES = 4, 6


def halve(epoch):
    return 0.5**epoch


PER_EPOCH = {
    "LambdaLR": {"lr_lambda": halve},
    "MultiplicativeLR": {"lr_lambda": halve},
    "StepLR": {"step_size": 2},
    "MultiStepLR": {"milestones": [1, 3]},
    "ConstantLR": {"total_iters": 2},
    "LinearLR": {"total_iters": 3},
    "ExponentialLR": {"gamma": 0.5},
    "CosineAnnealingLR": {"T_max": 4},
    "CosineAnnealingWarmRestarts": {"T_0": 2},
    "PolynomialLR": {"total_iters": 3},
    "SWALR": {"swa_lr": 0.01, "anneal_epochs": 2},
}
PER_STEP = {
    "OneCycleLR": ({"max_lr": 0.4}, {"total_steps": EPOCHS * BATCHES}),
    "CyclicLR": ({"base_lr": 0.1, "max_lr": 0.4}, {"step_size_up": EPOCHS * BATCHES // 2}),
}
"""The arguments of a config, and those that are filled in."""
CLASSES = {name: getattr(torch_schedulers, name) for name in torch_schedulers.__all__} | {"SWALR": SWALR}


def make_optimizer(lrs=(0.1, 0.01)):
    return torch.optim.AdamW([{"params": [nn.Parameter(torch.ones(1))], "lr": lr} for lr in lrs], lr=lrs[0])


class Model(pl.LightningModule):
    """Records the learning rates of each batch, and whatever a validation is told to measure."""

    def __init__(self, factory, metrics=()):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.factory, self.metrics, self.rates = factory, list(metrics), []

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW([{"params": [self.weight], "lr": 0.1}], lr=0.1)
        steps = self.trainer.estimated_stepping_batches
        config = configure_lr_scheduler(self.factory, optimizer, steps, "validation/macro_f1")
        return {"optimizer": optimizer, "lr_scheduler": config}

    def training_step(self, batch, index):
        self.rates.append(self.optimizers().param_groups[0]["lr"])
        return (self.weight * batch).sum()

    def validation_step(self, batch, index):
        pass

    def on_validation_epoch_end(self):
        if not self.trainer.sanity_checking:
            self.log("validation/macro_f1", torch.tensor(self.metrics.pop(0) if self.metrics else 0.0))
        step_plateau_schedulers(self.trainer)

    def on_load_checkpoint(self, checkpoint):
        drop_saved_length(checkpoint)


def fit(model, ckpt_path=None, **options):
    quiet = {name: False for name in ("logger", "enable_progress_bar", "enable_model_summary")}
    options = {"max_epochs": EPOCHS, "accelerator": "cpu", "enable_checkpointing": False} | quiet | options
    trainer = pl.Trainer(**options)
    loader = torch.utils.data.DataLoader(torch.ones(BATCHES, 1))
    trainer.fit(model, loader, loader, ckpt_path=ckpt_path, weights_only=False if ckpt_path else None)
    return trainer


def reference(cls, arguments, per_step, steps=EPOCHS * BATCHES, per_epoch=BATCHES):
    """The learning rates of a plain loop that steps as the documentation of torch shows it."""
    optimizer, rates = make_optimizer((0.1,)), []
    scheduler = cls(optimizer, **arguments)
    for step in range(1, steps + 1):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if per_step or step % per_epoch == 0:
            scheduler.step()
    return rates


@pytest.fixture(autouse=True)
def _without_warnings(recwarn):
    """Lightning warns of tiny loaders."""


def test_the_tables_hold_every_scheduler_of_torch():
    known = {*PER_EPOCH, *PER_STEP, "ReduceLROnPlateau", *(cls.__name__ for cls in COMBINING)}
    assert known == set(CLASSES) - {"LRScheduler"}
    schedules = {cls.__name__ for cls in ProgressSchedule.__subclasses__()}
    assert set(get_registered_classes("model.lr_scheduler")) - schedules == known - {cls.__name__ for cls in COMBINING}


@pytest.mark.parametrize("name", PER_EPOCH)
def test_it_steps_once_per_epoch(name):
    model = Model(partial(CLASSES[name], **PER_EPOCH[name]))
    fit(model)
    assert model.rates == pytest.approx(reference(CLASSES[name], PER_EPOCH[name], per_step=False))
    assert len(set(model.rates)) > 1


@pytest.mark.parametrize("name", PER_STEP)
def test_it_steps_with_the_optimizer_over_the_length_of_training(name, capsys):
    arguments, filled_in = PER_STEP[name]
    model = Model(partial(CLASSES[name], **arguments))
    fit(model)
    assert model.rates == pytest.approx(reference(CLASSES[name], arguments | filled_in, per_step=True))
    assert max(model.rates) == pytest.approx(0.4, rel=0.01)
    assert f"{name}: {next(iter(filled_in))} " in capsys.readouterr().out


@pytest.mark.parametrize("options", [{"accumulate_grad_batches": 3}, {"max_steps": 8}], ids=str)
@pytest.mark.parametrize("name", PER_STEP)
def test_its_length_is_in_optimizer_steps(name, options):
    arguments, filled_in = PER_STEP[name]
    model = Model(partial(CLASSES[name], **arguments))
    fit(model, **options)
    steps, every = 8, options.get("accumulate_grad_batches", 1)
    filled_in = dict.fromkeys(filled_in, steps if "total_steps" in filled_in else steps // 2)
    expected = reference(CLASSES[name], arguments | filled_in, per_step=True, steps=steps)
    assert model.rates[::every] == pytest.approx(expected)


@pytest.mark.parametrize(
    "options",
    [{"check_val_every_n_epoch": 2}, {"check_val_every_n_epoch": 1}, {"val_check_interval": 3}],
    ids=str,
)
def test_reduce_on_plateau_steps_after_each_validation(options):
    """With a validation every second epoch there was an error after the first, which had no metric."""
    model = Model(partial(torch_schedulers.ReduceLROnPlateau, factor=0.5, patience=0), metrics=[0.5] * 10)
    trainer = fit(model, **options)
    validations = {2: 2, 1: 4, None: 8}[options.get("check_val_every_n_epoch")]
    (config,) = trainer.lr_scheduler_configs
    assert config.scheduler.last_epoch == validations
    assert config.scheduler.mode == "max"
    assert config.scheduler.optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * 0.5 ** (validations - 1))


@pytest.mark.parametrize(("monitor", "sign"), [("validation/macro_f1", 1), ("validation/loss", -1)])
def test_reduce_on_plateau_keeps_the_rate_while_the_metric_improves(monitor, sign):
    """For a metric that is better when higher, the best value began at infinity: every value was a plateau."""
    optimizer = make_optimizer()
    factory = partial(torch_schedulers.ReduceLROnPlateau, patience=0)
    scheduler = configure_lr_scheduler(factory, optimizer, 10, monitor)["scheduler"]
    for value in (0.1, 0.2, 0.3):
        scheduler.step(sign * value)
        assert optimizer.param_groups[0]["lr"] == 0.1
    scheduler.step(sign * 0.2)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)


def test_reduce_on_plateau_is_refused_without_validation():
    factory = torch_schedulers.ReduceLROnPlateau
    with pytest.raises(UsageError, match="follows validation/loss, and this training has no validation"):
        configure_lr_scheduler(factory, make_optimizer(), 9, "validation/loss", has_validation=False)


@pytest.mark.parametrize("name", PER_STEP)
def test_groups_keep_their_ratio(name):
    """A single `max_lr` gave every group the same rate, and `DifferentialLearningRates` had no effect."""
    optimizer = make_optimizer((0.1, 0.01, 0.0))
    scheduler = configure_lr_scheduler(partial(CLASSES[name], **PER_STEP[name][0]), optimizer, 10, "")["scheduler"]
    for _ in range(10):
        first, second, third = (group["lr"] for group in optimizer.param_groups)
        assert (second, third) == (pytest.approx(first / 10), 0)
        assert scheduler.get_last_lr() == [first, second, third]
        optimizer.step()
        scheduler.step()


def test_a_one_cycle_is_as_long_as_the_resumed_training(tmp_path):
    factory = partial(torch_schedulers.OneCycleLR, max_lr=0.4)
    first = Model(factory)
    fit(first, max_epochs=2).save_checkpoint(tmp_path / "last.ckpt")
    second = Model(factory)
    fit(second, tmp_path / "last.ckpt")
    arguments = {"max_lr": 0.4, "total_steps": EPOCHS * BATCHES}
    expected = reference(torch_schedulers.OneCycleLR, arguments, per_step=True)
    assert second.rates[1:] == pytest.approx(expected[2 * BATCHES + 1 :])
    assert len(second.rates) == 2 * BATCHES


@pytest.mark.parametrize("cls", COMBINING)
def test_combinations_are_refused_by_name_and_work_as_functions(cls):
    with pytest.raises(UsageError, match=rf"{cls.__name__} combines schedulers .* TextClassifier\(lr_scheduler=…\)"):
        dry_run_lr_scheduler(partial(cls, schedulers=[]), make_optimizer(), endless=False)

    def build(optimizer):
        parts = [torch_schedulers.ConstantLR(optimizer, 0.5, 1), torch_schedulers.ExponentialLR(optimizer, 0.5)]
        return cls(optimizer, parts, milestones=[1]) if cls is torch_schedulers.SequentialLR else cls(parts)

    model = Model(build)
    fit(model)
    assert len(set(model.rates)) == len(set(model.rates[::BATCHES])) > 1


REFUSED = {
    "endless": (partial(torch_schedulers.OneCycleLR, max_lr=1), True, "must know how long training is, got inf"),
    "half a length": (
        partial(torch_schedulers.OneCycleLR, max_lr=1, epochs=3),
        False,
        "takes epochs and steps_per_epoch together, got epochs only",
    ),
    "a function": (lambda optimizer: torch_schedulers.OneCycleLR(optimizer, 1), False, r"pass functools\.partial"),
    "within": (partial(torch_schedulers.StepLR, step_size=1, last_epoch=5), False, "last_epoch 5 would begin within"),
    "no step": (partial(torch_schedulers.StepLR, step_size=0), False, "StepLR cannot step with these arguments: Zero"),
    "no cycle": (
        partial(torch_schedulers.CyclicLR, base_lr=0.1, max_lr=1, step_size_up=0),
        False,
        "CyclicLR cannot be built: ZeroDivisionError",
    ),
    "a builtin": (
        partial(torch_schedulers.LambdaLR, lr_lambda=abs),
        False,
        "the state of LambdaLR cannot be saved .*as `def` makes it",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_before_any_work(case):
    factory, endless, message = REFUSED[case]
    with pytest.raises(UsageError, match=message):
        dry_run_lr_scheduler(factory, make_optimizer(), endless)


def test_a_cycle_shorter_than_training_is_refused():
    """Torch raises an error in the step after the last of the cycle."""
    factory = partial(torch_schedulers.OneCycleLR, max_lr=1, total_steps=9)
    with pytest.raises(UsageError, match=r"^--model\.lr_scheduler: OneCycleLR has total_steps 9, and training has 10"):
        configure_lr_scheduler(factory, make_optimizer(), 10, "")
    assert configure_lr_scheduler(factory, make_optimizer(), 9, "")["interval"] == "step"


def test_a_cycle_given_by_the_user_is_kept():
    factory = partial(torch_schedulers.CyclicLR, base_lr=0.1, max_lr=1, step_size_up=3, step_size_down=5)
    assert configure_lr_scheduler(factory, make_optimizer(), 1000, "")["scheduler"].total_size == 8
    default = partial(torch_schedulers.CyclicLR, base_lr=0.1, max_lr=1)
    assert configure_lr_scheduler(default, make_optimizer(), 5000, "")["scheduler"].total_size == 4000


def test_only_a_training_run_steps_a_plateau_scheduler():
    trainer = SimpleNamespace(sanity_checking=True, state=SimpleNamespace(fn="fit"))
    step_plateau_schedulers(trainer)
    trainer = SimpleNamespace(sanity_checking=False, state=SimpleNamespace(fn="validate"))
    step_plateau_schedulers(trainer)


def test_the_arguments_of_the_tables_are_torchs():
    for name, arguments in {**PER_EPOCH, **{name: given | more for name, (given, more) in PER_STEP.items()}}.items():
        inspect.signature(CLASSES[name]).bind(None, **arguments)
