"""Limits what a model from a file of unknown origin may allocate while it is built: no more than the file's weights."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules import module as hooks
from torch.nn.parameter import is_lazy

from contracts.errors import DataError

_MODULES_PER_WEIGHT = 8
_MORE_MODULES = 1_000
_MORE_VALUES = 2**20
"""So that a weight that is missing or of another shape is named when weights are loaded."""
_MORE_BUFFER_VALUES = 2**24
"""Values of buffers that are not saved, such as the positions and the causal mask of a transformer."""


@contextmanager
def limit_sizes(weights: Mapping[str, Tensor]) -> Iterator[None]:
    """Raises an error in the block as soon as a module registers more, or larger, tensors than a file has weights for.

    Constructors register a parameter before they initialize it, so that its memory is not used yet. Other threads are
    not affected.

    Args:
        weights: The weights of the file, by name.

    Raises:
        DataError: A limit is exceeded.
    """
    largest = max((weight.numel() for weight in weights.values()), default=0) + _MORE_VALUES
    storages = {
        weight.untyped_storage().data_ptr(): weight.untyped_storage().nbytes() // weight.element_size()
        for weight in weights.values()
    }
    total = (
        2 * sum(storages.values()) + _MORE_VALUES
    )  # twice: two names for one weight are two parameters until they are tied
    left = {
        "modules": _MODULES_PER_WEIGHT * len(weights) + _MORE_MODULES,
        "parameters": total,
        "buffers": total + _MORE_BUFFER_VALUES,
    }
    thread = threading.get_ident()

    def spend(kind: str, amount: int) -> None:
        left[kind] -= amount
        if left[kind] < 0:
            raise DataError("the checkpoint describes a larger model than its weights are for")

    def check_module(module: nn.Module, name: str, child: Any) -> None:
        if threading.get_ident() == thread:
            spend("modules", 1)

    def check_parameter(module: nn.Module, name: str, parameter: Any) -> None:
        if threading.get_ident() != thread or not isinstance(parameter, Tensor) or is_lazy(parameter):
            return
        spend("modules", 1)
        spend("parameters", parameter.numel())
        if parameter.numel() > largest:
            raise DataError(
                f"the checkpoint describes a larger model than its weights are for: {name} would have the shape "
                f"{tuple(parameter.shape)}"
            )

    def check_buffer(module: nn.Module, name: str, buffer: Any) -> None:
        if threading.get_ident() == thread and isinstance(buffer, Tensor) and not is_lazy(buffer):
            spend("modules", 1)
            spend("buffers", buffer.numel())

    handles = [
        hooks.register_module_module_registration_hook(check_module),
        hooks.register_module_parameter_registration_hook(check_parameter),
        hooks.register_module_buffer_registration_hook(check_buffer),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
