"""Surface changes: contractions written out, and what can be contracted contracted, with no other meaning."""

from __future__ import annotations

import numpy as np

from datamodules.augmentations.base import Augmentation, checked_share
from datamodules.augmentations.primitives.contractions import MARKS, SITES, other_form
from datamodules.augmentations.primitives.random_streams import RandomStreams


class SurfaceChanges(Augmentation):
    """Turns English contractions into their long form and the other way round: "don't" and "do not".

    Only forms with one meaning are touched, where both are good English. Texts in other languages stay as they are.

    Args:
        alpha: The probability of each place in a text where both forms fit, in [0, 1].
        p: The share of texts that are changed, in [0, 1].
    """

    def __init__(self, alpha: float = 0.5, p: float = 1.0) -> None:
        super().__init__(p)
        self.alpha = checked_share("alpha", alpha)

    def change(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Looks closer only at texts with an apostrophe or one of the words."""
        near = [place for place, text in enumerate(texts) if MARKS.search(text)]
        found = {place: sites for place in near if (sites := list(SITES.finditer(texts[place])))}
        if not found:
            return texts
        counts = np.array([len(sites) for sites in found.values()])
        drawn = iter((streams.select(list(found)).uniform_ragged(counts) < self.alpha).tolist())
        result = list(texts)
        for place, sites in found.items():
            text, end, parts = texts[place], 0, []
            for site in sites:
                if next(drawn):
                    parts += [text[end : site.start()], other_form(site[0])]
                    end = site.end()
            result[place] = "".join([*parts, text[end:]])
        return result
