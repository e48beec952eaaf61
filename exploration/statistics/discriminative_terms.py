"""Computes the most discriminative terms of each class by log-odds with an informative Dirichlet prior.

Monroe, Colaresi and Quinn (2008), "Fightin' Words". The prior is the term distribution of all texts, so that a rare
term needs more evidence. Document frequencies are compared rather than term frequencies: otherwise one long text would
decide for its class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exploration.corpus import Corpus
from exploration.statistics.term_matrix import TermMatrix

_NUM_CANDIDATES = 200  # terms by score, among which n-grams that overlap a better one are dropped
_LEAK_RATIO = 0.9
_MIN_LEAK_TEXTS = 20  # texts of a class and of all others, below which a leak may be due to chance


@dataclass(frozen=True)
class DiscriminativeTerms:
    """Discriminative terms and label leaks by class.

    Args:
        kind: Type of the terms, see `TermMatrix`.
        texts: Number of training texts counted.
        terms: By class, its terms with their z-scores, highest first.
        leaks: Terms that may leak the label: class, term, ratio of its texts with the term, and ratio of the
            texts with the term that belong to the class.
    """

    kind: str
    texts: int
    terms: dict[str, list[tuple[str, float]]]
    leaks: list[tuple[str, str, float, float]]


def rank_discriminative_terms(corpus: Corpus, terms: TermMatrix, max_terms: int = 12) -> DiscriminativeTerms:
    """Ranks the terms of each class against all other classes.

    Args:
        corpus: The training labels are used.
        terms: Term counts of the training texts.
        max_terms: Terms to keep of each class.
    """
    label_matrix = corpus.build_label_matrix("train")[terms.rows]
    occurs = terms.counts.copy()
    occurs.data[:] = 1
    by_class = np.asarray((occurs.T @ label_matrix.astype(np.float32)).T, np.float64)  # classes × terms
    overall = np.asarray(occurs.sum(axis=0), np.float64).reshape(-1)
    class_sizes = label_matrix.sum(axis=0)
    ranked: dict[str, list[tuple[str, float]]] = {}
    leaks: list[tuple[str, str, float, float]] = []
    for column, name in enumerate(corpus.label_names):
        scores = compute_log_odds(by_class[column], overall - by_class[column])
        ranked[name] = _select_best(scores, terms, max_terms)
        leaks += _find_leaks(name, by_class[column], overall, int(class_sizes[column]), terms)
    return DiscriminativeTerms(terms.kind, len(terms.rows), ranked, leaks)


def compute_log_odds(inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Computes the z-score of the log-odds ratio of each term between two groups of texts.

    The prior has the total count of the smaller group, distributed as in the union of both groups.

    Args:
        inside: Counts of the terms in the first group.
        outside: Counts of the terms in the second group.

    Returns:
        Float `(terms,)`; positive if the term is more likely inside.

    >>> compute_log_odds(np.array([8.0, 2.0]), np.array([2.0, 8.0])).round(2)
    array([ 2.64, -2.64])
    """
    overall = inside + outside
    total = overall.sum()
    if not total:
        return np.zeros(len(inside))
    prior = overall / total * max(1.0, min(inside.sum(), outside.sum()))
    first, second = inside + prior, outside + prior
    # a term that makes up all of a group has infinite odds; half a term keeps the logarithm finite
    odds = np.log(first / (first.sum() - first + 0.5 * (first.sum() <= first)))
    odds -= np.log(second / (second.sum() - second + 0.5 * (second.sum() <= second)))
    return odds / np.sqrt(1 / first + 1 / second)


def _select_best(scores: np.ndarray, terms: TermMatrix, max_terms: int) -> list[tuple[str, float]]:
    """Returns the terms with the highest positive scores, without n-grams that overlap one with a higher score."""
    num_candidates = min(_NUM_CANDIDATES, len(scores))
    order = np.argpartition(-scores, num_candidates - 1)[:num_candidates] if num_candidates else np.zeros(0, np.int64)
    order = order[np.argsort(-scores[order], kind="stable")]
    best: list[tuple[str, float]] = []
    are_ngrams = terms.kind != "words"
    for column, term in zip(order, terms.get_names(order), strict=True):
        if scores[column] <= 0 or len(best) == max_terms:
            break
        if are_ngrams and (term.isascii() or any(char.isdigit() for char in term)):
            continue  # part of a number, or of a word in another script
        if not are_ngrams or not any(term in other or other in term for other, _ in best):
            best.append((term, float(scores[column])))
    return best


def _find_leaks(
    name: str, inside: np.ndarray, overall: np.ndarray, class_size: int, terms: TermMatrix
) -> list[tuple[str, str, float, float]]:
    """Finds terms in at least 90% of a class and at most 10% of the others, with a precision of at least 90%."""
    num_others = len(terms.rows) - class_size
    if min(class_size, num_others) < _MIN_LEAK_TEXTS:
        return []
    recall, precision = inside / class_size, inside / np.maximum(overall, 1)
    is_rare_outside = overall - inside <= (1 - _LEAK_RATIO) * num_others
    columns = np.flatnonzero((recall >= _LEAK_RATIO) & (precision >= _LEAK_RATIO) & is_rare_outside)[:3]
    return [
        (name, term, float(recall[i]), float(precision[i]))
        for i, term in zip(columns, terms.get_names(columns), strict=True)
    ]
