"""What data loaders depend on in a trainer: the rank, the device and the number of epochs."""

from __future__ import annotations

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
