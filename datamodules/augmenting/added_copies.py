"""Changed copies of training rows, added to them once: of all, or of rare classes up to a number of texts."""

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
_CHUNK = 4096  # texts changed at once
_PATIENCE = 5  # changes of each of a class's texts that may give nothing new before it is let be
_MOST_IDLE = 1000  # rounds over them


def add_copies(
    rows: Rows, pipeline: Pipeline, copies: int, share: float, seed: int, folder: Path, notes: list[str]
) -> Rows:
    """Adds changed copies of every text; one that is like a text already there is left out.

    Args:
        rows: Of training.
        pipeline: Changes them.
        copies: Of each text.
        share: Of the texts that get each copy.
        seed: Of all chance.
        folder: Gets `augmented.csv`.
        notes: Gets a line.
    """
    copied = _Copied(rows, pipeline, seed)
    wanted = 0
    for copy in range(1, copies + 1):
        streams = RandomStreams.from_rows(seed, copy, rows.numbers)
        chosen = np.flatnonzero(streams.derive(1_000).uniform() < share)
        copied.add(chosen, copy)
        wanted += len(chosen)
    copied.write(folder)
    made = len(copied.texts)
    rest = "" if made == wanted else f"; the other {wanted - made} came out as they were, or like a text already there"
    notes.append(f"train: {made} changed copies of the {wanted} asked for were added to {len(rows.texts)} texts{rest}")
    return copied.together()


def add_rare_class_copies(
    rows: Rows, pipeline: Pipeline, below: int | float, up_to: int | None, seed: int, folder: Path, notes: list[str]
) -> Rows:
    """Adds changed copies of the texts of rare classes, until each has as many as it should.

    Classes come from the rarest on, the texts of a class take turns, and a copy counts for every label that it carries:
    with several labels a text, a frequent one may be carried along.

    Args:
        rows: Of training.
        pipeline: Changes them.
        below: Texts of a class that is not rare; a float is a share of the largest class's.
        up_to: Texts of a rare class and its copies; None is as many as `below` means.
        seed: Of all chance.
        folder: Gets `augmented.csv`.
        notes: Gets a line, and one for what could not be reached.
    """
    labels, counts = rows.to_label_lists(), rows.count_labels()
    before = dict(counts)
    rare, least, target = find_rare_classes(counts, below, up_to)
    copied = _Copied(rows, pipeline, seed)
    short = []
    for name in rare:
        mine = np.array([place for place, of_one in enumerate(labels) if name in of_one], np.int64)
        idle, turn = 0, 0
        patience = min(_PATIENCE / pipeline.chance, _MOST_IDLE) if pipeline.chance else 0
        while counts[name] < target and idle < patience:
            turn += 1
            order = np.argsort(RandomStreams.from_rows(seed, turn, mine).derive(1_000).uniform(), kind="stable")
            added = copied.add(mine[order], turn, target - counts[name])
            counts.update(label for place in added for label in labels[place])
            idle = 0 if added else idle + 1
        if counts[name] < target:
            short.append(f"{name} ({counts[name]} of {target})")
    copied.write(folder)
    if not rare:
        option = "below" if target >= least else "up_to"
        notes.append(
            f"train: no class has fewer than {min(least, target)} texts, so none was added (--data.augment.{option})"
        )
        return rows
    told = join_names(f"{name} {before[name]} → {counts[name]}" for name in rare)
    notes.append(f"train: {copied.told()} were added to {len(rare)} of {len(before)} classes: {told}")
    if short:
        notes.append(f"train: the texts of some rare classes could not be changed in enough ways: {join_names(short)}")
    return copied.together()


def has_copies(folder: Path) -> bool:
    """Whether the list in this folder holds more than its heading; reads no further."""
    with (folder / COPIES_FILE).open(encoding="utf-8") as file:
        return len(list(islice(file, 2))) > 1


def find_rare_classes(counts: Mapping[Name, int], below: int | float, up_to: int | None) -> tuple[list[Name], int, int]:
    """The classes that get copies, rarest first; how many texts make a class no longer rare; and how many each gets.

    Args:
        counts: Texts of each class.
        below: Texts of a class that is not rare; a float is a share of the largest class's.
        up_to: Texts of a rare class and its copies; None is as many as `below` means.
    """
    least = int(np.ceil(round(below * max(counts.values()), 9))) if isinstance(below, float) else below
    target = least if up_to is None else up_to
    rare = (name for name in counts if counts[name] < min(least, target))
    return sorted(rare, key=lambda name: (counts[name], name)), least, target


@dataclass
class _Copied:
    """The copies so far."""

    rows: Rows
    pipeline: Pipeline
    seed: int
    texts: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._known = set(zip(self.rows.texts, self._pairs(range(len(self.rows.texts))), strict=True))

    def add(self, places: np.ndarray, copy: int, most: int | None = None) -> list[int]:
        """Changes the texts at these places, and keeps what is new; gives the places of those kept."""
        kept: list[int] = []
        for start in range(0, len(places), _CHUNK):
            chunk = places[start : start + _CHUNK].tolist()
            streams = RandomStreams.from_rows(self.seed, copy, [self.rows.numbers[place] for place in chunk])
            changed, kinds = self.pipeline.augment_and_tell([self.rows.texts[place] for place in chunk], streams)
            for place, text, pair, kind in zip(chunk, changed, self._pairs(chunk), kinds, strict=True):
                if most is not None and len(kept) == most:
                    return kept
                if (text, pair) not in self._known:
                    self._known.add((text, pair))
                    self.texts.append(text)
                    self.places.append(place)
                    self.kinds.append(kind)
                    kept.append(place)
        return kept

    def _pairs(self, places: Sequence[int]) -> list[str | None]:
        return [None if self.rows.pairs is None else self.rows.pairs[place] for place in places]

    def told(self) -> str:
        return f"{len(self.texts)} changed copies"

    def together(self) -> Rows:
        rows, copies = self.rows, self.rows.select(self.places)
        pairs = None if rows.pairs is None or copies.pairs is None else rows.pairs + copies.pairs
        labels = [*rows.labels, *copies.labels]
        return Rows(rows.texts + self.texts, labels, pairs, rows.numbers + copies.numbers)

    def write(self, folder: Path) -> None:
        with (folder / COPIES_FILE).open("w", encoding="utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["number", "label" if self.rows.is_single_label else "labels", "original", "text", "kind"])
            for place, text, kind in zip(self.places, self.texts, self.kinds, strict=True):
                label = self.rows.labels[place]
                said = label if isinstance(label, str) else json.dumps(label, ensure_ascii=False)
                writer.writerow([self.rows.numbers[place], said, self.rows.texts[place], text, kind])
