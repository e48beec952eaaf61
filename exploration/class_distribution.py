"""How often each class occurs, and which labels come together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from exploration.corpus import Corpus

_FEW = 20  # texts, below which a class can hardly be learned


@dataclass(frozen=True)
class ClassDistribution:
    """Figures of one data set.

    Args:
        names: Labels of all splits, by their training texts, most first.
        counts: Texts of each label, in the order of `names`, by split.
        texts: Texts of each split.
        ratio: Training texts of the largest class for each one of the smallest.
        effective_classes: How many equally large classes would be as uncertain (the exponential of the entropy).
        few: Classes with fewer than 20 training texts.
        unseen: Labels that training lacks, and the rows elsewhere that carry them.
        labels_per_text: By split, how many texts carry 0, 1, 2 … labels; for multi-label data only.
        together: Pairs of labels with the training texts that carry both, and how many times more that is than if
            labels came independently; most texts first.
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
    """Counts labels in every split.

    Args:
        corpus: Its test labels are counted and no more.
    """
    by_split = {split: Counter(label for row in rows for label in row) for split, rows in corpus.label_sets.items()}
    train = by_split["train"]
    names = sorted({label for counts in by_split.values() for label in counts}, key=lambda name: (-train[name], name))
    known = np.asarray([train[name] for name in names if train[name]], float)
    shares = known / known.sum() if len(known) else known
    unseen: Counter[str] = Counter()
    for split, counts in by_split.items():
        if split != "train":
            unseen.update({label: count for label, count in counts.items() if not train[label]})
    several = corpus.task == "multi_label"
    return ClassDistribution(
        names=names,
        counts={split: [counts[name] for name in names] for split, counts in by_split.items()},
        texts={split: len(rows) for split, rows in corpus.label_sets.items()},
        ratio=float(known.max() / known.min()) if len(known) else 1.0,
        effective_classes=float(np.exp(-(shares * np.log(shares)).sum())),
        few=[name for name in names if 0 < train[name] < _FEW],
        unseen=dict(unseen.most_common()),
        labels_per_text={
            split: np.bincount([len(row) for row in rows], minlength=1).tolist()
            for split, rows in corpus.label_sets.items()
        }
        if several
        else {},
        together=_together(corpus.label_sets["train"], train) if several else [],
    )


def _together(rows: list[tuple[str, ...]], counts: Counter[str]) -> list[tuple[str, str, int, float]]:
    pairs = Counter(pair for row in rows for pair in combinations(row, 2))
    return [
        (first, second, count, count * len(rows) / (counts[first] * counts[second]))
        for (first, second), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:15]
    ]
