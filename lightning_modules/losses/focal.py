"""Focal loss: what is already right with confidence counts for little.

Lin et al. 2017, "Focal Loss for Dense Object Detection". For several labels a text it is theirs, a yes or no per class;
for one label a text the probability is the softmax's. Unlike theirs it is a mean over classes, as `BinaryCrossEntropy`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.balance.class_weights import Weighting
from lightning_modules.losses.base import Loss
from lightning_modules.losses.class_weights import build_class_weights, build_positive_weights


class Focal(Loss):
    """Cross-entropy times `(1 - p) ** gamma`, `p` being the probability of what is true.

    Args:
        spec: What the data is made of.
        gamma: How little the easy texts count, 0 or more; 0 is cross-entropy.
        alpha: Class weights: "inverse", "sqrt" or "effective" number of training texts, or a weight by label name. For
            several labels a text they weigh a label that is there, "effective" is not offered, and a number in (0, 1)
            weighs each label that is there by itself, each that is not by what is missing to 1.
    """

    tasks = frozenset({"single_label", "multi_label"})
    yes_weights: Tensor | None
    no_weight: float = 1.0

    def __init__(
        self,
        spec: TextSpec,
        /,
        gamma: float = 2.0,
        alpha: float | Weighting | dict[str, float] | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= gamma < float("inf"):
            raise UsageError(f"gamma must be 0 or more, got {gamma}")
        self.gamma = gamma
        self.single = spec.task == "single_label"
        self.register_buffer("yes_weights", self._weights(spec, alpha), persistent=False)
        if isinstance(alpha, float | int):
            self.no_weight = 1.0 - alpha

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Float `(batch, classes)`, labels as the task has them, to `(batch,)`, in nats."""
        if self.single:
            losses = focal(F.cross_entropy(logits, labels, reduction="none"), self.gamma)
            return losses if self.yes_weights is None else losses * self.yes_weights[labels]
        labels = labels.to(logits.dtype)
        losses = focal(F.binary_cross_entropy_with_logits(logits, labels, reduction="none"), self.gamma)
        if self.yes_weights is not None:
            losses = losses * torch.where(labels > 0, self.yes_weights, self.no_weight)
        return losses.mean(1)

    def _weights(self, spec: TextSpec, alpha: float | Weighting | dict[str, float] | None) -> Tensor | None:
        if alpha is None:
            return None
        if isinstance(alpha, float | int):
            if self.single or not 0 < alpha < 1:
                raise UsageError(
                    "as a number, alpha weighs yes against no and must be in (0, 1), for several labels a text only; "
                    f'got {alpha}. For one label a text give "inverse", "sqrt", "effective" or weights by label name.'
                )
            return torch.full((spec.num_classes,), float(alpha))
        if self.single:
            return build_class_weights(spec, alpha)
        if alpha == "effective":
            raise UsageError(
                'alpha "effective" is for one label a text; for several give "inverse", "sqrt" or a number'
            )
        return build_positive_weights(spec, alpha)


def focal(cross_entropy: Tensor, gamma: float) -> Tensor:
    """Scales a cross-entropy, `-log(p)` in nats, by `(1 - p) ** gamma`; any shape.

    >>> focal(torch.tensor([0.5]).log().neg(), gamma=2.0)  # log(2) / 4
    tensor([0.1733])
    """
    missing = -torch.expm1(-cross_entropy)
    # At p = 1 a gamma below 1 has an infinite slope there, which would meet a zero and give no number.
    return missing.clamp_min(torch.finfo(missing.dtype).tiny) ** gamma * cross_entropy
