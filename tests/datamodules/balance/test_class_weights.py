"""Weights from counts, against scikit-learn and the formula of the paper."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from contracts.errors import UsageError
from datamodules.balance.class_weights import compute_class_weights, resolve_named_weights, scale_to_mean_one

COUNTS = [60, 30, 9, 1]


@pytest.mark.parametrize("weighting", ["inverse", "sqrt", "effective"])
def test_the_mean_over_the_training_texts_is_1(weighting):
    assert np.dot(compute_class_weights(COUNTS, weighting), COUNTS) / sum(COUNTS) == pytest.approx(1)


def test_inverse_is_what_scikit_learn_calls_balanced():
    labels = np.repeat(np.arange(4), COUNTS)
    expected = compute_class_weight("balanced", classes=np.arange(4), y=labels)
    np.testing.assert_allclose(compute_class_weights(COUNTS, "inverse"), expected)


def test_effective_numbers_follow_the_paper():
    """Texts of a class are worth 1 + beta + beta**2 + …, one term each."""
    worth = np.array([sum(0.9**i for i in range(count)) for count in COUNTS])
    weights = compute_class_weights(COUNTS, "effective", beta=0.9)
    np.testing.assert_allclose(weights / weights[0], worth[0] / worth)


def test_beta_goes_from_all_alike_to_inverse():
    np.testing.assert_allclose(compute_class_weights(COUNTS, "effective", beta=0.0), np.ones(4))
    almost_1 = compute_class_weights(COUNTS, "effective", beta=1 - 1e-12)
    np.testing.assert_allclose(almost_1, compute_class_weights(COUNTS, "inverse"), rtol=1e-6)


@pytest.mark.parametrize("weighting", ["inverse", "sqrt", "effective"])
def test_a_class_without_a_text_weighs_as_the_rarest_other(weighting):
    weights = compute_class_weights([6, 3, 0], weighting)
    assert weights[2] == weights[1]
    np.testing.assert_allclose(weights[:2], compute_class_weights([6, 3], weighting))


def test_no_text_at_all_weighs_nothing_up():
    assert compute_class_weights([0, 0], "inverse").tolist() == [1.0, 1.0]
    assert scale_to_mean_one(np.ones(2), [0, 0]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: compute_class_weights(COUNTS, "even"), r'must be "inverse", "sqrt" or "effective", got "even"'),
        (lambda: compute_class_weights(COUNTS, "effective", beta=1.0), r"beta .* in \[0, 1\), got 1.0"),
        (
            lambda: resolve_named_weights(["ham", "spam"], {"span": 2}),
            r'label "span", .*they have: ham, spam. Did you mean "spam"',
        ),
        (lambda: resolve_named_weights(["ham"], {"ham": 0}), r'weight of "ham" must be a positive number, got 0'),
        (lambda: resolve_named_weights(["ham"], {"ham": float("nan")}), r"must be a positive number, got nan"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
