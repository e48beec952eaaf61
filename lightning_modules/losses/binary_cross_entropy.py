"""Binary cross-entropy for any number of labels per text: each class is predicted independently."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from contracts.text_spec import TextSpec
from lightning_modules.losses.base import Loss
from lightning_modules.losses.class_weights import PositiveWeighting, build_positive_weights
from lightning_modules.losses.cross_entropy import check_label_smoothing


class BinaryCrossEntropy(Loss):
    """The binary cross-entropy of each class, averaged over the classes.

    The mean, not the sum, so that one learning rate fits few classes and many.

    Args:
        spec: Task, label names and class counts of the data.
        label_smoothing: Label smoothing: the fraction by which targets move to 0.5, in [0, 1).
        positive_weights: Weights of positive labels: "inverse", "sqrt" or by label name. "inverse" is texts without the
            label over texts with it, "sqrt" its square root; labels that are not named get 1. All are 1 if None.
    """

    tasks = frozenset({"multi_label"})
    positive_weights: Tensor | None

    def __init__(
        self,
        spec: TextSpec,
        /,
        label_smoothing: float = 0.0,
        positive_weights: PositiveWeighting | dict[str, float] | None = None,
    ) -> None:
        super().__init__()
        check_label_smoothing(label_smoothing)
        self.label_smoothing = label_smoothing
        weights = None if positive_weights is None else build_positive_weights(spec, positive_weights)
        self.register_buffer("positive_weights", weights, persistent=False)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Computes the loss of each text, float `(batch,)` in nats, from logits and labels, both `(batch, classes)`."""
        targets = labels.to(logits.dtype) * (1 - self.label_smoothing) + 0.5 * self.label_smoothing
        losses = F.binary_cross_entropy_with_logits(logits, targets, pos_weight=self.positive_weights, reduction="none")
        return losses.mean(1)
