"""Chooses the fused form of an optimizer: one kernel per step instead of several per parameter.

The form is set in the parameter groups that the optimizer is constructed with, since some optimizers create their state
in the constructor, on the device that the form needs.
"""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer

FUSED_DEVICE_TYPES = {"cpu", "cuda"}
"""The types of device on which every fused form of torch that this project turns on has been available since 2.8."""
_CPU_ONLY = ("Adagrad",)  # torch has had its fused form on CUDA only since later releases


def choose_fused(probe: Optimizer, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sets `fused` in parameter groups where the optimizer has such a form and the user has chosen no form.

    Args:
        probe: An optimizer as the user configured it.
        groups: The groups to construct it with; not changed.

    Returns:
        Groups with `fused` set to true, or the same groups.
    """
    options = probe.defaults
    is_chosen = options.get("fused") is not None or options.get("foreach") is not None
    if "fused" not in options or is_chosen or options.get("differentiable"):
        return groups
    allowed = FUSED_DEVICE_TYPES - ({"cuda"} if type(probe).__name__ in _CPU_ONLY else set())
    weights = [weight for group in groups for weight in group["params"]]
    if not all(weight.device.type in allowed and weight.is_floating_point() for weight in weights):
        return groups
    return [{**group, "fused": True} for group in groups]


def set_own_skipping(optimizer: Optimizer, is_on: bool) -> None:
    """Sets whether a fused optimizer skips steps of non-finite gradients itself; a `GradScaler` waits to find them.

    It must be off until the gradients of a step are unscaled and clipped: Lightning takes an optimizer that skips steps
    for one that unscales as well, and refuses to clip for it. Nothing changes for optimizers of another form.

    Args:
        optimizer: Of torch.
        is_on: Whether `optimizer.step` gets the scaler's findings and decides on the device.
    """
    if all(group.get("fused") for group in optimizer.param_groups):
        optimizer._step_supports_amp_scaling = is_on  # type: ignore[attr-defined]  # read by torch and Lightning
