"""Changed copies of training rows, added once: of all rows, or of rows of rare classes up to a number of texts."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from contracts.errors import join_names
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmenting.pipeline import Pipeline
from datamodules.sources.base import Rows

Name = TypeVar("Name", str, int)

COPIES_FILE = "augmented.csv"
_CHUNK = 4096  # texts augmented per batch
_PATIENCE = 5  # rounds over the texts of a class without a new copy before giving up
_MAX_PATIENCE = 1000  # the same, if texts are selected with a small probability


def add_copies(
    rows: Rows, pipeline: Pipeline, num_copies: int, ratio: float, seed: int, folder: Path, notes: list[str]
) -> Rows:
    """Appends changed copies of all training rows; duplicates of other texts are left out.

    Args:
        rows: Training rows.
        pipeline: Changes the copies.
        num_copies: Copies of each text.
        ratio: Fraction of texts that get each copy.
        seed: Seed of the random streams.
        folder: `augmented.csv` is written to it.
        notes: A line is appended.
    """
    copies = _Copies(rows, pipeline, seed)
    requested = 0
    for copy in range(1, num_copies + 1):
        streams = RandomStreams.from_rows(seed, copy, rows.numbers)
        selected = np.flatnonzero(streams.derive(1_000).uniform() < ratio)
        copies.add(selected, copy)
        requested += len(selected)
    copies.write_csv(folder)
    added = len(copies.texts)
    rest = "" if added == requested else f"; {requested - added} were left out as duplicates of other texts"
    notes.append(f"train: {added} of {requested} requested copies were added to {len(rows.texts)} texts{rest}")
    return copies.append_to_rows()


def add_rare_class_copies(
    rows: Rows, pipeline: Pipeline, below: int | float, up_to: int | None, seed: int, folder: Path, notes: list[str]
) -> Rows:
    """Appends changed copies of texts of rare classes until each class has the target number of texts.

    Classes are filled from the rarest on, and the texts of a class take turns. A copy counts for every label that it
    has: with several labels per text, copies for a rare class may add to a frequent one.

    Args:
        rows: Training rows.
        pipeline: Changes the copies.
        below: Classes with fewer texts are rare; a float is a fraction of the largest class.
        up_to: Texts of a rare class including its copies; None means as many as `below`.
        seed: Seed of the random streams.
        folder: `augmented.csv` is written to it.
        notes: A line is appended, and another for classes that could not be filled.
    """
    labels, counts = rows.to_label_lists(), rows.count_labels()
    before = dict(counts)
    rare, threshold, target = find_rare_classes(counts, below, up_to)
    copies = _Copies(rows, pipeline, seed)
    incomplete = []
    probability = pipeline.selection_probability
    patience = min(_PATIENCE / probability, _MAX_PATIENCE) if probability else 0
    for name in rare:
        of_class = np.array([row for row, of_row in enumerate(labels) if name in of_row], np.int64)
        num_idle, turn = 0, 0
        while counts[name] < target and num_idle < patience:
            turn += 1
            streams = RandomStreams.from_rows(seed, turn, of_class)
            order = np.argsort(streams.derive(1_000).uniform(), kind="stable")
            added = copies.add(of_class[order], turn, target - counts[name])
            counts.update(label for row in added for label in labels[row])
            num_idle = 0 if added else num_idle + 1
        if counts[name] < target:
            incomplete.append(f"{name} ({counts[name]} of {target})")
    copies.write_csv(folder)
    if not rare:
        option = "below" if target >= threshold else "up_to"
        limit = min(threshold, target)
        notes.append(f"train: no class has fewer than {limit} texts, so none was added (--data.augment.{option})")
        return rows
    changes = join_names(f"{name} {before[name]} → {counts[name]}" for name in rare)
    notes.append(
        f"train: {len(copies.texts)} changed copies were added to {len(rare)} of {len(before)} classes: {changes}"
    )
    if incomplete:
        notes.append(f"train: too few different copies could be made for some rare classes: {join_names(incomplete)}")
    return copies.append_to_rows()


def has_copies(folder: Path) -> bool:
    """Whether `augmented.csv` in this folder holds more than its header; reads two lines."""
    with (folder / COPIES_FILE).open(encoding="utf-8") as file:
        return len(list(islice(file, 2))) > 1


def find_rare_classes(counts: Mapping[Name, int], below: int | float, up_to: int | None) -> tuple[list[Name], int, int]:
    """Finds the classes that get copies.

    Args:
        counts: Texts of each class.
        below: Classes with fewer texts are rare; a float is a fraction of the largest class.
        up_to: Texts of a rare class including its copies; None means as many as `below`.

    Returns:
        The classes, rarest first; the number of texts below which a class is rare; the target number of texts.
    """
    threshold = int(np.ceil(round(below * max(counts.values()), 9))) if isinstance(below, float) else below
    target = threshold if up_to is None else up_to
    rare = (name for name in counts if counts[name] < min(threshold, target))
    return sorted(rare, key=lambda name: (counts[name], name)), threshold, target


@dataclass
class _Copies:
    """Collects changed copies of rows that differ from all other texts."""

    rows: Rows
    pipeline: Pipeline
    seed: int
    texts: list[str] = field(default_factory=list)
    originals: list[int] = field(default_factory=list)
    """The row that each copy was made from."""
    changed_by: list[str] = field(default_factory=list)
    """The names of the augmentations that changed each copy."""

    def __post_init__(self) -> None:
        self._seen = set(zip(self.rows.texts, self._select_pairs(range(len(self.rows.texts))), strict=True))

    def add(self, rows: np.ndarray, copy: int, limit: int | None = None) -> list[int]:
        """Changes the texts of rows and keeps up to `limit` new ones; returns the rows of those kept."""
        kept: list[int] = []
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK].tolist()
            streams = RandomStreams.from_rows(self.seed, copy, [self.rows.numbers[row] for row in chunk])
            changed, names = self.pipeline.augment_with_names([self.rows.texts[row] for row in chunk], streams)
            for row, text, pair, name in zip(chunk, changed, self._select_pairs(chunk), names, strict=True):
                if limit is not None and len(kept) == limit:
                    return kept
                if (text, pair) not in self._seen:
                    self._seen.add((text, pair))
                    self.texts.append(text)
                    self.originals.append(row)
                    self.changed_by.append(name)
                    kept.append(row)
        return kept

    def _select_pairs(self, rows: Sequence[int]) -> list[str | None]:
        """Selects the second texts of rows; None for single texts."""
        return [None if self.rows.pairs is None else self.rows.pairs[row] for row in rows]

    def append_to_rows(self) -> Rows:
        """Returns the rows with the copies appended."""
        rows, originals = self.rows, self.rows.select(self.originals)
        pairs = None if rows.pairs is None or originals.pairs is None else rows.pairs + originals.pairs
        labels = [*rows.labels, *originals.labels]
        return Rows(rows.texts + self.texts, labels, pairs, rows.numbers + originals.numbers)

    def write_csv(self, folder: Path) -> None:
        """Writes the copies with their originals to `augmented.csv`."""
        with (folder / COPIES_FILE).open("w", encoding="utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            label_column = "label" if self.rows.is_single_label else "labels"
            writer.writerow(["number", label_column, "original", "text", "augmentation"])
            for row, text, name in zip(self.originals, self.texts, self.changed_by, strict=True):
                label = self.rows.labels[row]
                value = label if isinstance(label, str) else json.dumps(label, ensure_ascii=False)
                writer.writerow([self.rows.numbers[row], value, self.rows.texts[row], text, name])
