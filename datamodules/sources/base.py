"""What a source promises: rows per split, and a fingerprint that changes when they do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from contracts.rebuildable import Rebuildable
from contracts.text_spec import Task
from datamodules.sources.labels import is_single_label, to_label_lists

SplitName = Literal["train", "validation", "test"]


@dataclass
class Rows:
    """The labelled texts of one split, in the order of their source.

    Args:
        texts: One string a row; empty ones are allowed here and dealt with later.
        labels: A label name a row, or a list of label names a row where the task is multi-label.
        pairs: The second text of each row, where there is one.
        numbers: Each row's place in its source, counted from 0; counted through where not given.
    """

    texts: list[str]
    labels: list[str] | list[list[str]]
    pairs: list[str] | None = None
    numbers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Counts the rows through where they came without numbers."""
        if not self.numbers:
            self.numbers = list(range(len(self.texts)))

    @property
    def is_single_label(self) -> bool:
        """Whether each row has one label, not a list of them."""
        return is_single_label(self.labels)

    def to_label_lists(self) -> list[list[str]]:
        """The labels of each row, one or several."""
        return to_label_lists(self.labels)

    def count_labels(self) -> Counter[str]:
        """How many rows have each label."""
        return Counter(self.labels if self.is_single_label else chain.from_iterable(self.labels))  # type: ignore[arg-type]  # of the two list types

    def join_pairs(self) -> list[str]:
        """Each text, or both texts of a pair with a tab between them."""
        if self.pairs is None:
            return self.texts
        return [f"{text}\t{pair}" for text, pair in zip(self.texts, self.pairs, strict=True)]

    def select(self, places: list[int]) -> Rows:
        """The rows at these places."""
        return Rows(
            [self.texts[i] for i in places],
            [self.labels[i] for i in places],  # type: ignore[arg-type]  # one of the two list types, kept as it is
            None if self.pairs is None else [self.pairs[i] for i in places],
            [self.numbers[i] for i in places],
        )


class Source(Rebuildable, ABC):
    """Labelled texts from somewhere."""

    @property
    @abstractmethod
    def name(self) -> str:
        """A short word for folders: letters, digits, `_` and `-`."""

    @abstractmethod
    def detect_task(self) -> Task:
        """The kind of labels, found out without reading all rows.

        Raises:
            DataError: There is nothing there that could be labelled texts.
        """

    @abstractmethod
    def fingerprint(self) -> str:
        """Changes whenever `read` would return something else; costs far less than `read`."""

    @abstractmethod
    def read(self) -> dict[SplitName, Rows]:
        """All rows. A split that the source does not have is left out; `train` is always there.

        Raises:
            DataError: The rows cannot be read as they are.
        """
