"""Reads the seed of the run, which Lightning stores in the environment, and seeds torch's random generators."""

from __future__ import annotations

import os

import torch


def get_run_seed() -> int:
    """Returns the seed that `seed_everything` was called with, also in worker processes; 0 if it was not called."""
    return int(os.environ.get("PL_GLOBAL_SEED", "0"))


def seed_generators(seed: int, device: torch.device) -> None:
    """Seeds torch's generators of the CPU and of one device.

    `torch.manual_seed` seeds every type of device that could exist and records the call stack for each type that does
    not: a millisecond per call, and memory that is never released.

    Args:
        seed: At least 0, and below `2**64`.
        device: The device of the computation.
    """
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)
