"""Online hard example mining: only the texts of a batch with the largest losses are trained on.

Shrivastava et al. 2016, "Training Region-based Object Detectors with Online Hard Example Mining". Unlike theirs, all
texts are kept at first: early losses do not identify the hard texts.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.losses.base import Loss
from lightning_modules.losses.cross_entropy import CrossEntropy


class OHEM(Loss):
    """Applies a loss to the hardest texts of each training batch, and in evaluation to all texts.

    Args:
        spec: Task, label names and class counts of the data.
        base: The loss that ranks the texts and is minimized.
        keep_ratio: Fraction of hardest texts kept per batch, in (0, 1]. At least one text is kept.
        warmup_ratio: Fraction of training during which all texts are kept, in [0, 1]. Above 0 it needs to know how long
            training is: `--trainer.max_epochs` or `--trainer.max_steps`.
    """

    tasks = frozenset({"single_label", "multi_label"})
    progress_needs = f"{Loss.progress_needs}, or a warmup_ratio of 0"

    def __init__(
        self,
        spec: TextSpec,
        /,
        base: Callable[[TextSpec], Loss] = lambda spec: CrossEntropy(spec),
        keep_ratio: float = 0.5,
        warmup_ratio: float = 0.1,
    ) -> None:
        super().__init__()
        if not 0 < keep_ratio <= 1:
            raise UsageError(f"keep_ratio is the fraction of a batch to keep and must be in (0, 1], got {keep_ratio}")
        if not 0 <= warmup_ratio <= 1:
            raise UsageError(
                "warmup_ratio is the fraction of training that keeps all texts and must be in [0, 1], "
                f"got {warmup_ratio}"
            )
        self.base = base(spec)
        self.tasks = self.base.tasks
        self.keep_ratio = keep_ratio
        self.warmup_ratio = warmup_ratio

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Computes the base loss; in training 0 for texts that are not kept, the others scaled to keep their mean."""
        self.base.progress = self._progress
        losses: Tensor = self.base(logits, labels)
        if not self.training or (self.warmup_ratio > 0 and self.progress < self.warmup_ratio):
            return losses
        return keep_hardest(losses, self.keep_ratio)


def keep_hardest(losses: Tensor, keep_ratio: float) -> Tensor:
    """Sets all but the largest losses to 0 and scales these, so that the mean of all is the mean of those kept.

    >>> keep_hardest(torch.tensor([1.0, 4.0, 2.0, 3.0]), keep_ratio=0.5)
    tensor([0., 8., 0., 6.])
    """
    num_kept = max(1, math.ceil(keep_ratio * len(losses) - 1e-6))  # 0.1 * 30 is a little more than 3
    is_kept = torch.zeros_like(losses, dtype=torch.bool)
    is_kept[losses.detach().topk(num_kept).indices] = True
    return torch.where(is_kept, losses * (len(losses) / num_kept), 0.0)
