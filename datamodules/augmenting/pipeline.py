"""Several augmentations in sequence, each with random streams of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence

from contracts.errors import DataError
from datamodules.augmentations.base import Augmentation, Labels
from datamodules.augmentations.primitives.random_streams import RandomStreams

_MAX_GROWTH = 16
_MAX_MORE = 100_000  # characters


class Pipeline:
    """Applies augmentations one after the other.

    Args:
        augmentations: Augmentations in the order of application.
    """

    def __init__(self, augmentations: Sequence[Augmentation]) -> None:
        self.augmentations = list(augmentations)

    def fit(self, texts: Sequence[str], labels: Labels) -> None:
        """Fits each augmentation to the training texts."""
        for augmentation in self.augmentations:
            augmentation.fit(texts, labels)

    @property
    def selection_probability(self) -> float:
        """The probability that a text is selected by at least one augmentation."""
        return 1 - math.prod(1 - augmentation.p for augmentation in self.augmentations)

    @property
    def needs_fit(self) -> bool:
        """Whether any of them collects statistics of the training texts."""
        return any(type(augmentation).fit is not Augmentation.fit for augmentation in self.augmentations)

    def augment(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Applies all augmentations to a batch of texts."""
        originals = texts
        for number, augmentation in enumerate(self.augmentations):
            texts = augmentation.augment(texts, streams.derive(number))
            _check_growth(originals, texts, augmentation)
        return texts

    def augment_with_names(self, texts: list[str], streams: RandomStreams) -> tuple[list[str], list[str]]:
        """Applies all augmentations; returns the texts, and for each the names of those that changed it.

        The names are joined by `+`.
        """
        names: list[list[str]] = [[] for _ in texts]
        for number, augmentation in enumerate(self.augmentations):
            before, texts = texts, augmentation.augment(texts, streams.derive(number))
            for i, (old, new) in enumerate(zip(before, texts, strict=True)):
                if old != new:
                    names[i].append(type(augmentation).__name__)
        return texts, ["+".join(of_text) for of_text in names]


def _check_growth(before: list[str], after: list[str], augmentation: Augmentation) -> None:
    """Raises `DataError` if texts explode, by the augmentations of a checkpoint from an unknown author.

    Args:
        before: The texts before all augmentations.
        after: The texts after some of them.
        augmentation: The last of these.
    """
    if sum(map(len, after)) > _MAX_GROWTH * sum(map(len, before)) + _MAX_MORE:
        raise DataError(f"{type(augmentation).__name__} makes texts more than {_MAX_GROWTH} times longer")
