"""Runs the forward pass of training through `torch.compile`, over few enough shapes that it compiles once or twice.

Batches differ in width, and by default each new width would be compiled anew. Widths are therefore rounded up, which
by the contract of encoders changes no result, and both dimensions are symbolic from the first batch on. The modes that
replay CUDA graphs need fixed shapes instead, so there widths are rounded to powers of two.

Only the forward pass with gradients is compiled: validation, test and `predict.py` compute exactly as without it, and
modules and their names in a checkpoint stay as they are.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from contracts.batch import TextBatch
from contracts.errors import UsageError, suggest_name
from lightning_modules.encoders.base import TextEncoder, encode_batch

CompileMode = Literal["default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"]
"""The modes of `torch.compile`."""

_CUDA_GRAPH_MODES = ("reduce-overhead", "max-autotune")
_MULTIPLE = 8  # tokens; tensor cores and fused attention want it, and one set of guards holds for all widths
_SMALLEST_POWER = 16
_MAX_GRAPHS = 64  # torch's 8 would return to eager execution, with a warning that a progress bar hides


class ForwardPass:
    """Computes logits from a batch by encoder and head, compiled while they are trained if a mode is given.

    Args:
        compile: Whether to compile, or a mode of `torch.compile`.

    Raises:
        UsageError: There is no such mode.
    """

    def __init__(self, compile: bool | CompileMode = False) -> None:
        if not isinstance(compile, bool) and compile not in get_args(CompileMode):
            modes = ", ".join(get_args(CompileMode))
            raise UsageError(
                f'compile must be true, false or a mode of torch.compile ({modes}), got "{compile}".'
                f"{suggest_name(str(compile), get_args(CompileMode))}"
            )
        self.mode: str | None = "default" if compile is True else compile or None
        self.max_length = 0
        """Widths are not rounded up beyond it, since the model may have no more positions."""
        self._compiled: Callable[..., Tensor] | None = None

    def __call__(self, encoder: TextEncoder, head: nn.Module, batch: TextBatch) -> Tensor:
        """Computes logits `(batch, classes)`.

        Args:
            encoder: Its training mode decides whether the compiled form is used.
            head: Computes logits from features.
            batch: The texts.
        """
        if self.mode is None or not encoder.training or not torch.is_grad_enabled():
            return compute_logits(encoder, head, batch)
        if self._compiled is None:
            self._compiled = self._compile()
        uses_graphs = self.mode in _CUDA_GRAPH_MODES
        if uses_graphs:
            torch.compiler.cudagraph_mark_step_begin()
        width = round_up_width(batch.input_ids.shape[1], self.max_length, to_power_of_two=uses_graphs)
        return self._compiled(encoder, head, pad_to_width(batch, width))

    def check_compiler(self, device: torch.device) -> None:
        """Raises an error if compilation is requested and nothing can compile for the device.

        Raises:
            UsageError: A C++ compiler or Triton is missing, or torch does not compile on this platform.
        """
        missing = None if self.mode is None else find_missing_compiler(device.type)
        if missing:
            raise UsageError(f"--model.compile needs {missing}, and there is none; leave the option out")

    def __getstate__(self) -> dict[str, Any]:
        """Leaves out the compiled function, which no process can hand to another."""
        return vars(self) | {"_compiled": None}

    def _compile(self) -> Callable[..., Tensor]:
        from torch._dynamo import config  # takes a second to import

        config.recompile_limit = max(config.recompile_limit, _MAX_GRAPHS)
        dynamic = self.mode not in _CUDA_GRAPH_MODES
        return torch.compile(compute_logits, dynamic=dynamic, mode=self.mode)


def compute_logits(encoder: TextEncoder, head: nn.Module, batch: TextBatch) -> Tensor:
    """Computes logits `(batch, classes)` by encoder and head."""
    logits: Tensor = head(encode_batch(encoder, batch))
    return logits


def round_up_width(tokens: int, max_length: int, to_power_of_two: bool = False) -> int:
    """Rounds the width of a batch up to a multiple of 8, or to a power of two from 16; at most to `max_length`.

    >>> [round_up_width(tokens, 60) for tokens in (1, 8, 9, 57)]
    [8, 8, 16, 60]
    >>> [round_up_width(tokens, 512, to_power_of_two=True) for tokens in (1, 17, 300)]
    [16, 32, 512]
    """
    if to_power_of_two:
        rounded = max(_SMALLEST_POWER, 1 << (tokens - 1).bit_length()) if tokens else _SMALLEST_POWER
    else:
        rounded = max(1, -(-tokens // _MULTIPLE)) * _MULTIPLE
    return max(tokens, min(rounded, max_length))


def pad_to_width(batch: TextBatch, width: int) -> TextBatch:
    """Pads ids, mask and types on the right; padding is where the mask is false, so the id 0 does for it."""
    missing = width - batch.input_ids.shape[1]
    if missing <= 0:
        return batch
    types = batch.token_type_ids
    return batch._replace(
        input_ids=F.pad(batch.input_ids, (0, missing)),
        attention_mask=F.pad(batch.attention_mask, (0, missing)),
        token_type_ids=None if types is None else F.pad(types, (0, missing)),
    )


def find_missing_compiler(device_type: str) -> str | None:
    """Returns what `torch.compile` lacks for a kind of device, as part of a sentence; None if it lacks nothing."""
    from torch._dynamo import is_dynamo_supported

    if not is_dynamo_supported():
        return "a platform that torch compiles on"
    if device_type == "cuda":
        from torch.utils._triton import has_triton

        if not has_triton():
            return "the package triton and a GPU that it supports"
        return None if _has_c_compiler() else "a C compiler (such as gcc, or the variable CC)"
    if device_type == "cpu":
        from torch._inductor.cpp_builder import get_cpp_compiler

        try:
            get_cpp_compiler()
        except Exception:  # its type differs between releases
            return "a C++ compiler (such as g++, or the variable CXX)"
        return None
    return f"a CPU or a CUDA GPU, not the device {device_type}"


def _has_c_compiler() -> bool:
    """Whether Triton finds a compiler for its launchers."""
    return any(shutil.which(name) for name in (os.environ.get("CC") or "cc", "gcc", "clang"))
