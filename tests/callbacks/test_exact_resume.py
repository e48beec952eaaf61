"""A run that is killed and resumed, once or twice, ends with the very weights of a run that was not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import nn

from callbacks.checkpointing.best_restoration import restore_best_checkpoints
from callbacks.exact_resume import ExactResume
from datamodules.loading.loaders import TrainingLoader, build_evaluation_loader
from datamodules.loading.text_split import TextSplit
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.length_bucket import LengthBucket
from datamodules.tokenizers.base import TokenIds

BATCHES = 5  # of an epoch: 22 texts, 5 a batch


class KilledError(Exception):
    pass


class Tiny(LightningModule):
    def __init__(self, kill_at: int | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.bag = nn.EmbeddingBag(9, 4)
        self.head = nn.Linear(4, 3)
        self.kill_at = kill_at
        self.seen: list[tuple[int, ...]] = []

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        if self.trainer.fit_loop.total_batch_idx == self.kill_at:
            raise KilledError

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        self.seen.append(tuple(batch.index.tolist()))
        return nn.functional.cross_entropy(self.head(self.bag(batch.input_ids)), batch.labels)

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        pass

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.1)


EVERY_STEP = {"every_n_train_steps": 1, "save_top_k": 0}
EPOCH_END = {"save_on_train_epoch_end": True}
VALIDATION_END = {"save_on_train_epoch_end": False}


def fit(folder: Path, saved: dict[str, Any], kill_at: int | None = None, **options: Any) -> Tiny:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 5, 22)
    ids = rng.integers(1, 9, lengths.sum()).astype(np.int32)
    split = TextSplit(TokenIds(ids, np.cumsum([0, *lengths])), rng.integers(0, 3, 22), np.arange(22), 0)
    model = Tiny(kill_at)
    trainer = Trainer(
        default_root_dir=folder,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        callbacks=[ExactResume(), ModelCheckpoint(dirpath=folder, save_last=True, **saved)],
        **({"max_epochs": 3} | options),
    )
    last = folder / "last.ckpt"
    loader = TrainingLoader(split, LengthBucket(SamplingContext(split.labels, split.lengths, 3, 5, 7)))
    trainer.fit(
        model, loader, build_evaluation_loader(split, 16), ckpt_path=last if last.exists() else None, weights_only=True
    )
    return model


def assert_ends_alike(folder: Path, saved: dict[str, Any], kills: tuple[int, ...], **options: Any) -> None:
    whole = fit(folder / "whole", saved, **options)
    for kill in kills:
        with pytest.raises(KilledError):
            fit(folder / "killed", saved, kill, **options)
    resumed = fit(folder / "killed", saved, **options)
    assert resumed.seen == whole.seen[len(whole.seen) - len(resumed.seen) :]
    for ours, theirs in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("kill", [3, BATCHES, BATCHES + 1, 3 * BATCHES - 1])
def test_a_run_killed_at_any_batch_resumes_exactly(tmp_path, kill):
    """In mid-epoch, after an epoch's last batch, after the first of the next, before the very last."""
    assert_ends_alike(tmp_path, EVERY_STEP, (kill,))


@pytest.mark.parametrize("saved", [EPOCH_END, VALIDATION_END], ids=["epoch_end", "validation_end"])
@pytest.mark.parametrize("options", [{}, {"max_steps": 13, "max_epochs": -1}], ids=["max_epochs", "max_steps"])
def test_a_run_resumes_exactly_from_the_end_of_an_epoch(tmp_path, saved, options):
    """With `max_steps`, Lightning counts the finished epoch twice and would skip the next one's order."""
    assert_ends_alike(tmp_path, saved, (BATCHES + 2,), **options)


def test_a_run_that_was_resumed_can_be_resumed_again(tmp_path):
    """Taken up after an epoch's last batch, Lightning does not count the next one as begun and drops its place."""
    assert_ends_alike(tmp_path, EVERY_STEP, (BATCHES, BATCHES + 3))


@pytest.mark.parametrize(
    "options",
    [
        {"limit_train_batches": 3},
        {"val_check_interval": 0.5},
        {"accumulate_grad_batches": 2},
        {"limit_train_batches": 4, "val_check_interval": 0.5, "accumulate_grad_batches": 2},
    ],
    ids=lambda options: "-".join(options),
)
def test_options_of_the_trainer_keep_resuming_exact(tmp_path, options):
    assert_ends_alike(tmp_path, EVERY_STEP, (6,), **options)


def test_epochs_take_other_batches_each_and_a_limit_cuts_them_short(tmp_path):
    seen = fit(tmp_path, EVERY_STEP, limit_train_batches=3).seen
    assert len(seen) == 9
    assert len(set(seen)) == 9
    for start in (0, 3, 6):
        rows = [row for batch in seen[start : start + 3] for row in batch]
        assert len(rows) == len(set(rows))


def test_the_score_of_the_best_checkpoint_is_kept_if_its_folder_is_named_by_another_path(tmp_path, monkeypatch):
    """Lightning compares the paths as strings and forgets the score; any later epoch would then count as the best."""
    best = tmp_path / "best.ckpt"
    callback = ModelCheckpoint(monitor="validation/f1", mode="max")
    torch.save({}, best)
    state = callback.state_dict() | {"best_model_path": str(best), "best_k_models": {str(best): torch.tensor(0.75)}}
    monkeypatch.chdir(tmp_path)
    callback.dirpath = "."
    trainer = Trainer(accelerator="cpu", logger=False, callbacks=[callback])
    restore_best_checkpoints(trainer, {callback.state_key: state})
    assert float(callback.best_model_score) == float(callback.kth_value) == 0.75
    assert list(tmp_path.iterdir()) == [best]
    assert Path(callback.best_model_path).resolve() == best


@pytest.mark.parametrize("found", [{"best.ckpt": 0.75}, {}], ids=["there", "gone"])
def test_rank_0_decides_for_all_ranks_whether_the_best_checkpoint_is_there(tmp_path, found):
    """A rank that did not see the file returned, and rank 0 waited at a barrier for ever."""
    callback = ModelCheckpoint(monitor="validation/f1", mode="max", dirpath=tmp_path)
    elsewhere = str(tmp_path / "elsewhere" / "best.ckpt")
    asked = []

    def broadcast(value: object) -> dict:
        asked.append(value)
        return found

    strategy = SimpleNamespace(broadcast=broadcast, root_device=torch.device("cpu"))
    trainer = SimpleNamespace(is_global_zero=False, strategy=strategy, checkpoint_callbacks=[callback], ckpt_path=None)
    state = callback.state_dict() | {"best_model_path": elsewhere, "best_k_models": {elsewhere: torch.tensor(0.75)}}
    restore_best_checkpoints(trainer, {callback.state_key: state})
    assert asked == [{}]  # takes part, and has not looked for the file
    assert callback.best_model_path == "".join(found)
    assert callback.best_model_score == found.get("best.ckpt")
