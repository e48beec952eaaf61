"""Cross-entropy for one label per text, with label smoothing (Szegedy et al. 2016) and class weights."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.balance.class_weights import Weighting
from lightning_modules.losses.base import Loss
from lightning_modules.losses.class_weights import build_class_weights


class CrossEntropy(Loss):
    """Cross-entropy: the negative log-probability of the label.

    Args:
        spec: Task, label names and class counts of the data.
        label_smoothing: Label smoothing: probability spread evenly over classes, in [0, 1).
        class_weights: Class weights: "inverse", "sqrt", "effective" or by label name. The first three are computed from
            the class counts of the training split ("effective" is the effective number of texts) and have a mean of 1
            over the training texts; labels that are not named get 1. All are 1 if None.
    """

    tasks = frozenset({"single_label"})
    weights: Tensor | None

    def __init__(
        self,
        spec: TextSpec,
        /,
        label_smoothing: float = 0.0,
        class_weights: Weighting | dict[str, float] | None = None,
    ) -> None:
        super().__init__()
        check_label_smoothing(label_smoothing)
        self.label_smoothing = label_smoothing
        weights = None if class_weights is None else build_class_weights(spec, class_weights)
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Computes the loss of each text, float `(batch,)` in nats, from logits `(batch, classes)` and int64 labels."""
        losses = F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing, reduction="none")
        # By the text's own label: torch's `weight` would weigh the smoothed part by each other class instead.
        return losses if self.weights is None else losses * self.weights[labels]


def check_label_smoothing(smoothing: float) -> None:
    """Raises an error for a label smoothing outside [0, 1)."""
    if not 0 <= smoothing < 1:
        raise UsageError(
            f"label_smoothing is a probability spread over all classes and must be in [0, 1), got {smoothing}"
        )
