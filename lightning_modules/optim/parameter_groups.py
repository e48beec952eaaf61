"""Sorts parameters into optimizer groups: by depth for their rate, by shape for weight decay.

Rates that fall from the top layer to the ids: Howard and Ruder, "Universal Language Model Fine-tuning" (2018).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from contracts.errors import UsageError
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head


@dataclass(frozen=True)
class LearningRatePlan:
    """How the rates of head and encoder differ from the optimizer's own; the default is not at all.

    Args:
        head_lr_multiplier: The head's rate as a multiple of the optimizer's, above 0.
        backbone_lr: The rate of the encoder's top layer; the optimizer's own where None, and 0 leaves the encoder as
            it is.
        layer_decay: Each layer's rate as a share of the one above it, in (0, 1].
    """

    head_lr_multiplier: float = 1.0
    backbone_lr: float | None = None
    layer_decay: float = 1.0

    def __post_init__(self) -> None:
        """Refuses what is out of range."""
        if not 0 < self.head_lr_multiplier < math.inf:
            raise UsageError(
                "head_lr_multiplier is a multiple of the learning rate and must be above 0, "
                f"got {self.head_lr_multiplier}"
            )
        if self.backbone_lr is not None and not 0 <= self.backbone_lr < math.inf:
            raise UsageError(
                f"backbone_lr is the learning rate of the encoder's top layer and must be 0 or more, "
                f"got {self.backbone_lr}"
            )
        if not 0 < self.layer_decay <= 1:
            raise UsageError(
                f"layer_decay is the share of the rate that is left one layer further down and must be in (0, 1], "
                f"got {self.layer_decay}"
            )

    @property
    def is_neutral(self) -> bool:
        """Whether everything learns at the optimizer's own rate."""
        return self == LearningRatePlan()


def build_parameter_groups(
    encoder: TextEncoder, head: Head, base_lr: float, plan: LearningRatePlan
) -> list[dict[str, Any]]:
    """Every trainable parameter exactly once, in named groups that any torch optimizer takes.

    Biases and the scales of norm layers (all parameters of less than two dimensions) get groups of their own, without
    weight decay; the other groups leave it to the optimizer's default. Depths that share a rate share a group.

    Args:
        encoder: Gives its modules by depth.
        head: Learns at `base_lr * plan.head_lr_multiplier`.
        base_lr: The optimizer's own rate.
        plan: How the rates differ from it.

    Returns:
        Groups with `params`, `name`, `lr` and, for those without decay, `weight_decay`; none of them is empty.
    """
    top_rate = base_lr if plan.backbone_lr is None else plan.backbone_lr
    depths = encoder.layer_groups()
    if plan.layer_decay == 1:
        parts = [("encoder", top_rate, [module for modules in depths for module in modules])]
    else:
        parts = [
            (f"encoder/{depth}", top_rate * plan.layer_decay ** (len(depths) - 1 - depth), modules)
            for depth, modules in enumerate(depths)
        ]
    parts.append(("head", base_lr * plan.head_lr_multiplier, [head]))

    groups: list[dict[str, Any]] = []
    seen: set[nn.Parameter] = set()
    for name, lr, modules in parts:
        parameters = list(_unseen(modules, seen))
        decayed = [parameter for parameter in parameters if parameter.ndim > 1]
        undecayed = [parameter for parameter in parameters if parameter.ndim <= 1]
        if decayed:
            groups.append({"params": decayed, "name": name, "lr": lr})
        if undecayed:
            groups.append({"params": undecayed, "name": f"{name}/no_decay", "lr": lr, "weight_decay": 0.0})

    left_out = [
        name for name, parameter in encoder.named_parameters() if parameter.requires_grad and parameter not in seen
    ]
    if left_out:
        raise ValueError(
            f"{type(encoder).__name__}.layer_groups() must hold every parameter, but leaves out {left_out[0]}"
        )
    return groups


def _unseen(modules: list[nn.Module], seen: set[nn.Parameter]) -> Iterator[nn.Parameter]:
    for module in modules:
        for parameter in module.parameters():
            if parameter.requires_grad and parameter not in seen:
                seen.add(parameter)
                yield parameter
