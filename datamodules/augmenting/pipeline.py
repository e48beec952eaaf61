"""Several augmentations one after the other, each with chances of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence

from datamodules.augmentations.base import Augmentation, Labels
from datamodules.augmentations.primitives.random_streams import RandomStreams


class Pipeline:
    """Changes texts by each augmentation in turn.

    Args:
        augmentations: In their order.
    """

    def __init__(self, augmentations: Sequence[Augmentation]) -> None:
        self.augmentations = list(augmentations)

    def fit(self, texts: Sequence[str], labels: Labels) -> None:
        """Lets each learn what it must know of the training texts."""
        for kind in self.augmentations:
            kind.fit(texts, labels)

    @property
    def chance(self) -> float:
        """The probability that a text is drawn by any of them."""
        return 1 - math.prod(1 - kind.p for kind in self.augmentations)

    @property
    def learns(self) -> bool:
        """Whether any of them learns from the training texts."""
        return any(type(kind).fit is not Augmentation.fit for kind in self.augmentations)

    def augment(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Other texts with the same labels."""
        for number, kind in enumerate(self.augmentations):
            texts = kind.augment(texts, streams.derive(number))
        return texts

    def augment_and_tell(self, texts: list[str], streams: RandomStreams) -> tuple[list[str], list[str]]:
        """As `augment`, and for each text the names of those that changed it, with `+` between them."""
        names: list[list[str]] = [[] for _ in texts]
        for number, kind in enumerate(self.augmentations):
            before, texts = texts, kind.augment(texts, streams.derive(number))
            for place, (old, new) in enumerate(zip(before, texts, strict=True)):
                if old != new:
                    names[place].append(type(kind).__name__)
        return texts, ["+".join(of_one) for of_one in names]
