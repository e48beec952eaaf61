"""Focal loss against the formula of the paper and against cross-entropy."""

import pytest
import torch
import torch.nn.functional as F

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.losses.binary_cross_entropy import BinaryCrossEntropy
from lightning_modules.losses.cross_entropy import CrossEntropy
from lightning_modules.losses.focal import Focal, focal_loss

SINGLE = TextSpec("single_label", ("a", "b", "c"), (6, 3, 1), 10, 30, 0, 20)
MULTI = TextSpec("multi_label", ("a", "b", "c"), (6, 3, 1), 10, 30, 0, 20)
LOGITS = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], dtype=torch.float64)
LABELS = torch.tensor([2, 1])
SEVERAL = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]], dtype=torch.float64)


@pytest.mark.parametrize("alpha", [None, "inverse", {"b": 3.0}])
def test_gamma_0_is_cross_entropy(alpha):
    torch.testing.assert_close(
        Focal(SINGLE, 0.0, alpha)(LOGITS, LABELS), CrossEntropy(SINGLE, 0.0, alpha)(LOGITS, LABELS)
    )
    torch.testing.assert_close(
        Focal(MULTI, 0.0, alpha)(LOGITS, SEVERAL), BinaryCrossEntropy(MULTI, 0.0, alpha)(LOGITS, SEVERAL)
    )


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_one_label_follows_the_formula(gamma):
    p = LOGITS.softmax(1)[[0, 1], LABELS]
    torch.testing.assert_close(Focal(SINGLE, gamma)(LOGITS, LABELS), -((1 - p) ** gamma) * p.log())


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_several_labels_follow_the_paper(gamma, alpha):
    p = torch.where(SEVERAL > 0, LOGITS.sigmoid(), 1 - LOGITS.sigmoid())
    share = 1.0 if alpha is None else torch.where(SEVERAL > 0, alpha, 1 - alpha)
    expected = (-share * (1 - p) ** gamma * p.log()).mean(1)
    torch.testing.assert_close(Focal(MULTI, gamma, alpha)(LOGITS, SEVERAL), expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
def test_the_gradient_is_the_slope_of_the_value(gamma):
    logits = LOGITS.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: Focal(SINGLE, gamma)(x, LABELS), (logits,))
    assert torch.autograd.gradcheck(lambda x: Focal(MULTI, gamma)(x, SEVERAL), (logits,))


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.0])
def test_certainty_has_a_finite_slope(gamma):
    """At a probability of exactly 1 and a gamma below 1 the formula's slope is infinity times zero."""
    cross_entropy = torch.tensor([0.0, 1e-30, 1e4], requires_grad=True)
    focal_loss(cross_entropy, gamma).sum().backward()
    assert cross_entropy.grad.isfinite().all()


def test_easy_texts_count_less_the_larger_gamma_is():
    """The paper's example: at p = 0.9 and gamma 2 a loss is 100 times lower than cross-entropy."""
    cross_entropy = torch.tensor([0.9]).log().neg()
    torch.testing.assert_close(cross_entropy / focal_loss(cross_entropy, 2.0), torch.tensor([100.0]))


def test_alpha_weighs_by_label():
    plain = Focal(SINGLE)(LOGITS, LABELS)
    torch.testing.assert_close(Focal(SINGLE, alpha={"c": 5})(LOGITS, LABELS), plain * torch.tensor([5.0, 1.0]))
    losses = Focal(SINGLE, gamma=0.0, alpha="sqrt")(LOGITS, LABELS)
    root = torch.tensor(SINGLE.class_counts).rsqrt()
    weights = root * 10 / (root * torch.tensor(SINGLE.class_counts)).sum()
    torch.testing.assert_close(
        losses.float(), F.cross_entropy(LOGITS, LABELS, reduction="none").float() * weights[LABELS]
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Focal(SINGLE, gamma=-1.0), r"gamma must be 0 or more, got -1.0"),
        (
            lambda: Focal(SINGLE, alpha=0.25),
            r"weighs positive against negative labels .* got 0.25. For one label per text give",
        ),
        (lambda: Focal(MULTI, alpha=1.5), r"must be in \(0, 1\), for several labels per text only; got 1.5"),
        (lambda: Focal(MULTI, alpha="effective"), r'alpha "effective" is for one label per text; for several give'),
        (lambda: Focal(SINGLE, alpha={"cc": 2.0}), r'the label "cc", .*they have: a, b, c'),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
