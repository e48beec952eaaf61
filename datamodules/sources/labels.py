"""Label names of rows as lists, index arrays and 0/1 tables, for one or several labels per row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Labels = Sequence[str] | Sequence[list[str]]
"""One label name per row, or a list of label names per row."""


def to_label_indices(labels: Labels) -> tuple[np.ndarray, np.ndarray]:
    """Every label of every row: the row's place and the label's number, in order of name; int64 `(entries,)` each.

    >>> to_label_indices([["b"], [], ["a", "b"]])
    (array([0, 2, 2]), array([1, 0, 1]))
    """
    rows = to_label_lists(labels)
    number = {name: place for place, name in enumerate(sorted({label for row in rows for label in row}))}
    places = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    return places, np.fromiter((number[label] for row in rows for label in row), np.int64, len(places))


def to_indicator_matrix(labels: Labels) -> np.ndarray:
    """Zeros and ones, bool `(rows, classes)`, the classes in order of name.

    >>> to_indicator_matrix([["b"], [], ["a", "b"]]).astype(int).tolist()
    [[0, 1], [0, 0], [1, 1]]
    """
    places, numbers = to_label_indices(labels)
    table = np.zeros((len(labels), numbers.max(initial=-1) + 1), bool)
    table[places, numbers] = True
    return table


def to_label_lists(labels: Labels) -> list[list[str]]:
    """The labels of each row, one or several."""
    return [[label] if isinstance(label, str) else label for label in labels]


def is_single_label(labels: Labels) -> bool:
    """Whether each row has one label, not a list of them."""
    return not labels or isinstance(labels[0], str)
