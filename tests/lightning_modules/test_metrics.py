"""Against scikit-learn, on random splits in which classes are missing, and by hand where it leaves off."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn
from torchmetrics.functional.classification import binary_auroc

from lightning_modules.metrics import (
    MULTI_LABEL_METRICS,
    SINGLE_LABEL_METRICS,
    compute_confusion_matrix,
    compute_multi_label_metrics,
    compute_per_class_metrics,
    compute_single_label_metrics,
)

# scikit-learn warns wherever a figure is a matter of convention
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
SEEDS = st.integers(0, 2**31)
TOLERANCE = {"abs": 1e-5, "nan_ok": True}


def single(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, rounded so that some are equal, and labels that seldom take the last class."""
    rng = np.random.default_rng(seed)
    rows, classes = int(rng.integers(1, 30)), int(rng.integers(2, 6))
    likelihood = rng.random((rows, classes)).round(1) + 0.05
    labels = np.minimum(rng.integers(0, classes, rows), rng.integers(0, classes, rows))
    return (likelihood / likelihood.sum(1, keepdims=True)).astype(np.float32), labels


def several(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, decisions, and labels; some class may be on no text or on all."""
    rng = np.random.default_rng(seed)
    rows, classes = int(rng.integers(1, 30)), int(rng.integers(1, 6))
    probabilities = rng.random((rows, classes)).round(1).astype(np.float32)
    labels = (rng.random((rows, classes)) < rng.choice([0.0, 0.2, 0.6, 1.0], classes)).astype(np.int64)
    return probabilities, (probabilities >= 0.5).astype(np.int64), labels


def area(truths: np.ndarray, probabilities: np.ndarray) -> float:
    """The mean of the areas under the curves of those classes that have one."""
    places = [place for place in range(truths.shape[1]) if 0 < truths[:, place].sum() < len(truths)]
    areas = [sklearn.roc_auc_score(truths[:, place], probabilities[:, place]) for place in places]
    return float(np.mean(areas)) if areas else math.nan


def assert_equal(found: dict[str, float], expected: dict[str, float]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, **TOLERANCE), name


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_figures_of_one_label_a_text_are_those_of_scikit_learn(seed):
    probabilities, labels = single(seed)
    decided = probabilities.argmax(1)
    f1 = {
        f"{average}_f1": sklearn.f1_score(labels, decided, average=average, zero_division=0)
        for average in ("macro", "micro", "weighted")
    }
    expected = f1 | {
        "accuracy": sklearn.accuracy_score(labels, decided),
        "cohen_kappa": sklearn.cohen_kappa_score(labels, decided),
        "auroc": area(np.eye(probabilities.shape[1])[labels], probabilities),
    }
    assert_equal(compute_single_label_metrics(torch.from_numpy(probabilities), torch.from_numpy(labels)), expected)
    assert set(expected) == set(SINGLE_LABEL_METRICS)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_figures_of_several_labels_a_text_are_those_of_scikit_learn(seed):
    probabilities, decisions, labels = several(seed)
    f1 = {}
    for average in ("macro", "micro", "weighted"):
        if labels.shape[1] == 1:  # scikit-learn takes one column for one label a text
            f1[f"{average}_f1"] = sklearn.f1_score(labels[:, 0], decisions[:, 0], zero_division=0)
        else:
            f1[f"{average}_f1"] = sklearn.f1_score(labels, decisions, average=average, zero_division=0)
    expected = f1 | {
        "accuracy": sklearn.accuracy_score(labels, decisions),
        "label_accuracy": 1 - sklearn.hamming_loss(labels, decisions),
        "auroc": area(labels, probabilities),
    }
    found = compute_multi_label_metrics(*map(torch.from_numpy, (probabilities, decisions, labels)))
    assert_equal(found, expected)
    assert set(expected) == set(MULTI_LABEL_METRICS)


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_figures_of_each_class_are_those_of_scikit_learn(seed):
    probabilities, labels = single(seed)
    classes, decided = probabilities.shape[1], probabilities.argmax(1)
    expected = sklearn.precision_recall_fscore_support(labels, decided, labels=range(classes), zero_division=0)
    table = compute_per_class_metrics(torch.from_numpy(decided), torch.from_numpy(labels), classes)
    assert list(table) == ["precision", "recall", "f1", "texts"]
    np.testing.assert_allclose(list(table.values()), expected, atol=1e-6)
    matrix = compute_confusion_matrix(torch.from_numpy(decided), torch.from_numpy(labels), classes)
    assert matrix.tolist() == sklearn.confusion_matrix(labels, decided, labels=range(classes)).tolist()


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_figures_of_each_of_several_labels_are_those_of_scikit_learn(seed):
    _, decisions, labels = several(seed)
    table = compute_per_class_metrics(torch.from_numpy(decisions), torch.from_numpy(labels), labels.shape[1])
    for place in range(labels.shape[1]):
        *expected, _ = sklearn.precision_recall_fscore_support(
            labels[:, place], decisions[:, place], average="binary", zero_division=0
        )
        found = [table[name][place] for name in ("precision", "recall", "f1")]
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert table["texts"] == labels.sum(0).tolist()


def test_by_hand_a_rare_class_that_is_never_found():
    """Nine of ten texts right, and of the two classes one is found whole and one never."""
    probabilities = torch.tensor([[0.9, 0.1]] * 10)
    labels = torch.tensor([0] * 9 + [1])
    found = compute_single_label_metrics(probabilities, labels)
    assert found == pytest.approx(
        {
            "accuracy": 0.9,
            "micro_f1": 0.9,
            "macro_f1": (2 * 9 / 19 + 0) / 2,
            "weighted_f1": 0.9 * 2 * 9 / 19,
            "cohen_kappa": 0.0,  # no better than always saying the same
            "auroc": 0.5,  # all are equally likely
        }
    )
    table = compute_per_class_metrics(probabilities.argmax(1), labels, 2)
    assert table["recall"] == [1.0, 0.0]
    assert table["precision"] == pytest.approx([0.9, 0.0])
    assert table["texts"] == [9, 1]


def test_a_class_with_neither_texts_nor_predictions_does_not_lower_an_average():
    probabilities = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    found = compute_single_label_metrics(probabilities, torch.tensor([0, 1]))
    assert (found["macro_f1"], found["auroc"]) == (1.0, 1.0)
    assert compute_per_class_metrics(probabilities.argmax(1), torch.tensor([0, 1]), 3)["f1"] == [1.0, 1.0, 0.0]


def test_where_all_texts_are_of_one_class_there_is_no_curve():
    found = compute_single_label_metrics(torch.tensor([[0.8, 0.2], [0.4, 0.6]]), torch.tensor([0, 0]))
    assert math.isnan(found["auroc"])
    assert found["accuracy"] == 0.5


def test_the_order_of_the_texts_does_not_matter():
    probabilities, labels = map(torch.from_numpy, single(3))
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    found = compute_single_label_metrics(probabilities[order], labels[order])
    assert_equal(found, compute_single_label_metrics(probabilities, labels))


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_areas_are_those_of_torchmetrics_to_the_last_bit(seed):
    """So that reports compare with those of earlier releases, which took them from there."""
    probabilities, labels = single(seed)
    scores, truths = torch.from_numpy(probabilities), torch.from_numpy(labels)
    areas = [
        binary_auroc(scores[:, place], (truths == place).long(), validate_args=False)
        for place in range(scores.shape[1])
        if 0 < (labels == place).sum() < len(labels)
    ]
    expected = float(torch.stack(areas).mean()) if areas else math.nan
    assert compute_single_label_metrics(scores, truths)["auroc"] == pytest.approx(expected, rel=0, abs=0, nan_ok=True)


def test_areas_of_many_classes_are_computed_in_parts():
    """130 classes are more than two parts; the text of a class is the only one with a score above 0 for it."""
    classes = 130
    probabilities = torch.eye(classes)
    assert compute_single_label_metrics(probabilities, torch.arange(classes))["auroc"] == 1.0
    assert compute_single_label_metrics(1 - probabilities, torch.arange(classes))["auroc"] == 0.0
