"""Groups parameters for the optimizer: by depth for their learning rate, by shape for weight decay.

Layer-wise decay: Howard and Ruder, "Universal Language Model Fine-tuning for Text Classification" (2018).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from contracts.errors import UsageError
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head


@dataclass(frozen=True)
class LearningRatePlan:
    """How the learning rates of head and encoder differ from the optimizer's; by default they do not.

    Args:
        head_lr_multiplier: Learning rate of the head as a multiple of the optimizer's, above 0.
        backbone_lr: Learning rate of the encoder's top layer; 0 freezes the encoder. The optimizer's learning rate if
            None.
        layer_decay: Learning rate of each layer relative to the layer above, in (0, 1].
    """

    head_lr_multiplier: float = 1.0
    backbone_lr: float | None = None
    layer_decay: float = 1.0

    def __post_init__(self) -> None:
        """Raises an error for values out of range."""
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
                f"layer_decay is the factor of the learning rate from layer to layer downwards and must be in (0, 1], "
                f"got {self.layer_decay}"
            )

    @property
    def is_neutral(self) -> bool:
        """Whether all learning rates are the optimizer's."""
        return self == LearningRatePlan()


def build_parameter_groups(
    encoder: TextEncoder, head: Head, base_lr: float, plan: LearningRatePlan
) -> list[dict[str, Any]]:
    """Puts every trainable parameter into exactly one named group of a torch optimizer.

    Biases and the scales of norm layers (all parameters of less than two dimensions) get groups of their own, without
    weight decay; the other groups have the optimizer's. Layers with the same learning rate share a group.

    Args:
        encoder: Its `layer_groups` give the modules by depth.
        head: Has the learning rate `base_lr * plan.head_lr_multiplier`.
        base_lr: The optimizer's learning rate.
        plan: How the learning rates differ from it.

    Returns:
        Groups with `params`, `name`, `lr` and, for those without decay, `weight_decay`; none is empty.
    """
    top_lr = base_lr if plan.backbone_lr is None else plan.backbone_lr
    layers = encoder.layer_groups()
    if plan.layer_decay < 1 and len(layers) == 1:
        name = f"{type(encoder).__name__}.layer_groups()"
        warnings.warn(f"layer_decay {plan.layer_decay} has no effect: {name} returns one group only", stacklevel=2)
    if plan.layer_decay == 1:
        parts = [("encoder", top_lr, [module for modules in layers for module in modules])]
    else:
        parts = [
            (f"encoder/{depth}", top_lr * plan.layer_decay ** (len(layers) - 1 - depth), modules)
            for depth, modules in enumerate(layers)
        ]
    parts.append(("head", base_lr * plan.head_lr_multiplier, [head]))

    groups: list[dict[str, Any]] = []
    seen: set[nn.Parameter] = set()
    for name, lr, modules in parts:
        parameters = list(_take_new_parameters(modules, seen))
        decayed = [parameter for parameter in parameters if parameter.ndim > 1]
        undecayed = [parameter for parameter in parameters if parameter.ndim <= 1]
        if decayed:
            groups.append({"params": decayed, "name": name, "lr": lr})
        if undecayed:
            groups.append({"params": undecayed, "name": f"{name}/no_decay", "lr": lr, "weight_decay": 0.0})

    missing = [
        name for name, parameter in encoder.named_parameters() if parameter.requires_grad and parameter not in seen
    ]
    if missing:
        raise ValueError(f"{type(encoder).__name__}.layer_groups() must hold every parameter, but lacks {missing[0]}")
    return groups


def _take_new_parameters(modules: list[nn.Module], seen: set[nn.Parameter]) -> Iterator[nn.Parameter]:
    """Yields the trainable parameters that are not in `seen`, and adds them to it."""
    for module in modules:
        for parameter in module.parameters():
            if parameter.requires_grad and parameter not in seen:
                seen.add(parameter)
                yield parameter
