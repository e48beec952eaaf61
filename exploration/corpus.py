"""The labeled texts of a source in the splits that `train.py` would use, and the rows as read from the source."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from contracts.text_spec import Task
from datamodules.preparation.missing_splits import create_missing_splits
from datamodules.preparation.options import PreparationOptions
from datamodules.preparation.row_checks import handle_empty_texts
from datamodules.sources.base import SPLIT_NAMES, Rows, Source, SplitName


@dataclass(frozen=True)
class Corpus:
    """Labeled texts in splits.

    Args:
        name: Name of the source.
        task: `single_label` or `multi_label`.
        splits: The splits that `train.py` would use: without empty texts, with missing splits split off training.
        source_rows: All rows that the source returned, in its own splits.
        notes: Notes on dropped rows and created splits, one sentence each.
        folds_available: Whether `--data.num_folds` can be set: neither it nor `--data.few_shot` is set.
    """

    name: str
    task: Task
    splits: dict[SplitName, Rows]
    source_rows: dict[SplitName, Rows] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    folds_available: bool = True

    @cached_property
    def texts(self) -> dict[SplitName, list[str]]:
        """Texts by split; the two texts of a pair are joined by a tab."""
        return {name: rows.join_pairs() for name, rows in self.splits.items()}

    @cached_property
    def label_sets(self) -> dict[SplitName, list[tuple[str, ...]]]:
        """Sorted labels of each text by split; exactly one per text for single-label data."""
        return {
            name: [(row,) if isinstance(row, str) else tuple(sorted(set(row))) for row in rows.labels]
            for name, rows in self.splits.items()
        }

    @cached_property
    def label_names(self) -> list[str]:
        """Labels of the training split, sorted."""
        return sorted({label for row in self.label_sets["train"] for label in row})

    def build_label_matrix(self, split: SplitName) -> np.ndarray:
        """Returns bool `(rows, classes)`: whether a text of the split has a label of the training split."""
        columns = {label: column for column, label in enumerate(self.label_names)}
        cells = [
            (row, columns[label])
            for row, labels in enumerate(self.label_sets[split])
            for label in labels
            if label in columns
        ]
        matrix = np.zeros((len(self.label_sets[split]), len(columns)), bool)
        if cells:
            matrix[tuple(np.asarray(cells).T)] = True
        return matrix


def read_corpus(source: Source, options: PreparationOptions) -> Corpus:
    """Reads a source and splits it as `train.py` would.

    Args:
        source: Source of the rows.
        options: Preparation options; empty texts are dropped and counted even if training would reject them.

    Raises:
        DataError: The rows cannot be read, or the training split is empty.
    """
    source_rows = source.read()
    lenient = replace(options, empty="keep" if options.empty == "keep" else "drop")
    notes: list[str] = []
    non_empty = {name: handle_empty_texts(name, rows, lenient, notes) for name, rows in source_rows.items()}
    splits = create_missing_splits(non_empty, lenient, notes)
    in_order = {name: source_rows[name] for name in SPLIT_NAMES if name in source_rows}
    folds_available = options.num_folds is None and options.few_shot is None
    return Corpus(source.name, source.detect_task(), splits, in_order, notes, folds_available)
