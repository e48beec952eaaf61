"""The terms that tell a class from all others: log-odds with an informative Dirichlet prior.

Monroe, Colaresi and Quinn (2008), "Fightin' Words". The prior is what all texts hold, so that a rare term needs more
evidence. Counted are texts that hold a term rather than its occurrences, or one long text would speak for its class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exploration.corpus import Corpus
from exploration.term_matrix import TermMatrix

_FIRST = 200  # terms by score, among which those inside longer ones are left out


@dataclass(frozen=True)
class DiscriminativeTerms:
    """Terms of each class.

    Args:
        kind: What terms are.
        texts: Training texts looked at.
        terms: By class, its terms with their z-scores, most telling first.
        leaks: Terms that nearly give a class away: class, term, share of its texts that hold it, and share of the
            texts holding it that are of the class.
    """

    kind: str
    texts: int
    terms: dict[str, list[tuple[str, float]]]
    leaks: list[tuple[str, str, float, float]]


def rank_discriminative_terms(corpus: Corpus, terms: TermMatrix, most: int = 12) -> DiscriminativeTerms:
    """Ranks terms for each class.

    Args:
        corpus: Labels of its training split are looked at.
        terms: Of its training texts.
        most: Terms to keep of each class.
    """
    carried = corpus.carries("train")[terms.rows]
    held = terms.counts.copy()
    held.data[:] = 1
    inside = np.asarray((held.T @ carried.astype(np.float32)).T, np.float64)  # classes × terms
    overall = np.asarray(held.sum(axis=0), np.float64).reshape(-1)
    sizes = carried.sum(axis=0)
    found: dict[str, list[tuple[str, float]]] = {}
    leaks: list[tuple[str, str, float, float]] = []
    for place, name in enumerate(corpus.label_names):
        scores = compute_log_odds(inside[place], overall - inside[place])
        found[name] = _best(scores, terms, most)
        leaks += _leaks(name, inside[place], overall, int(sizes[place]), terms)
    return DiscriminativeTerms(terms.kind, len(terms.rows), found, leaks)


def compute_log_odds(inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Z-scores of how much likelier each term is in one group of texts than in another.

    The prior holds as many terms as the smaller group, shared out as in both groups together.

    Args:
        inside: Counts of the terms in the one group.
        outside: Counts in the other.

    Returns:
        Float `(terms,)`; above 0 where the term is likelier inside.

    >>> compute_log_odds(np.array([8.0, 2.0]), np.array([2.0, 8.0])).round(2)
    array([ 2.64, -2.64])
    """
    together = inside + outside
    total = together.sum()
    if not total:
        return np.zeros(len(inside))
    prior = together / total * max(1.0, min(inside.sum(), outside.sum()))
    first, second = inside + prior, outside + prior
    # a term that makes up all of a group has no odds; half a term keeps the logarithm finite
    odds = np.log(first / (first.sum() - first + 0.5 * (first.sum() <= first)))
    odds -= np.log(second / (second.sum() - second + 0.5 * (second.sum() <= second)))
    return odds / np.sqrt(1 / first + 1 / second)


def _best(scores: np.ndarray, terms: TermMatrix, most: int) -> list[tuple[str, float]]:
    """The highest scores above 0; a term inside one already taken, or around one, says the same again."""
    some = min(_FIRST, len(scores))
    order = np.argpartition(-scores, some - 1)[:some] if some else np.zeros(0, np.int64)
    order = order[np.argsort(-scores[order], kind="stable")]
    taken: list[tuple[str, float]] = []
    runs = terms.kind != "words"
    for place, term in zip(order, terms.names(order), strict=True):
        if scores[place] <= 0 or len(taken) == most:
            break
        if runs and (term.isascii() or any(sign.isdigit() for sign in term)):
            continue  # a piece of a number or of a word in another script says little
        if not runs or not any(term in other or other in term for other, _ in taken):
            taken.append((term, float(scores[place])))
    return taken


def _leaks(
    name: str, inside: np.ndarray, overall: np.ndarray, size: int, terms: TermMatrix
) -> list[tuple[str, str, float, float]]:
    """Terms in nine of ten texts of the class, of which nine of ten texts are of the class."""
    if size < 20:
        return []
    share, purity = inside / size, inside / np.maximum(overall, 1)
    giving = np.flatnonzero((share >= 0.9) & (purity >= 0.9))[:3]
    return [
        (name, term, float(share[i]), float(purity[i])) for i, term in zip(giving, terms.names(giving), strict=True)
    ]
