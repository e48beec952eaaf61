"""Texts that occur more than once: in a split, in two splits, or with two labels."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from datamodules.sources.base import SplitName
from exploration.corpus import Corpus
from exploration.examples import Example, make_example


@dataclass(frozen=True)
class Duplicates:
    """Exact repeats, after white space around a text is trimmed and its characters are composed (NFC).

    Args:
        repeats: By split, texts that have stood in it before.
        shared: For each two splits, `test in train` say, rows of the first whose text also stands in the second.
        shared_texts: The same, each text counted once.
        conflicts: By split, texts that stand in it with two different label sets or more; each text counted once.
        conflict_rows: By split, the rows of these texts.
        shared_conflicts: For each two splits, rows of the first whose text has only other labels in the second.
        repeated: The texts repeated most, with how often they occur in all splits together.
        shared_examples: Some texts of two splits: the row in the one and a row in the other.
        conflict_examples: Some texts with two labels, two rows of each.
    """

    repeats: dict[str, int]
    shared: dict[str, int]
    shared_texts: dict[str, int]
    conflicts: dict[str, int]
    conflict_rows: dict[str, int]
    shared_conflicts: dict[str, int]
    repeated: list[tuple[Example, int]]
    shared_examples: list[tuple[Example, Example]]
    conflict_examples: list[tuple[Example, Example]]


def find_duplicates(corpus: Corpus, most: int = 8) -> Duplicates:
    """Finds texts that are the same.

    Args:
        corpus: Labels of all splits are compared, those of the test split as well.
        most: Examples to keep of each kind.
    """
    texts, labels = number_texts(corpus), _label_numbers(corpus)
    names = list(corpus.splits)
    repeats: dict[str, int] = {}
    conflicts: dict[str, int] = {}
    conflict_rows: dict[str, int] = {}
    conflict_examples: list[tuple[Example, Example]] = []
    for split in names:
        repeats[split] = len(texts[split]) - len(np.unique(texts[split]))
        clashing = _with_two_labels(texts[split], labels[split])
        conflicts[split] = len(clashing)
        conflict_rows[split] = int(np.isin(texts[split], clashing).sum())
        for number in clashing[:most]:
            places = np.flatnonzero(texts[split] == number)
            other = places[labels[split][places] != labels[split][places[0]]][0]
            conflict_examples.append(
                (make_example(corpus, split, places[0], True), make_example(corpus, split, other, True))
            )
    shared, shared_texts, shared_conflicts, shared_examples = {}, {}, {}, []
    for later in range(len(names) - 1, 0, -1):
        for earlier in range(later):
            first, second = names[later], names[earlier]
            both = np.isin(texts[first], texts[second])
            same = np.isin(_paired(texts[first], labels[first]), _paired(texts[second], labels[second]))
            shared[f"{first} in {second}"] = int(both.sum())
            shared_texts[f"{first} in {second}"] = len(np.unique(texts[first][both]))
            shared_conflicts[f"{first} in {second}"] = int((both & ~same).sum())
            for place in np.flatnonzero(both)[:most]:
                twin = int(np.flatnonzero(texts[second] == texts[first][place])[0])
                shared_examples.append(
                    (make_example(corpus, first, place, True), make_example(corpus, second, twin, True))
                )
    return Duplicates(
        repeats, shared, shared_texts, conflicts, conflict_rows, shared_conflicts,
        _most_repeated(corpus, texts, most), shared_examples[: 2 * most], conflict_examples[: 2 * most],
    )  # fmt: skip


def number_texts(corpus: Corpus) -> dict[SplitName, np.ndarray]:
    """A number for each row of each split; the same text has the same one, in the order of first occurrence."""
    numbers: dict[str, int] = {}
    return {
        split: np.fromiter(
            (numbers.setdefault(_plain(text), len(numbers)) for text in texts), np.int64, count=len(texts)
        )
        for split, texts in corpus.texts.items()
    }


def _plain(text: str) -> str:
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _label_numbers(corpus: Corpus) -> dict[SplitName, np.ndarray]:
    numbers: dict[tuple[str, ...], int] = {}
    return {
        split: np.fromiter((numbers.setdefault(row, len(numbers)) for row in rows), np.int64, count=len(rows))
        for split, rows in corpus.label_sets.items()
    }


def _paired(texts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return texts << 32 | labels


def _with_two_labels(texts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    pairs = np.unique(_paired(texts, labels)) >> 32
    numbers, counts = np.unique(pairs, return_counts=True)
    return numbers[counts > 1]


def _most_repeated(corpus: Corpus, texts: dict[SplitName, np.ndarray], most: int) -> list[tuple[Example, int]]:
    counts = np.bincount(np.concatenate(list(texts.values())))
    found = []
    for number in np.argsort(-counts, kind="stable")[:most]:
        if counts[number] < 2:
            break
        split = next(name for name, numbers in texts.items() if (numbers == number).any())
        place = int(np.flatnonzero(texts[split] == number)[0])
        found.append((make_example(corpus, split, place), int(counts[number])))
    return found
