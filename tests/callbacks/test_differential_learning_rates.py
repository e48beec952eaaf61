"""The plan reaches the optimizer, and its rates are shown."""

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.loggers.logger import DummyLogger
from torch import nn
from torch.utils.data import DataLoader

from callbacks.differential_learning_rates import DifferentialLearningRates
from contracts.errors import UsageError
from lightning_modules.optim.parameter_groups import LearningRatePlan, build_parameter_groups
from lightning_modules.optim.schedules import WarmupLinear


class Memory(DummyLogger):
    def __init__(self):
        super().__init__()
        self.logged = {}

    def log_metrics(self, metrics, step=None):
        self.logged.setdefault(step, {}).update(metrics)


class Encoder(nn.Module):
    """Two depths without biases."""

    def __init__(self):
        super().__init__()
        self.lower, self.upper = nn.Linear(2, 3, bias=False), nn.Linear(3, 4, bias=False)

    def layer_groups(self):
        return [[self.lower], [self.upper]]


class Tiny(LightningModule):
    def __init__(self):
        super().__init__()
        self.encoder, self.head, self.learning_rate_plan = Encoder(), nn.Linear(4, 1), LearningRatePlan()

    def training_step(self, batch, batch_idx):
        return self.head(self.encoder.upper(self.encoder.lower(batch))).mean()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(
            build_parameter_groups(self.encoder, self.head, 0.1, self.learning_rate_plan), lr=0.1
        )
        schedule = WarmupLinear(optimizer, warmup_ratio=0.5)
        schedule.total_steps = 8
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


@pytest.fixture
def fit(tmp_path):
    def run(callback, **settings):
        memory = Memory()
        trainer = Trainer(
            **settings,
            max_steps=8,
            accelerator="cpu",
            logger=memory,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[callback],
            default_root_dir=tmp_path,
        )
        trainer.fit(Tiny(), DataLoader(torch.ones(8, 2)))
        return memory.logged

    return run


def test_the_plan_is_there_before_the_optimizer_and_its_rates_are_logged(fit):
    """Eight steps, four of warm-up: at the second step half of each rate, at the fourth all of it."""
    logged = fit(
        DifferentialLearningRates(head_lr_multiplier=2.0, backbone_lr=0.01, layer_decay=0.5), log_every_n_steps=2
    )
    full = {
        "watch_learning_rate/encoder/0": 0.005,
        "watch_learning_rate/encoder/1": 0.01,
        "watch_learning_rate/head": 0.2,
        "watch_learning_rate/head/no_decay": 0.2,
    }
    assert sorted(logged) == [1, 3, 5, 7]
    assert logged[1] == pytest.approx({name: rate / 2 for name, rate in full.items()})
    assert logged[3] == pytest.approx(full)


def test_the_groups_are_shown_once_with_their_full_rates(fit, capsys):
    fit(DifferentialLearningRates(backbone_lr=0.01, layer_decay=0.5))
    lines = [line for line in capsys.readouterr().out.splitlines() if "at learning rate" in line]
    assert lines == [
        "encoder/0: 6 parameters at learning rate 0.005",
        "encoder/1: 12 parameters at learning rate 0.01",
        "head: 4 parameters at learning rate 0.1",
        "head/no_decay: 1 parameters at learning rate 0.1",
    ]


def test_by_default_nothing_differs_and_nothing_is_announced(fit, capsys):
    logged = fit(DifferentialLearningRates(), log_every_n_steps=4)
    assert "at learning rate" not in capsys.readouterr().out
    assert set(logged[3]) == {f"watch_learning_rate/{name}" for name in ("encoder", "head", "head/no_decay")}
    assert set(logged[3].values()) == {0.1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"head_lr_multiplier": -1.0}, "head_lr_multiplier.*got -1"),
        ({"backbone_lr": -1.0}, "backbone_lr.*got -1"),
        ({"layer_decay": 2.0}, "layer_decay.*got 2"),
    ],
)
def test_a_rate_out_of_range_is_refused_at_once(arguments, message):
    with pytest.raises(UsageError, match=message):
        DifferentialLearningRates(**arguments)
