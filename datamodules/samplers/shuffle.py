"""Every row once per epoch, in random order."""

from __future__ import annotations

import numpy as np

from datamodules.samplers.base import TextSampler


class Shuffle(TextSampler):
    """Draws each text once per epoch, in random order."""

    def draw_rows(self, rng: np.random.Generator, epoch: int) -> np.ndarray:
        """Draws a permutation of the rows."""
        return rng.permutation(len(self.context.labels))
