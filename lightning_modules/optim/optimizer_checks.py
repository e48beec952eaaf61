"""Refuses optimizers of torch, and options of theirs, that cannot train these models, before any work."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim import Optimizer

from contracts.errors import UsageError
from lightning_modules.optim.optimizers import OptimizerFactory

UNUSABLE_OPTIMIZERS = {
    "LBFGS": "evaluates the model several times per step and has no parameter groups",
    "Muon": "is for matrices only, and these models have biases",
    "SparseAdam": "is for sparse gradients only, and these models have dense ones",
}


def check_optimizer(make_optimizer: OptimizerFactory) -> None:
    """Raises an error for an optimizer that cannot train a text classifier.

    Raises:
        UsageError: Its class needs other weights or gradients, or `differentiable` is set.
    """
    probe = make_optimizer([nn.Parameter(torch.zeros(1, 1))])
    name = type(probe).__name__
    if name in UNUSABLE_OPTIMIZERS:
        raise UsageError(f"{name} {UNUSABLE_OPTIMIZERS[name]}; choose another optimizer, such as AdamW")
    if probe.defaults.get("differentiable"):
        raise UsageError(f"differentiable lets gradients flow through the steps of {name}, and nothing here uses them")


def check_capturable(optimizer: Optimizer) -> None:
    """Raises an error if `capturable` is set for weights on the CPU.

    Raises:
        UsageError: It is.
    """
    for group in optimizer.param_groups:
        if group.get("capturable") and any(weight.device.type == "cpu" for weight in group["params"]):
            raise UsageError(
                f"capturable keeps the step counts of {type(optimizer).__name__} on a GPU, and this run is on the CPU; "
                "leave it out"
            )
