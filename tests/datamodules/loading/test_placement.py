"""The number of epochs of a training that is limited by epochs, steps or both; expectations by hand."""

from __future__ import annotations

import pytest
from pytorch_lightning import Trainer

from datamodules.loading.placement import compute_num_epochs
from datamodules.samplers.class_balanced import ClassBalanced
from datamodules.sources.demo import Demo
from datamodules.text_datamodule import TextDataModule

QUIET = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "accelerator": "cpu"}


@pytest.mark.filterwarnings("ignore")  # Lightning advises, unlike here, to limit either
@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        ({"max_epochs": 4}, 4),
        ({"max_epochs": -1}, None),
        ({"max_epochs": 4, "max_steps": 25}, 3),  # 10 batches per epoch
        ({"max_epochs": 2, "max_steps": 25}, 2),
        ({"max_epochs": -1, "max_steps": 20}, 2),
        ({"max_epochs": 9, "max_steps": 8, "accumulate_grad_batches": 3}, 2),  # 4 steps per epoch
        ({"max_epochs": 9, "max_steps": 8, "limit_train_batches": 3}, 3),
        ({"max_epochs": 9, "max_steps": 8, "limit_train_batches": 0.55}, 2),
    ],
)
def test_the_number_of_epochs_is_the_limit_that_is_reached_first(options, epochs):
    assert compute_num_epochs(Trainer(**QUIET, **options), 10) == epochs


@pytest.mark.filterwarnings("ignore")
def test_a_deferred_schedule_ends_balanced_also_if_steps_limit_training(tmp_path):
    """It counted from `max_epochs` only: with fewer steps no epoch was ever balanced."""
    data = TextDataModule(
        Demo(), sampler=lambda context: ClassBalanced(context, schedule="deferred", start=0.5), cache_dir=tmp_path
    )
    data.setup()
    data.trainer = Trainer(**QUIET, max_epochs=100, max_steps=4 * 53)  # 3,340 texts in batches of 64: 53 batches
    sampler = data.train_dataloader().sampler
    assert [sampler.compute_balance(epoch) for epoch in range(4)] == [0, 0, 1, 1]
