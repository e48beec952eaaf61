"""Floating point operations of a training step, and how many a GPU can do, for the share that is used (MFU).

A product of `(m, k)` and `(k, n)` counts as `2mkn`, as is usual; the backward pass as twice the forward pass. Padding
counts: what is measured is how busy the card is. Lookups, norms, activations and gates do not count.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import torch
from torch import nn

from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.encoders.rnn import RNN
from lightning_modules.encoders.text_cnn import TextCNN

_PEAKS = {  # dense, in TFLOP/s, from the data sheets; the first name that occurs in the device's name counts
    "H100 PCIe": {"fp32": 51.0, "tf32": 378.0, "bf16": 756.0},
    "H100 NVL": {"fp32": 60.0, "tf32": 418.0, "bf16": 835.0},
    "GH200": {"fp32": 67.0, "tf32": 494.5, "bf16": 989.0},
    "H200": {"fp32": 67.0, "tf32": 494.5, "bf16": 989.0},
    "H100": {"fp32": 67.0, "tf32": 494.5, "bf16": 989.0},
    "A100": {"fp32": 19.5, "tf32": 156.0, "bf16": 312.0},
    "L40S": {"fp32": 91.6, "tf32": 183.0, "bf16": 362.0},
    "L4": {"fp32": 30.3, "tf32": 60.0, "bf16": 121.0},
    "A10": {"fp32": 31.2, "tf32": 62.5, "bf16": 125.0},
    "T4": {"fp32": 8.1, "tf32": 8.1, "bf16": 65.0},  # 65 in float16; it has no bfloat16
}


class ForwardFlops(NamedTuple):
    """Operations of the forward pass of one text of `tokens` tokens, padding included."""

    per_text: float
    per_token: float
    per_token_squared: float = 0.0

    def count(self, texts: float, tokens: float, squared_tokens: float) -> float:
        """Counts for batches.

        Args:
            texts: Their number.
            tokens: Sum of the widths of their rows.
            squared_tokens: Sum of the squared widths of their rows.
        """
        return self.per_text * texts + self.per_token * tokens + self.per_token_squared * squared_tokens


def count_forward_flops(encoder: TextEncoder, head: nn.Module) -> ForwardFlops:
    """Counts the operations of an encoder and a head by the shapes of their weights.

    Raises:
        TypeError: There is no formula for the encoder.
    """
    linear = [weight for weight in head.parameters() if weight.ndim == 2]
    per_text = 2.0 * sum(weight.numel() for weight in linear)
    if isinstance(encoder, TextCNN):  # a filter of k tokens is applied at every position
        return ForwardFlops(per_text, 2.0 * sum(weight.numel() for weight in encoder.convolutions.weights))
    if isinstance(encoder, RNN):
        return ForwardFlops(per_text, 2.0 * sum(w.numel() for w in encoder.recurrent.parameters() if w.ndim == 2))
    if isinstance(encoder, Pretrained):
        backbone: nn.Module = encoder.backbone
        layers = [module for module in backbone.modules() if isinstance(module, nn.Linear)]
        config = encoder.backbone.config
        scores = 4.0 * config.num_hidden_layers * config.hidden_size  # queries by keys, and weights by values
        return ForwardFlops(per_text, 2.0 * sum(layer.weight.numel() for layer in layers), scores)
    raise TypeError(f"no formula for {type(encoder).__name__}")


def find_peak(device_name: str, precision: str) -> float | None:
    """Returns the peak of a GPU in FLOP/s by its name; None if it is unknown.

    Args:
        device_name: As `torch.cuda.get_device_name()`.
        precision: `fp32`, `tf32` or `bf16` (float16 is as fast).
    """
    for name, peaks in _PEAKS.items():
        if name in device_name:
            return peaks[precision] * 1e12
    return None


def measure_matmul(device: torch.device, dtype: torch.dtype, size: int, repeats: int = 10) -> float:
    """Measures the FLOP/s of a product of two square matrices of random numbers, the best of some repeats."""
    left = torch.randn(size, size, device=device).to(dtype)
    right = torch.randn(size, size, device=device).to(dtype)
    seconds = []
    for _ in range(repeats + 2):
        synchronize(device)
        start = time.perf_counter()
        left @ right
        synchronize(device)
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds[2:])


def synchronize(device: torch.device) -> None:
    """Waits until a GPU has done all that was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
