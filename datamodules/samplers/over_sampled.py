"""Small classes repeated until none is far smaller than the largest; no text is left out."""

from __future__ import annotations

import numpy as np

from datamodules.samplers.resampled import ClassResampler


class OverSampled(ClassResampler):
    """Every text at least once an epoch, and those of small classes again, in even turns.

    An epoch is longer than the training split: with `ratio` 1 as long as the number of classes times the largest one.
    A text with several labels counts for its rarest; those with none form a class of their own.
    """

    @staticmethod
    def quotas(sizes: np.ndarray, ratio: float) -> np.ndarray:
        """Small classes are raised."""
        return np.maximum(sizes, np.ceil(sizes.max() / ratio))
