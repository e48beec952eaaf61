"""Label names of rows as lists, index arrays and indicator matrices, for one or several labels per row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Labels = Sequence[str] | Sequence[list[str]]
"""One label name per row, or a list of label names per row."""


def to_label_indices(labels: Labels) -> tuple[np.ndarray, np.ndarray]:
    """Lists every label of every row: the row's position and the label's index by name; int64 `(entries,)` each.

    >>> to_label_indices([["b"], [], ["a", "b"]])
    (array([0, 2, 2]), array([1, 0, 1]))
    """
    rows = to_label_lists(labels)
    index_of = {name: index for index, name in enumerate(sorted({label for row in rows for label in row}))}
    positions = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    return positions, np.fromiter((index_of[label] for row in rows for label in row), np.int64, len(positions))


def to_indicator_matrix(labels: Labels) -> np.ndarray:
    """Builds the label indicator matrix, bool `(rows, classes)`, the classes sorted by name.

    >>> to_indicator_matrix([["b"], [], ["a", "b"]]).astype(int).tolist()
    [[0, 1], [0, 0], [1, 1]]
    """
    positions, indices = to_label_indices(labels)
    matrix = np.zeros((len(labels), indices.max(initial=-1) + 1), bool)
    matrix[positions, indices] = True
    return matrix


def to_label_lists(labels: Labels) -> list[list[str]]:
    """Returns the labels of each row as a list, also if there is one label per row."""
    return [[label] if isinstance(label, str) else label for label in labels]


def is_single_label(labels: Labels) -> bool:
    """Returns whether each row has one label, not a list of labels."""
    return not labels or isinstance(labels[0], str)
