"""The texts as `train.py` would get them, beside the rows as they were found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from contracts.text_spec import Task
from datamodules.preparation.prepare import SPLITS, PreparationOptions, create_missing_splits, drop_empty_texts
from datamodules.sources.base import Rows, Source, SplitName


@dataclass(frozen=True)
class Corpus:
    """Labelled texts in splits.

    Args:
        name: Of the source.
        task: One label a text, or any number of them.
        splits: What `train.py` would use: texts of white space left out, missing splits cut off.
        found: All rows that the source gave, in its own splits.
        notes: What was left out and cut off, in plain words.
    """

    name: str
    task: Task
    splits: dict[SplitName, Rows]
    found: dict[SplitName, Rows] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def texts(self) -> dict[SplitName, list[str]]:
        """The strings of each split; a pair is one string with a tab between its halves."""
        return {name: rows.join_pairs() for name, rows in self.splits.items()}

    @cached_property
    def label_sets(self) -> dict[SplitName, list[tuple[str, ...]]]:
        """The sorted labels of each text, one of them where the task is single-label."""
        return {
            name: [(row,) if isinstance(row, str) else tuple(sorted(set(row))) for row in rows.labels]
            for name, rows in self.splits.items()
        }

    @cached_property
    def label_names(self) -> list[str]:
        """The labels of training, sorted."""
        return sorted({label for row in self.label_sets["train"] for label in row})

    def carries(self, split: SplitName) -> np.ndarray:
        """Bool `(rows, classes)`: which text carries which label of training."""
        places = {label: place for place, label in enumerate(self.label_names)}
        found = [
            (row, places[label])
            for row, labels in enumerate(self.label_sets[split])
            for label in labels
            if label in places
        ]
        carried = np.zeros((len(self.label_sets[split]), len(places)), bool)
        if found:
            carried[tuple(np.asarray(found).T)] = True
        return carried


def read_corpus(source: Source, choices: PreparationOptions) -> Corpus:
    """Reads a source and cuts it as `train.py` would.

    Args:
        source: Where the rows come from.
        choices: As for training; empty texts are left out and counted where training would refuse them.

    Raises:
        DataError: The rows cannot be read, or there is nothing to learn from.
    """
    found = source.read()
    lenient = replace(choices, empty="keep" if choices.empty == "keep" else "drop")
    notes: list[str] = []
    filled = {name: drop_empty_texts(name, rows, lenient, notes) for name, rows in found.items()}
    splits = create_missing_splits(filled, lenient, notes)
    return Corpus(
        source.name, source.detect_task(), splits, {name: found[name] for name in SPLITS if name in found}, notes
    )
