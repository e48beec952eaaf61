"""Computes texts per class and split, imbalance, and label co-occurrence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from exploration.corpus import Corpus

FEW_TEXTS = 20  # training texts, below which a class is too small to train
_MAX_PAIRS = 15


@dataclass(frozen=True)
class ClassDistribution:
    """Class counts of one corpus.

    Args:
        names: Labels of all splits, by training texts in descending order.
        counts: By split, texts of each label in the order of `names`.
        texts: Texts of each split.
        ratio: Imbalance ratio: training texts of the largest class divided by those of the smallest.
        effective_classes: Number of equally large classes with the same entropy (exponential of the entropy).
        few: Classes with fewer than 20 training texts.
        unseen: Labels that do not occur in training, with the number of rows of other splits that have them.
        labels_per_text: By split, the number of texts with 0, 1, 2 … labels; empty for single-label data.
        together: Label pairs, training texts with both, and the lift: that count divided by the count expected if
            labels were independent; by count in descending order.
    """

    names: list[str]
    counts: dict[str, list[int]]
    texts: dict[str, int]
    ratio: float
    effective_classes: float
    few: list[str]
    unseen: dict[str, int]
    labels_per_text: dict[str, list[int]]
    together: list[tuple[str, str, int, float]]


def count_classes(corpus: Corpus) -> ClassDistribution:
    """Computes the class distribution of every split.

    Args:
        corpus: The labels; test labels are counted only.
    """
    by_split = {split: Counter(label for row in rows for label in row) for split, rows in corpus.label_sets.items()}
    train = by_split["train"]
    names = sorted({label for counts in by_split.values() for label in counts}, key=lambda name: (-train[name], name))
    train_counts = np.asarray([train[name] for name in names if train[name]], float)
    ratios = train_counts / train_counts.sum() if len(train_counts) else train_counts
    unseen: Counter[str] = Counter()
    for split, counts in by_split.items():
        if split != "train":
            unseen.update({label: count for label, count in counts.items() if not train[label]})
    is_multi_label = corpus.task == "multi_label"
    return ClassDistribution(
        names=names,
        counts={split: [counts[name] for name in names] for split, counts in by_split.items()},
        texts={split: len(rows) for split, rows in corpus.label_sets.items()},
        ratio=float(train_counts.max() / train_counts.min()) if len(train_counts) else 1.0,
        effective_classes=float(np.exp(-(ratios * np.log(ratios)).sum())),
        few=[name for name in names if 0 < train[name] < FEW_TEXTS],
        unseen=dict(unseen.most_common()),
        labels_per_text={
            split: np.bincount([len(row) for row in rows], minlength=1).tolist()
            for split, rows in corpus.label_sets.items()
        }
        if is_multi_label
        else {},
        together=_count_label_pairs(corpus.label_sets["train"], train) if is_multi_label else [],
    )


def _count_label_pairs(rows: list[tuple[str, ...]], counts: Counter[str]) -> list[tuple[str, str, int, float]]:
    """Counts the texts that have both labels of a pair, and computes the lift; most frequent pairs first."""
    pairs = Counter(pair for row in rows for pair in combinations(row, 2))
    return [
        (first, second, count, count * len(rows) / (counts[first] * counts[second]))
        for (first, second), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:_MAX_PAIRS]
    ]
