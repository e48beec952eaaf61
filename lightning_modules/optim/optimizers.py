"""Builds the optimizer over parameter groups, and its learning-rate scheduler as Lightning configures one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.monitor import infer_mode
from lightning_modules.optim.parameter_groups import LearningRatePlan, build_parameter_groups
from lightning_modules.optim.schedules import ProgressSchedule, ScheduleFactory

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


def configure_lr_scheduler(
    make_scheduler: ScheduleFactory, optimizer: Optimizer, total_steps: int | float, monitor: str
) -> dict[str, Any]:
    """Builds the scheduler and returns Lightning's configuration of it: how often it steps, and by which metric.

    Args:
        make_scheduler: A schedule over ratios of training steps with the optimizer, any other once per epoch.
        optimizer: The optimizer to schedule.
        total_steps: Optimizer steps of the training; infinity if it has no end.
        monitor: The metric for `ReduceLROnPlateau`.
    """
    scheduler = make_scheduler(optimizer)
    if isinstance(scheduler, ProgressSchedule):
        scheduler.total_steps = total_steps  # type: ignore[assignment]  # typed as int, and set to infinity
        return {"scheduler": scheduler, "interval": "step"}
    config: dict[str, Any] = {"scheduler": scheduler, "interval": "epoch"}
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.mode = infer_mode(monitor)
        scheduler._reset()  # its notion of worst follows its mode
        config["monitor"] = monitor
    return config


def enable_fused(optimizer: Optimizer) -> None:
    """Turns on the fused form, one kernel per step instead of several per parameter, unless the user set a form."""
    for group in optimizer.param_groups:
        on_one_device_type = {parameter.device.type for parameter in group["params"]} <= {"cpu", "cuda"}
        if "fused" in group and group["fused"] is None and not group.get("foreach") and on_one_device_type:
            group["fused"] = True
