"""The base class of sources: rows per split, and a fingerprint that changes when they do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal

from contracts.rebuildable import Rebuildable
from contracts.text_spec import Task
from datamodules.sources.labels import is_single_label, to_label_lists

SplitName = Literal["train", "validation", "test"]
SPLIT_NAMES: tuple[SplitName, ...] = ("train", "validation", "test")


@dataclass
class Rows:
    """The labelled texts of one split, in the order of their source.

    Args:
        texts: One string per row; empty ones are allowed here and handled later.
        labels: One label name per row, or a list of label names per row (multi-label).
        pairs: The second text of each row, if there is one.
        numbers: Each row's position in its source, from 0; consecutive if not given.
    """

    texts: list[str]
    labels: list[str] | list[list[str]]
    pairs: list[str] | None = None
    numbers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Numbers the rows if they came without numbers."""
        if not self.numbers:
            self.numbers = list(range(len(self.texts)))

    @property
    def is_single_label(self) -> bool:
        """Whether each row has one label, not a list of labels."""
        return is_single_label(self.labels)

    def to_label_lists(self) -> list[list[str]]:
        """Returns the labels of each row as a list, also if there is one label per row."""
        return to_label_lists(self.labels)

    def count_labels(self) -> Counter[str]:
        """Counts the rows with each label."""
        return Counter(self.labels if self.is_single_label else chain.from_iterable(self.labels))  # type: ignore[arg-type]  # of the two list types

    def join_pairs(self) -> list[str]:
        """Returns each text, or both texts of a pair joined by a tab."""
        if self.pairs is None:
            return self.texts
        return [f"{text}\t{pair}" for text, pair in zip(self.texts, self.pairs, strict=True)]

    def select(self, positions: list[int]) -> Rows:
        """Selects rows by position."""
        return Rows(
            [self.texts[i] for i in positions],
            [self.labels[i] for i in positions],  # type: ignore[arg-type]  # one of the two list types, kept as it is
            None if self.pairs is None else [self.pairs[i] for i in positions],
            [self.numbers[i] for i in positions],
        )


class Source(Rebuildable, ABC):
    """Reads labelled texts from somewhere."""

    @property
    @abstractmethod
    def name(self) -> str:
        """A short word for folder names: letters, digits, `_` and `-`."""

    @abstractmethod
    def detect_task(self) -> Task:
        """Detects whether rows have one label or several, without reading all rows.

        Raises:
            DataError: There are no labelled texts.
        """

    def sample_texts(self, max_texts: int = 500) -> list[str]:
        """Reads some training texts from the beginning of the data, quickly; none if that is not possible.

        Args:
            max_texts: Maximum number of texts.
        """
        return []

    def list_splits(self) -> set[SplitName] | None:
        """Lists the splits that `read` returns, without reading rows; None if that is unknown."""
        return None

    def list_files(self) -> list[Path]:
        """Lists the local files that `read` reads, which no command may replace; none by default."""
        return []

    @abstractmethod
    def fingerprint(self) -> str:
        """Computes a string that changes whenever `read` would return something else, much faster than `read`."""

    @abstractmethod
    def read(self) -> dict[SplitName, Rows]:
        """Reads all rows of each split that the source has; `train` is always there.

        Raises:
            DataError: The rows cannot be read as they are.
        """
