"""Focal loss: texts that are classified correctly with confidence contribute little.

Lin et al. 2017, "Focal Loss for Dense Object Detection". For several labels per text it is theirs, one
binary decision per class; for one label per text the probability is the softmax's. Unlike theirs it is a mean over
classes, as in `BinaryCrossEntropy`.
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
    """Cross-entropy times `(1 - p) ** gamma`, `p` being the probability of the true label.

    Args:
        spec: Task, label names and class counts of the data.
        gamma: Focusing parameter, 0 or more; 0 is cross-entropy. A larger value down-weights easy texts more.
        alpha: Class weights: "inverse", "sqrt", "effective" or by label name. The first three are computed from the
            class counts of the training split. For several labels per text they are the weights of positive labels,
            without "effective", and a number in (0, 1) weighs each positive label by itself, each negative one by 1
            minus it.
    """

    tasks = frozenset({"single_label", "multi_label"})
    weights: Tensor | None
    negative_weight: float = 1.0

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
        self.is_single_label = spec.task == "single_label"
        self.register_buffer("weights", self._build_weights(spec, alpha), persistent=False)
        if isinstance(alpha, float | int):
            self.negative_weight = 1.0 - alpha

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Computes the loss of each text, float `(batch,)` in nats; labels as in `Loss.forward`."""
        if self.is_single_label:
            losses = focal_loss(F.cross_entropy(logits, labels, reduction="none"), self.gamma)
            return losses if self.weights is None else losses * self.weights[labels]
        labels = labels.to(logits.dtype)
        losses = focal_loss(F.binary_cross_entropy_with_logits(logits, labels, reduction="none"), self.gamma)
        if self.weights is not None:
            losses = losses * torch.where(labels > 0, self.weights, self.negative_weight)
        return losses.mean(1)

    def _build_weights(self, spec: TextSpec, alpha: float | Weighting | dict[str, float] | None) -> Tensor | None:
        """Builds the class weights, or the weights of positive labels, from `alpha`."""
        if alpha is None:
            return None
        if isinstance(alpha, float | int):
            if self.is_single_label or not 0 < alpha < 1:
                raise UsageError(
                    "as a number, alpha weighs positive against negative labels and must be in (0, 1), for several "
                    f"labels per text only; got {alpha}. "
                    'For one label per text give "inverse", "sqrt", "effective" or weights by label name.'
                )
            return torch.full((spec.num_classes,), float(alpha))
        if self.is_single_label:
            return build_class_weights(spec, alpha)
        if alpha == "effective":
            raise UsageError(
                'alpha "effective" is for one label per text; for several give "inverse", "sqrt" or a number'
            )
        return build_positive_weights(spec, alpha)


def focal_loss(cross_entropy: Tensor, gamma: float) -> Tensor:
    """Scales a cross-entropy, `-log(p)` in nats, by `(1 - p) ** gamma`; any shape.

    >>> focal_loss(torch.tensor([0.5]).log().neg(), gamma=2.0)  # log(2) / 4
    tensor([0.1733])
    """
    error_probability = -torch.expm1(-cross_entropy)  # 1 - p
    # At p = 1 a gamma below 1 has an infinite slope there, which times a zero would be NaN.
    return error_probability.clamp_min(torch.finfo(error_probability.dtype).tiny) ** gamma * cross_entropy
