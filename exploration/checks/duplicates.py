"""Duplicate texts: within a split, across splits, and with conflicting labels."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from datamodules.sources.base import SplitName
from exploration.corpus import Corpus
from exploration.examples import Example, make_example


@dataclass(frozen=True)
class Duplicates:
    """Exact duplicates, after stripping white space and Unicode normalization (NFC).

    Args:
        repeats: By split, rows whose text occurs in an earlier row of the same split.
        shared: For each two splits, such as `test in train`, rows of the first whose text occurs in the second.
        shared_texts: The same as a number of distinct texts.
        conflicts: By split, distinct texts that occur in it with different labels.
        conflict_rows: By split, the rows of these texts.
        shared_conflicts: For each two splits, rows of the first whose text has only other labels in the second.
        repeated: The most frequent texts with their number of occurrences in all splits.
        shared_examples: Some texts that occur in two splits: a row of each.
        conflict_examples: Some texts with conflicting labels: two rows of each.
        removable_rows: By split, rows of the source without which each text occurs once: rows whose text also occurs in
            an earlier row of their split, or in test, or (rows of train) in validation.
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
    removable_rows: dict[str, list[int]]


def find_duplicates(corpus: Corpus, max_examples: int = 8) -> Duplicates:
    """Finds duplicate texts and compares their labels.

    Args:
        corpus: The texts and labels, including test labels.
        max_examples: Number of examples to keep of each type.
    """
    texts, labels = assign_text_ids(corpus), _assign_label_set_ids(corpus)
    names = list(corpus.splits)
    repeats: dict[str, int] = {}
    conflicts: dict[str, int] = {}
    conflict_rows: dict[str, int] = {}
    conflict_examples: list[tuple[Example, Example]] = []
    for split in names:
        repeats[split] = len(texts[split]) - len(np.unique(texts[split]))
        conflicting = _find_conflicting_texts(texts[split], labels[split])
        conflicts[split] = len(conflicting)
        conflict_rows[split] = int(np.isin(texts[split], conflicting).sum())
        for number in conflicting[:max_examples]:
            rows = np.flatnonzero(texts[split] == number)
            other = rows[labels[split][rows] != labels[split][rows[0]]][0]
            conflict_examples.append(
                (make_example(corpus, split, rows[0], True), make_example(corpus, split, other, True))
            )
    shared, shared_texts, shared_conflicts, shared_examples = {}, {}, {}, []
    for later in range(len(names) - 1, 0, -1):
        for earlier in range(later):
            first, second = names[later], names[earlier]
            in_both = np.isin(texts[first], texts[second])
            same_label = np.isin(_pack_pairs(texts[first], labels[first]), _pack_pairs(texts[second], labels[second]))
            shared[f"{first} in {second}"] = int(in_both.sum())
            shared_texts[f"{first} in {second}"] = len(np.unique(texts[first][in_both]))
            shared_conflicts[f"{first} in {second}"] = int((in_both & ~same_label).sum())
            for row in np.flatnonzero(in_both)[:max_examples]:
                other = int(np.flatnonzero(texts[second] == texts[first][row])[0])
                shared_examples.append(
                    (make_example(corpus, first, row, True), make_example(corpus, second, other, True))
                )
    return Duplicates(
        repeats, shared, shared_texts, conflicts, conflict_rows, shared_conflicts,
        _list_most_frequent(corpus, texts, max_examples), shared_examples[: 2 * max_examples],
        conflict_examples[: 2 * max_examples], _list_removable_rows(corpus, texts),
    )  # fmt: skip


def assign_text_ids(corpus: Corpus) -> dict[SplitName, np.ndarray]:
    """Returns the id of the normalized text of each row, by split, int64 `(rows,)`; equal texts have equal ids."""
    ids: dict[str, int] = {}
    return {
        split: np.fromiter(
            (ids.setdefault(_normalize_text(text), len(ids)) for text in texts), np.int64, count=len(texts)
        )
        for split, texts in corpus.texts.items()
    }


def _normalize_text(text: str) -> str:
    """Strips surrounding white space and composes characters (NFC)."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _assign_label_set_ids(corpus: Corpus) -> dict[SplitName, np.ndarray]:
    """Returns the id of the label set of each row, by split, int64 `(rows,)`; equal label sets have equal ids."""
    ids: dict[tuple[str, ...], int] = {}
    return {
        split: np.fromiter((ids.setdefault(row, len(ids)) for row in rows), np.int64, count=len(rows))
        for split, rows in corpus.label_sets.items()
    }


def _pack_pairs(texts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Packs text id and label set id of each row into one integer."""
    return texts << 32 | labels


def _find_conflicting_texts(texts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the ids of the texts that occur with two or more label sets."""
    pairs = np.unique(_pack_pairs(texts, labels)) >> 32
    numbers, counts = np.unique(pairs, return_counts=True)
    return numbers[counts > 1]


def _list_most_frequent(
    corpus: Corpus, texts: dict[SplitName, np.ndarray], max_examples: int
) -> list[tuple[Example, int]]:
    """Lists the texts that occur most often, at least twice, with their number of occurrences."""
    counts = np.bincount(np.concatenate(list(texts.values())))
    frequent = []
    for number in np.argsort(-counts, kind="stable")[:max_examples]:
        if counts[number] < 2:
            break
        split = next(name for name, numbers in texts.items() if (numbers == number).any())
        row = int(np.flatnonzero(texts[split] == number)[0])
        frequent.append((make_example(corpus, split, row), int(counts[number])))
    return frequent


def _list_removable_rows(corpus: Corpus, texts: dict[SplitName, np.ndarray]) -> dict[str, list[int]]:
    """Lists the rows of the source to remove so that each text occurs once; copies in test and validation are kept."""
    removable: dict[str, list[int]] = {}
    for split in texts:
        is_duplicate = np.ones(len(texts[split]), bool)
        is_duplicate[np.unique(texts[split], return_index=True)[1]] = False
        for later in list(texts)[list(texts).index(split) + 1 :]:
            is_duplicate |= np.isin(texts[split], texts[later])
        numbers = np.asarray(corpus.splits[split].numbers, np.int64)
        removable[split] = np.sort(numbers[is_duplicate]).tolist()
    return removable
