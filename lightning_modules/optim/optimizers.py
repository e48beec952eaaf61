"""Builds the optimizer over parameter groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch.optim import Optimizer

from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.optim.fused import choose_fused
from lightning_modules.optim.parameter_groups import LearningRatePlan, build_parameter_groups

OptimizerFactory = Callable[[Iterable], Optimizer]
"""Builds an optimizer from parameters or parameter groups; its other arguments are set."""


def configure_optimizer(
    make_optimizer: OptimizerFactory, encoder: TextEncoder, head: Head, plan: LearningRatePlan
) -> Optimizer:
    """Builds the optimizer over the groups of `build_parameter_groups`, in its fused form where it has one.

    Args:
        make_optimizer: Its learning rate is the base of the plan.
        encoder: Trained.
        head: Trained.
        plan: How the learning rates differ by layer.
    """
    probe = make_optimizer([torch.nn.Parameter(torch.zeros(1))])
    return make_optimizer(choose_fused(probe, build_parameter_groups(encoder, head, probe.defaults["lr"], plan)))
