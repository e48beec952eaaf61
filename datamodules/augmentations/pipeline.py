"""Several augmentations one after the other, each with chances of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence

from datamodules.augmentations.base import Augmentation, Labels
from datamodules.augmentations.draws import Draws


class Pipeline:
    """Changes texts by each augmentation in turn.

    Args:
        kinds: In their order.
    """

    def __init__(self, kinds: Sequence[Augmentation]) -> None:
        self.kinds = list(kinds)

    def fit(self, texts: Sequence[str], labels: Labels) -> None:
        """Lets each learn what it must know of the training texts."""
        for kind in self.kinds:
            kind.fit(texts, labels)

    @property
    def chance(self) -> float:
        """The probability that a text is drawn by any of them."""
        return 1 - math.prod(1 - kind.p for kind in self.kinds)

    @property
    def learns(self) -> bool:
        """Whether any of them learns from the training texts."""
        return any(type(kind).fit is not Augmentation.fit for kind in self.kinds)

    def augment(self, texts: list[str], draws: Draws) -> list[str]:
        """Other texts with the same labels."""
        for number, kind in enumerate(self.kinds):
            texts = kind.augment(texts, draws.branch(number))
        return texts

    def augment_and_tell(self, texts: list[str], draws: Draws) -> tuple[list[str], list[str]]:
        """As `augment`, and for each text the names of those that changed it, with `+` between them."""
        names: list[list[str]] = [[] for _ in texts]
        for number, kind in enumerate(self.kinds):
            before, texts = texts, kind.augment(texts, draws.branch(number))
            for place, (old, new) in enumerate(zip(before, texts, strict=True)):
                if old != new:
                    names[place].append(type(kind).__name__)
        return texts, ["+".join(of_one) for of_one in names]
