"""Large classes cut until none is far larger than the smallest; other texts of them in each epoch."""

from __future__ import annotations

import numpy as np

from datamodules.samplers.resampled import ClassResampler


class UnderSampled(ClassResampler):
    """No text more than once an epoch, and of large classes only some, other ones in each epoch.

    An epoch is shorter than the training split: with `ratio` 1 as long as the number of classes times the smallest one.
    A text with several labels counts for its rarest; those with none form a class of their own.
    """

    @staticmethod
    def quotas(sizes: np.ndarray, ratio: float) -> np.ndarray:
        """Large classes are lowered."""
        return np.minimum(sizes, np.floor(sizes.min() * ratio))
