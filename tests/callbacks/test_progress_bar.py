"""The progress bar: what it shows, how often it is drawn, and when it is closed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import nn
from torch.utils.data import DataLoader

from callbacks.progress_bar import ProgressBar


class Tiny(LightningModule):
    monitor = "validation/macro_f1"

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def training_step(self, batch, batch_idx):
        loss = self.weight.sum() + 0.25
        self.log("loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch, batch_idx):
        self.log_dict({"validation/macro_f1": 0.75, "validation/accuracy": 0.5}, prog_bar=True)

    def test_step(self, batch, batch_idx):
        pass

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.0)


class State(Callback):
    """Notes whether the bar is still open in the hooks in which others print."""

    def __init__(self, bar):
        self.bar, self.open = bar, []

    def on_fit_end(self, trainer, pl_module):
        self.open.append(self.bar.progress.live.is_started)

    on_test_end = on_fit_end


@pytest.fixture
def trainer(tmp_path):
    bar = ProgressBar()
    return Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=1,
        log_every_n_steps=4,
        callbacks=[bar, State(bar)],
        default_root_dir=tmp_path,
    )


def test_the_bar_shows_the_loss_and_the_monitored_metric_only(trainer):
    loader = DataLoader(range(8))
    trainer.fit(Tiny(), loader, loader)
    assert trainer.progress_bar_callback.get_metrics(trainer, Tiny()) == {"loss": 0.25, "macro_f1": 0.75}


def test_the_bar_is_complete_and_closed_before_anything_is_printed_at_the_end(trainer):
    loader = DataLoader(range(8))
    model = Tiny()
    trainer.fit(model, loader, loader)
    trainer.test(model, loader, verbose=False)
    bar, state = trainer.callbacks[:2]
    assert state.open == [False, False]
    assert bar.test_progress_bar.completed == 8


def test_the_loss_is_read_where_it_is_logged_and_the_bar_is_drawn_rarely(trainer, monkeypatch):
    read, drawn = [], []
    metrics = ProgressBar.get_metrics
    monkeypatch.setattr(ProgressBar, "get_metrics", lambda *args: read.append(trainer.global_step) or metrics(*args))
    monkeypatch.setattr("callbacks.progress_bar.time", SimpleNamespace(monotonic=lambda: 0.0))
    monkeypatch.setattr(
        "pytorch_lightning.callbacks.RichProgressBar._update",
        lambda self, task, current, visible: drawn.append(current),
    )
    loader = DataLoader(range(10))
    trainer.fit(Tiny(), loader)
    assert sorted(set(read)) == [4, 8, 10, 14, 18, 20]  # every fourth step of an epoch, and its last
    assert drawn == [1, 10, 10]  # the clock stands still: the first step, and the last one of each epoch


def test_epochs_count_from_one(trainer, monkeypatch):
    bar = trainer.progress_bar_callback
    bar.setup(trainer, Tiny(), "fit")
    assert bar._get_train_description(0).split() == ["Epoch", "1/2"]
    trainer.fit_loop.max_epochs = -1
    assert bar._get_train_description(2).split() == ["Epoch", "3"]
