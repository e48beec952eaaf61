"""Where and in which precision a model is constructed, so that a seed gives the same weights for every run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def construct_on_cpu_in_32_bits() -> Iterator[None]:
    """Creates new tensors on the CPU in 32 bits, whatever the trainer's device and precision are.

    Lightning constructs a model with these as torch's defaults. Other generators draw other numbers, and some
    initializations do not exist in half precision. The trainer converts and moves the model afterwards.
    """
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with torch.device("cpu"):
            yield
    finally:
        torch.set_default_dtype(dtype)
