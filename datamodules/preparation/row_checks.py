"""Checks rows before they are encoded: empty texts, the label names of training, labels that are not in training."""

from __future__ import annotations

from collections import Counter

from contracts.errors import DataError, join_names
from datamodules.preparation.options import PreparationOptions
from datamodules.sources.base import Rows
from datamodules.sources.similar_labels import group_similar_labels


def handle_empty_texts(name: str, rows: Rows, options: PreparationOptions, notes: list[str]) -> Rows:
    """Drops or keeps rows with empty texts, or raises `DataError`, as `options.empty` specifies.

    Texts of white space only are empty too.

    Args:
        name: Name of the split.
        rows: Rows of the split.
        options: `empty` is read.
        notes: A line on the dropped rows is appended.

    Raises:
        DataError: There are empty texts and `empty` is "refuse".
    """
    empty = {position for position, text in enumerate(rows.texts) if not text or text.isspace()}
    if not empty or options.empty == "keep":
        return rows
    numbers = join_names(str(rows.numbers[position]) for position in sorted(empty)[:5])
    found = f"{len(empty):,} of {len(rows.texts):,} texts"
    if options.empty == "refuse":
        raise DataError(
            f"{name}: {found} are empty (rows {numbers}, counted from 0); fix them, or choose --data.empty drop or keep"
        )
    notes.append(f"{name}: {found} dropped because they are empty (rows {numbers}, counted from 0; --data.empty)")
    return rows.select([position for position in range(len(rows.texts)) if position not in empty])


def collect_label_names(train: Rows, notes: list[str]) -> list[str]:
    """Returns the sorted training labels; appends warnings on similar and rare labels to `notes`.

    Args:
        train: The training rows.
        notes: Lines on similar names and on classes with one text are appended.

    Raises:
        DataError: There are fewer than two labels (one if a text may have none).
    """
    counts = train.count_labels()
    names = sorted(counts)
    if len(names) < (2 if train.is_single_label else 1):
        found = f"only {names[0]!r}" if names else "none"
        raise DataError(
            f"the training split must have at least two different labels, got {found}. "
            "Check --data.source.label_column, or add texts of another class."
        )
    for similar in group_similar_labels(names):
        notes.append(
            f"train: labels {', '.join(map(repr, similar))} are treated as different classes; are they meant as one?"
        )
    single = [name for name in names if counts[name] == 1]
    if single:
        notes.append(f"train: {len(single)} of {len(names)} classes have only one training text: {join_names(single)}")
    return names


def handle_unseen_labels(
    name: str, rows: Rows, names: list[str], options: PreparationOptions, notes: list[str]
) -> Rows:
    """Drops rows with labels that do not occur in training, or raises `DataError` if `unseen_labels` is "refuse".

    Args:
        name: Name of the split.
        rows: Rows of the split.
        names: The label names of training.
        options: `unseen_labels` is read.
        notes: A line on the dropped rows is appended.

    Raises:
        DataError: There are other labels and `unseen_labels` is "refuse", or no row is left.
    """
    known = set(names)
    unseen = Counter({label: count for label, count in rows.count_labels().items() if label not in known})
    if not unseen:
        return rows
    has_unseen = [not known.issuperset(labels) for labels in rows.to_label_lists()]
    labels = join_names(f"{label!r} ({count})" for label, count in unseen.most_common())
    found = f"{sum(has_unseen)} of {len(has_unseen)} rows"
    what = f"{len(unseen)} label{'s' * (len(unseen) != 1)} that are not in the training split: {labels}"
    if options.unseen_labels == "refuse":
        raise DataError(
            f"{name}: {found} have {what}. The training split has: {join_names(map(repr, names))}. "
            "Fix the labels, add such texts to training, or drop these rows with --data.unseen_labels drop."
        )
    kept = rows.select([position for position, is_unseen in enumerate(has_unseen) if not is_unseen])
    if not kept.texts:
        raise DataError(f"{name}: {found} have {what}. No row is left.")
    notes.append(f"{name}: {found} dropped because they have {what}")
    return kept
