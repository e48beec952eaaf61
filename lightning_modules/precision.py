"""The precision of a run: of matrix products in 32 bits, of test and prediction, and whether a CPU is slow at 16 bits.

GPUs since Ampere can round the factors of a 32-bit matrix product to 19 bits (TF32), which is several times faster.
torch does so by default in convolutions and recurrent layers only; here one option decides for all, and by default
nothing is rounded, so that a GPU computes what a CPU does. Training in bfloat16 is the faster choice there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

MatmulPrecision = Literal["highest", "high", "medium"]
"""As in `torch.set_float32_matmul_precision`: 32 bits; TF32; TF32 or bfloat16."""

_DTYPES = {"bf16": torch.bfloat16, "16": torch.float16}
_SLOW_RATIO = 1.25  # bfloat16 takes 0.2 to 0.5 of the time with instructions for it, 19 to 100 times as long without


def set_matmul_precision(precision: MatmulPrecision) -> None:
    """Sets the precision of all matrix products, convolutions and recurrent layers in 32 bits, for this process."""
    torch.set_float32_matmul_precision(precision)
    torch.backends.cudnn.allow_tf32 = precision != "highest"


@contextmanager
def compute_in_32_bits(device_type: str) -> Iterator[None]:
    """Turns autocast and reduced matrix products off, so that testing computes as `predict.py` does.

    Args:
        device_type: Kind of device whose autocast is turned off, such as `cuda`.
    """
    precision, cudnn = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    set_matmul_precision("highest")
    try:
        with torch.autocast(device_type, enabled=False):
            yield
    finally:
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.allow_tf32 = cudnn


def find_slow_precision(precision: str, device_type: str) -> str | None:
    """Returns a note if a CPU computes the precision of a run more slowly than 32 bits; otherwise None.

    Args:
        precision: As `--trainer.precision`.
        device_type: Kind of device of the run.
    """
    kind, _, form = precision.partition("-")
    if device_type != "cpu" or form not in ("mixed", "true") or kind not in _DTYPES:
        return None
    ratio = measure_slowdown(_DTYPES[kind])
    if ratio < _SLOW_RATIO:
        return None
    return (
        f"--trainer.precision {precision} is slow on this CPU, which has no instructions for it: a matrix product took "
        f"{ratio:.1f} times as long as in 32 bits; --trainer.precision 32-true is faster"
    )


def find_replaced_precision(requested: str | int | None, used: str) -> str | None:
    """Returns a note if the trainer uses bfloat16 in place of float16, as it does on a CPU; otherwise None.

    Args:
        requested: As `--trainer.precision`.
        used: The precision of the trainer.
    """
    if str(requested) not in ("16", "16-mixed") or used != "bf16-mixed":
        return None
    return "--trainer.precision 16-mixed needs a GPU; bf16-mixed is used on the CPU"


def measure_slowdown(dtype: torch.dtype, repeats: int = 3) -> float:
    """Measures the time of a matrix product on the CPU as a multiple of the same in 32 bits; takes up to 0.2 s.

    The instructions have many names on as many processors, and torch falls back silently; the time is what matters.

    Args:
        dtype: Of the factors.
        repeats: The shortest of so many measurements counts, since other processes may be running.
    """
    return _time_matmul(dtype, repeats) / _time_matmul(torch.float32, repeats)


def _time_matmul(dtype: torch.dtype, repeats: int) -> float:
    """Returns the shortest time of a product of the size of a small layer, in seconds."""
    left, right = torch.ones(128, 384, dtype=dtype), torch.ones(384, 384, dtype=dtype)
    left @ right  # the first one also chooses the kernel
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - start)
    return max(min(seconds), 1e-9)
