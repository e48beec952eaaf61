"""The lines that a run prints while it works, on losses and metrics that are known in advance."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.utils.data import DataLoader

from callbacks.epoch_log import EpochLog
from callbacks.exact_resume import ExactResume


class Batch(NamedTuple):
    index: Tensor


class Scripted(LightningModule):
    """Has a training loss equal to the number of the batch in the epoch, 0 to 3, and the given metrics."""

    def __init__(self, values=(0.1, 0.3, 0.2, 0.4), monitor="validation/macro_f1", mode="max"):
        super().__init__()
        self.values, self.monitor, self.monitor_mode = values, monitor, mode
        self.weight = nn.Parameter(torch.zeros(1))
        self.validations = 0

    def training_step(self, batch, batch_idx):
        return self.weight.sum() * 0 + batch_idx

    def validation_step(self, batch, batch_idx):
        value = -1.0 if self.trainer.sanity_checking else self.values[self.validations]
        self.validations += not self.trainer.sanity_checking
        self.log_dict({"validation/loss": 1 - value, "validation/macro_f1": value}, batch_size=1)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)

    def train_dataloader(self):
        return DataLoader(range(8), batch_size=2, collate_fn=lambda rows: Batch(torch.tensor(rows)))

    def val_dataloader(self):
        return DataLoader(range(1), collate_fn=lambda rows: Batch(torch.tensor(rows)))

    def on_save_checkpoint(self, checkpoint):
        checkpoint["validations"] = self.validations

    def on_load_checkpoint(self, checkpoint):
        self.validations = checkpoint["validations"]


@pytest.fixture
def lines(tmp_path, capsys):
    """Trains and returns the printed lines as lists of cells, the line of column names first."""

    def run(module=None, *callbacks, ckpt_path=None, **settings):
        trainer = Trainer(
            **{"max_epochs": 3} | settings,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=bool(callbacks),
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[ExactResume(), EpochLog(), *callbacks],
            default_root_dir=tmp_path,
        )
        trainer.fit(module or Scripted(), ckpt_path=ckpt_path, weights_only=True)
        printed = capsys.readouterr().out.splitlines()
        assert all(len(line) <= 100 for line in printed)
        return [re.split(r"  +", line.strip()) for line in printed]

    return run


COLUMNS = ["epoch", "train/loss", "validation/loss", "macro_f1", "best (epoch)", "seconds", "texts/s"]


def without_times(rows):
    """The rows up to the best value; seconds and speed must be numbers."""
    assert all(float(row[5]) >= 0 and float(row[6].replace(",", "")) > 0 for row in rows)
    return [row[:5] for row in rows]


def test_each_epoch_prints_one_line_with_the_best_so_far(lines):
    head, *rows = lines()
    assert head == COLUMNS
    assert without_times(rows) == [
        ["1/3", "1.5000", "0.9000", "0.1000", "0.1000 (1)"],  # (0 + 1 + 2 + 3) / 4
        ["2/3", "1.5000", "0.7000", "0.3000", "0.3000 (2)"],
        ["3/3", "1.5000", "0.8000", "0.2000", "0.3000 (2)"],
    ]


def test_columns_are_aligned(lines, capsys, monkeypatch):
    texts = []
    monkeypatch.setattr("callbacks.epoch_log.announce", texts.append)
    lines(max_epochs=4)
    assert len({len(text) for text in texts}) == 1
    assert len(texts) == 5


def test_a_monitored_loss_has_no_second_column_and_falls(lines):
    head, *rows = lines(Scripted(monitor="validation/loss", mode="min"))
    assert head == [name for name in COLUMNS if name != "macro_f1"]
    assert [row[2:4] for row in rows] == [["0.9000", "0.9000 (1)"], ["0.7000", "0.7000 (2)"], ["0.8000", "0.7000 (2)"]]


def test_epochs_without_validation_show_dashes_and_keep_the_best(lines):
    _, *rows = lines(check_val_every_n_epoch=2)
    assert [row[2:5] for row in rows] == [["–", "–", "–"], ["0.9000", "0.1000", "0.1000 (2)"], ["–", "–", "0.1000 (2)"]]
    _, *rows = lines(limit_val_batches=0)
    assert [row[2:5] for row in rows] == [["–"] * 3] * 3


def test_a_validation_in_the_middle_of_an_epoch_prints_a_line_too(lines):
    _, *rows = lines(val_check_interval=0.5, max_epochs=2)
    assert without_times(rows) == [
        ["1/2 50%", "0.5000", "0.9000", "0.1000", "0.1000 (1)"],  # (0 + 1) / 2
        ["1/2", "1.5000", "0.7000", "0.3000", "0.3000 (1)"],
        ["2/2 50%", "0.5000", "0.8000", "0.2000", "0.3000 (1)"],
        ["2/2", "1.5000", "0.6000", "0.4000", "0.4000 (2)"],
    ]


@pytest.mark.parametrize(
    ("settings", "epochs"),
    [
        ({"max_epochs": -1, "max_steps": 6}, ["1/2", "2/2"]),  # 4 steps an epoch
        ({"max_epochs": 5, "max_steps": 6}, ["1/2", "2/2"]),
        ({"max_epochs": -1, "max_steps": 3, "accumulate_grad_batches": 2}, ["1/2", "2/2"]),  # 2 steps an epoch
        ({"limit_train_batches": 2}, ["1/3", "2/3", "3/3"]),
        ({"fast_dev_run": True}, ["1/1"]),
    ],
)
def test_the_number_of_epochs_follows_all_limits(lines, settings, epochs):
    _, *rows = lines(**settings)
    assert [row[0] for row in rows] == epochs


def test_accumulated_batches_do_not_change_the_training_loss(lines):
    _, *rows = lines(accumulate_grad_batches=2)
    assert [row[1] for row in rows] == ["1.5000"] * 3


def test_a_value_that_is_not_finite_is_never_the_best(lines):
    _, *rows = lines(Scripted(values=(float("nan"), 0.2, float("nan"))))
    assert [row[3:5] for row in rows] == [["nan", "–"], ["0.2000", "0.2000 (2)"], ["nan", "0.2000 (2)"]]


def test_a_resumed_run_counts_on_and_knows_the_best(lines, tmp_path):
    checkpoint = ModelCheckpoint(tmp_path, filename="last", save_on_train_epoch_end=False)
    lines(Scripted(), checkpoint, max_epochs=2)
    again = ModelCheckpoint(tmp_path, filename="other")
    _, *rows = lines(Scripted(), again, ckpt_path=tmp_path / "last.ckpt", max_epochs=4)
    assert without_times(rows) == [
        ["3/4", "1.5000", "0.8000", "0.2000", "0.3000 (2)"],
        ["4/4", "1.5000", "0.6000", "0.4000", "0.4000 (4)"],
    ]


def test_column_names_are_repeated_in_long_runs(lines):
    rows = lines(Scripted(values=(0.5,) * 60), max_epochs=60)
    assert [number for number, row in enumerate(rows) if row == COLUMNS] == [0, 26, 52]
