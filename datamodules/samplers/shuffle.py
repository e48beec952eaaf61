"""Every row once, in random order."""

from __future__ import annotations

import numpy as np

from datamodules.samplers.base import TextSampler


class Shuffle(TextSampler):
    """Each text once an epoch, in random order."""

    def draw_rows(self, rng: np.random.Generator, epoch: int) -> np.ndarray:
        """A permutation of the rows."""
        return rng.permutation(len(self.context.labels))
