"""Suspected label errors in the training split: confident learning (Northcutt, Jiang and Chuang 2021).

A linear model predicts out of fold how likely each label is. A label is suspected if another one is at least as likely
as it is on average for the texts labeled with it.
"""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from exploration.corpus import Corpus
from exploration.examples import Example, make_example
from exploration.statistics.term_matrix import TermMatrix

_NUM_FOLDS = 3
_MAX_ROWS = 200_000
_MAX_LISTED = 1000
_MIN_ACCURACY = 0.7  # measured on clean data: most suspected errors of a weaker model are its own
_MAX_SUSPECTED = 0.5  # ratio to the labels that the model disagrees with; measured likewise


@dataclass(frozen=True)
class SuspectedLabelErrors:
    """Training rows for which an out-of-fold model confidently predicts another label.

    Args:
        texts: Number of texts checked; classes with fewer than three texts are left out.
        agreement: Out-of-fold accuracy of the model; the lower it is, the less reliable the suspected errors are.
        suspected: Number of suspected label errors.
        by_class: Number of suspected label errors by given label.
        confusions: Given label, suggested label, and number of texts; most frequent first.
        rows: Row in the source, given label, suggested label, and the probabilities of both; most confident first, at
            most one thousand.
        examples: The most confident ones: example, suggested label, probabilities of the given and the suggested one.
    """

    texts: int
    agreement: float
    suspected: int
    by_class: dict[str, int]
    confusions: list[tuple[str, str, int]]
    rows: list[tuple[int, str, str, float, float]]
    examples: list[tuple[Example, str, float, float]]

    @property
    def is_reliable(self) -> bool:
        """Whether the model is accurate enough for its suspected label errors to be shown."""
        return self.agreement >= _MIN_ACCURACY and self.suspected <= _MAX_SUSPECTED * (1 - self.agreement) * self.texts


def find_label_errors(
    corpus: Corpus, terms: TermMatrix, max_examples: int = 15, seed: int = 0
) -> SuspectedLabelErrors | None:
    """Finds suspected label errors in the training split.

    Args:
        corpus: The training texts and labels; single-label data only.
        terms: Term counts of the training texts.
        max_examples: Number of examples to keep.
        seed: Seed of the folds and of the sample of rows.

    Returns:
        None for multi-label data, and if there are no two classes with three texts.
    """
    if corpus.task != "single_label":
        return None
    names = corpus.label_names
    labels = corpus.build_label_matrix("train")[terms.rows].argmax(axis=1)
    rng = np.random.default_rng(seed)
    usable = np.flatnonzero(np.bincount(labels, minlength=len(names))[labels] >= _NUM_FOLDS)
    if len(usable) > _MAX_ROWS:
        usable = np.sort(rng.choice(usable, _MAX_ROWS, replace=False))
        usable = usable[np.bincount(labels[usable], minlength=len(names))[labels[usable]] >= _NUM_FOLDS]
    labels = labels[usable]
    if len(np.unique(labels)) < 2 or not terms.counts.shape[1]:
        return None
    probabilities = predict_out_of_fold(compute_tf_idf(terms.counts[usable]), labels, len(names), rng)
    suggested, margin = find_confident_disagreement(probabilities, labels)
    suspected = np.flatnonzero(suggested >= 0)
    suspected = suspected[np.argsort(margin[suspected], kind="stable")]
    source_rows = corpus.splits["train"].numbers
    confusions = Counter((names[labels[i]], names[suggested[i]]) for i in suspected)
    listed = [
        (i, names[suggested[i]], float(probabilities[i, labels[i]]), float(probabilities[i, suggested[i]]))
        for i in suspected[:_MAX_LISTED]
    ]
    return SuspectedLabelErrors(
        texts=len(usable),
        agreement=float((probabilities.argmax(axis=1) == labels).mean()),
        suspected=len(suspected),
        by_class=dict(Counter(names[labels[i]] for i in suspected).most_common()),
        confusions=[(*pair, count) for pair, count in confusions.most_common(10)],
        rows=[
            (int(source_rows[terms.rows[usable[i]]]), names[labels[i]], name, round(given, 4), round(other, 4))
            for i, name, given, other in listed
        ],
        examples=[
            (make_example(corpus, "train", int(terms.rows[usable[i]])), name, given, other)
            for i, name, given, other in listed[:max_examples]
        ],
    )


def find_confident_disagreement(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finds labels for which out-of-fold probabilities confidently suggest another one.

    Args:
        probabilities: Float `(texts, classes)`, predicted by models that were not trained on the text.
        labels: Given labels, int `(texts,)`.

    Returns:
        The suggested label of each text, -1 if it is not suspected; and the margin: the probability of the
        given label minus that of the suggested one.

    >>> find_confident_disagreement(np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9]]), np.array([0, 1, 0]))[0].tolist()
    [-1, -1, 1]
    """
    rows = np.arange(len(labels))
    given = probabilities[rows, labels]
    num_classes = probabilities.shape[1]
    class_sizes = np.bincount(labels, minlength=num_classes)
    thresholds = np.bincount(labels, weights=given, minlength=num_classes) / np.maximum(class_sizes, 1)
    thresholds[class_sizes == 0] = np.inf
    confident = np.where(probabilities >= thresholds, probabilities, -1)
    best = confident.argmax(axis=1)
    is_contradicted = (confident[rows, best] > 0) & (best != labels) & (given < probabilities[rows, best])
    return np.where(is_contradicted, best, -1), given - probabilities[rows, best]


def predict_out_of_fold(
    features: csr_matrix, labels: np.ndarray, num_classes: int, rng: np.random.Generator
) -> np.ndarray:
    """Trains a logistic regression per fold and predicts the held-out texts; probabilities `(texts, classes)`."""
    from sklearn.linear_model import SGDClassifier

    shuffled = rng.permutation(len(labels))
    order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    folds = np.empty(len(labels), np.int64)
    folds[order] = np.arange(len(labels)) % _NUM_FOLDS  # stratified
    probabilities = np.zeros((len(labels), num_classes))
    for fold in range(_NUM_FOLDS):
        train, held_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        # Tuned on headlines, questions and newsgroups: small data needs stronger regularization and more epochs.
        is_large = len(train) > 50_000
        weight_decay = float(np.clip(0.04 / len(train), 1e-6, 1e-5))
        model = SGDClassifier(
            loss="log_loss", alpha=weight_decay, max_iter=3 if is_large else 6, tol=None,
            random_state=int(rng.integers(2**31)), n_jobs=-1,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(features[train], labels[train])
        probabilities[np.ix_(held_out, model.classes_)] = model.predict_proba(features[held_out])
    return probabilities


def compute_tf_idf(counts: csr_matrix) -> csr_matrix:
    """Computes tf-idf with logarithmic term frequency and rows of length 1, as scikit-learn does."""
    weighted = csr_matrix(counts, dtype=np.float64, copy=True)
    num_texts = np.bincount(weighted.indices, minlength=weighted.shape[1])
    idf = np.log((1 + weighted.shape[0]) / (1 + num_texts)) + 1
    weighted.data = (1 + np.log(weighted.data)) * idf[weighted.indices]
    rows = np.repeat(np.arange(weighted.shape[0]), np.diff(weighted.indptr))
    norms = np.sqrt(np.bincount(rows, weights=weighted.data**2, minlength=weighted.shape[0]))
    weighted.data /= norms[rows]
    return weighted
