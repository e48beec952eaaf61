"""Training labels that are perhaps wrong: confident learning (Northcutt, Jiang and Chuang 2021).

A linear model that has not seen a text says how likely each label is. Where another label than the given one is as
likely as it is, on average, for texts that truly bear it, the given label is suspected.
"""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from exploration.corpus import Corpus
from exploration.examples import Example, make_example
from exploration.term_matrix import TermMatrix

_FOLDS = 3
_MOST_ROWS = 200_000
_TRUSTED = 0.7  # agreement; tried on clean data: what a weaker model doubts are its own mistakes
_DOUBTED = 0.5  # of the labels that it disagrees with, likewise


@dataclass(frozen=True)
class SuspectedLabels:
    """Rows whose label the rest of the training split contradicts.

    Args:
        texts: Texts looked at; classes with fewer than three texts are left out.
        agreement: The share of these whose given label is also the likeliest; when it is low, so is the trust to put
            in the rest.
        suspected: Suspected labels in all.
        by_class: By given class, how many.
        confusions: Given label, likelier label, and how many; most first.
        rows: Each suspected row in its source, its given label, the likelier one, and the probabilities of both;
            the surest first, one thousand at most.
        examples: The surest, with the likelier label and the probabilities of the given one and of it.
    """

    texts: int
    agreement: float
    suspected: int
    by_class: dict[str, int]
    confusions: list[tuple[str, str, int]]
    rows: list[tuple[int, str, str, float, float]]
    examples: list[tuple[Example, str, float, float]]

    @property
    def trusted(self) -> bool:
        """Whether the model knows the labels well enough to doubt some."""
        return self.agreement >= _TRUSTED and self.suspected <= _DOUBTED * (1 - self.agreement) * self.texts


def find_suspected_labels(corpus: Corpus, terms: TermMatrix, most: int = 15, seed: int = 0) -> SuspectedLabels | None:
    """Looks for labels that are perhaps wrong.

    Args:
        corpus: Labels of its training split are looked at; only single-label data can be.
        terms: Of its training texts.
        most: Examples to keep.
        seed: Of folds and of the choice of rows.

    Returns:
        None for multi-label data, and where there are no two classes of three texts.
    """
    if corpus.task != "single_label":
        return None
    names = corpus.label_names
    labels = corpus.carries("train")[terms.rows].argmax(axis=1)
    rng = np.random.default_rng(seed)
    usable = np.flatnonzero(np.bincount(labels, minlength=len(names))[labels] >= _FOLDS)
    if len(usable) > _MOST_ROWS:
        usable = np.sort(rng.choice(usable, _MOST_ROWS, replace=False))
        usable = usable[np.bincount(labels[usable], minlength=len(names))[labels[usable]] >= _FOLDS]
    labels = labels[usable]
    if len(np.unique(labels)) < 2 or not terms.counts.shape[1]:
        return None
    probabilities = predict_out_of_fold(compute_tf_idf(terms.counts[usable]), labels, len(names), rng)
    suggested, margin = find_confident_disagreement(probabilities, labels)
    wrong = np.flatnonzero(suggested >= 0)
    wrong = wrong[np.argsort(margin[wrong], kind="stable")]
    numbers = corpus.splits["train"].numbers
    confusions = Counter((names[labels[i]], names[suggested[i]]) for i in wrong)
    chances = [
        (i, names[suggested[i]], float(probabilities[i, labels[i]]), float(probabilities[i, suggested[i]]))
        for i in wrong[:1000]
    ]
    return SuspectedLabels(
        texts=len(usable),
        agreement=float((probabilities.argmax(axis=1) == labels).mean()),
        suspected=len(wrong),
        by_class=dict(Counter(names[labels[i]] for i in wrong).most_common()),
        confusions=[(*pair, count) for pair, count in confusions.most_common(10)],
        rows=[
            (int(numbers[terms.rows[usable[i]]]), names[labels[i]], other, round(given, 4), round(likelier, 4))
            for i, other, given, likelier in chances
        ],
        examples=[
            (make_example(corpus, "train", int(terms.rows[usable[i]])), other, given, likelier)
            for i, other, given, likelier in chances[:most]
        ],
    )


def find_confident_disagreement(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finds where a label is contradicted with confidence.

    Args:
        probabilities: Float `(texts, classes)`, by a model that has not seen the text.
        labels: The given ones.

    Returns:
        The likelier label of each text, -1 where its own is not contradicted; and the given label's probability less
        the likelier one's.

    >>> find_confident_disagreement(np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9]]), np.array([0, 1, 0]))[0].tolist()
    [-1, -1, 1]
    """
    rows = np.arange(len(labels))
    own = probabilities[rows, labels]
    classes = probabilities.shape[1]
    texts = np.bincount(labels, minlength=classes)
    thresholds = np.bincount(labels, weights=own, minlength=classes) / np.maximum(texts, 1)
    thresholds[texts == 0] = np.inf
    confident = np.where(probabilities >= thresholds, probabilities, -1)
    likelier = confident.argmax(axis=1)
    contradicted = (confident[rows, likelier] > 0) & (likelier != labels) & (own < probabilities[rows, likelier])
    return np.where(contradicted, likelier, -1), own - probabilities[rows, likelier]


def predict_out_of_fold(features: csr_matrix, labels: np.ndarray, classes: int, rng: np.random.Generator) -> np.ndarray:
    """Probabilities `(texts, classes)`, each by a model trained on the two folds that the text is not in."""
    from sklearn.linear_model import SGDClassifier

    shuffled = rng.permutation(len(labels))
    order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    fold = np.empty(len(labels), np.int64)
    fold[order] = np.arange(len(labels)) % _FOLDS  # neighbours in a class go to different folds
    probabilities = np.zeros((len(labels), classes))
    for held_out in range(_FOLDS):
        learned, told = np.flatnonzero(fold != held_out), np.flatnonzero(fold == held_out)
        # Tried on headlines, questions and newsgroups: few texts want a firmer hand and more rounds.
        many = len(learned) > 50_000
        decay = float(np.clip(0.04 / len(learned), 1e-6, 1e-5))
        model = SGDClassifier(
            loss="log_loss", alpha=decay, max_iter=3 if many else 6, tol=None,
            random_state=int(rng.integers(2**31)), n_jobs=-1,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(features[learned], labels[learned])
        chances = model.predict_proba(features[told])
        probabilities[np.ix_(told, model.classes_)] = chances
    return probabilities


def compute_tf_idf(counts: csr_matrix) -> csr_matrix:
    """Counts on a logarithmic scale, rare terms weighing more, each text of length 1."""
    weighted = csr_matrix(counts, dtype=np.float64, copy=True)
    texts = np.bincount(weighted.indices, minlength=weighted.shape[1])
    idf = np.log((1 + weighted.shape[0]) / (1 + texts)) + 1
    weighted.data = (1 + np.log(weighted.data)) * idf[weighted.indices]
    rows = np.repeat(np.arange(weighted.shape[0]), np.diff(weighted.indptr))
    lengths = np.sqrt(np.bincount(rows, weights=weighted.data**2, minlength=weighted.shape[0]))
    weighted.data /= lengths[rows]
    return weighted
