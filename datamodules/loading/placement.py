"""What data loaders depend on in a trainer: the rank, the device and the number of epochs."""

from __future__ import annotations

import math
from typing import NamedTuple

from pytorch_lightning import Trainer


class Placement(NamedTuple):
    """The process and device that a loader's batches are for."""

    rank: int = 0
    world_size: int = 1
    pin_memory: bool = False
    """Whether batches are copied to a GPU."""


def get_placement(trainer: Trainer | None) -> Placement:
    """Returns the placement of this process; without a trainer that of a single process on the CPU."""
    if trainer is None:
        return Placement()
    return Placement(trainer.global_rank, trainer.world_size, trainer.strategy.root_device.type == "cuda")


def get_max_epochs(trainer: Trainer) -> int | None:
    """Returns the maximum number of epochs that a trainer trains for; None if it has no such limit."""
    return trainer.max_epochs if trainer.max_epochs is not None and trainer.max_epochs > 0 else None


def compute_num_epochs(trainer: Trainer, num_batches: int) -> int | None:
    """Computes the number of epochs that a trainer trains for, at most; None if it has no limit.

    Args:
        trainer: The trainer, which may be limited by epochs, by steps or by both.
        num_batches: Number of batches of an epoch on each rank.
    """
    epochs = get_max_epochs(trainer)
    if trainer.max_steps <= 0:
        return epochs
    limit = trainer.limit_train_batches
    num_batches = min(num_batches, limit) if isinstance(limit, int) else int(num_batches * limit)
    steps = max(1, math.ceil(num_batches / trainer.accumulate_grad_batches))
    by_steps = math.ceil(trainer.max_steps / steps)
    return by_steps if epochs is None else min(epochs, by_steps)
