"""Builds the optimizer over parameter groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch.optim import Optimizer

from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.optim.parameter_groups import LearningRatePlan, build_parameter_groups

OptimizerFactory = Callable[[Iterable], Optimizer]
"""Builds an optimizer from parameters or parameter groups; its other arguments are set."""


def configure_optimizer(
    make_optimizer: OptimizerFactory, encoder: TextEncoder, head: Head, plan: LearningRatePlan, fused: bool
) -> Optimizer:
    """Builds the optimizer over the groups of `build_parameter_groups`.

    Args:
        make_optimizer: Its learning rate is the base of the plan.
        encoder: Trained.
        head: Trained.
        plan: How the learning rates differ by layer.
        fused: Whether to use the optimizer's fused form where it has one.
    """
    probe = make_optimizer([torch.nn.Parameter(torch.zeros(1))])
    optimizer = make_optimizer(build_parameter_groups(encoder, head, probe.defaults["lr"], plan))
    if fused:
        enable_fused(optimizer)
    return optimizer


def enable_fused(optimizer: Optimizer) -> None:
    """Turns on the fused form, one kernel per step instead of several per parameter, unless the user set a form."""
    for group in optimizer.param_groups:
        on_one_device_type = {parameter.device.type for parameter in group["params"]} <= {"cpu", "cuda"}
        if "fused" in group and group["fused"] is None and not group.get("foreach") and on_one_device_type:
            group["fused"] = True
