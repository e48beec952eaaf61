"""The seed of the run, in the one place where Lightning keeps it, and what is drawn from it."""

from __future__ import annotations

import os

import torch


def get_run_seed() -> int:
    """What `seed_everything` was called with, also in worker processes; 0 where it was not called."""
    return int(os.environ.get("PL_GLOBAL_SEED", "0"))


def seed_generators(seed: int, device: torch.device) -> None:
    """Sets torch's generators of the CPU and of this device.

    `torch.manual_seed` sets those of every kind of device that there could be, and notes the place of the call for each
    kind that is not there: a millisecond a call, and memory that is never given back.

    Args:
        seed: At least 0, and below `2**64`.
        device: The one that is computed on.
    """
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)
