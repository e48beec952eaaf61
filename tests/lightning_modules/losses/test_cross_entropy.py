"""Cross-entropy for one label and for several, against torch's own."""

import doctest

import pytest
import torch
import torch.nn.functional as F

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.losses.binary_cross_entropy import BinaryCrossEntropy
from lightning_modules.losses.cross_entropy import CrossEntropy

SINGLE = TextSpec("single_label", ("a", "b", "c"), (6, 3, 1), 10, 30, 0, 20)
MULTI = TextSpec("multi_label", ("a", "b", "c"), (6, 3, 1), 10, 30, 0, 20)
LOGITS = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])


def test_one_label_is_torchs_cross_entropy():
    labels = torch.tensor([2, 0])
    torch.testing.assert_close(CrossEntropy(SINGLE)(LOGITS, labels), F.cross_entropy(LOGITS, labels, reduction="none"))


def test_smoothing_spreads_a_share_over_all_classes():
    losses = CrossEntropy(SINGLE, label_smoothing=0.3)(LOGITS, torch.tensor([2, 0]))
    targets = torch.tensor([[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]])
    torch.testing.assert_close(losses, -(targets * LOGITS.log_softmax(1)).sum(1))


def test_a_text_counts_by_the_weight_of_its_own_label_smoothed_or_not():
    labels = torch.tensor([2, 0])
    for smoothing in (0.0, 0.3):
        plain = CrossEntropy(SINGLE, smoothing)(LOGITS, labels)
        weighed = CrossEntropy(SINGLE, smoothing, class_weights={"c": 4.0})(LOGITS, labels)
        torch.testing.assert_close(weighed, plain * torch.tensor([4.0, 1.0]))


def test_computed_weights_keep_the_mean_loss_of_a_model_that_knows_nothing():
    labels = torch.tensor([0] * 6 + [1] * 3 + [2])
    for weighting in ("inverse", "sqrt", "effective"):
        losses = CrossEntropy(SINGLE, class_weights=weighting)(torch.zeros(10, 3), labels)
        torch.testing.assert_close(losses.mean(), torch.tensor(3.0).log())


def test_weights_are_no_part_of_a_checkpoint_but_go_where_the_loss_goes():
    loss = CrossEntropy(SINGLE, class_weights="inverse")
    assert loss.state_dict() == {}
    assert loss.to("meta").weights.device.type == "meta"


def test_several_labels_are_the_mean_of_a_yes_or_no_per_class():
    labels = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    p = LOGITS.sigmoid()
    by_hand = -(labels * p.log() + (1 - labels) * (1 - p).log()).mean(1)
    torch.testing.assert_close(BinaryCrossEntropy(MULTI)(LOGITS, labels), by_hand)
    towards_half = labels * 0.8 + 0.1
    by_hand = -(towards_half * p.log() + (1 - towards_half) * (1 - p).log()).mean(1)
    torch.testing.assert_close(BinaryCrossEntropy(MULTI, label_smoothing=0.2)(LOGITS, labels), by_hand)


def test_inverse_weights_make_yes_and_no_of_a_class_weigh_the_same():
    """Class a is on 6 of 10 texts: at logit 0 the gradients of all ten cancel out. So do those of b and c."""
    labels = torch.zeros(10, 3)
    for place, count in enumerate(MULTI.class_counts):
        labels[:count, place] = 1.0
    logits = torch.zeros(10, 3, requires_grad=True)
    BinaryCrossEntropy(MULTI, positive_weights="inverse")(logits, labels).sum().backward()
    torch.testing.assert_close(logits.grad.sum(0), torch.zeros(3), atol=1e-6, rtol=0)


def test_sqrt_weights_are_the_root_of_inverse_ones():
    inverse = BinaryCrossEntropy(MULTI, positive_weights="inverse").positive_weights
    sqrt = BinaryCrossEntropy(MULTI, positive_weights="sqrt").positive_weights
    torch.testing.assert_close(inverse, torch.tensor([4 / 6, 7 / 3, 9.0]))
    torch.testing.assert_close(sqrt, inverse.sqrt())


def test_a_label_on_no_text_or_on_every_text_keeps_a_finite_weight():
    spec = TextSpec("multi_label", ("a", "b", "c"), (10, 2, 0), 10, 30, 0, 20)
    weights = BinaryCrossEntropy(spec, positive_weights="inverse").positive_weights
    torch.testing.assert_close(weights, torch.tensor([0.1, 4.0, 4.0]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: CrossEntropy(SINGLE, label_smoothing=1.0),
            r"label_smoothing is .* in \[0, 1\), got 1.0",
        ),
        (lambda: BinaryCrossEntropy(MULTI, label_smoothing=-0.1), r"label_smoothing is .*got -0.1"),
        (lambda: CrossEntropy(SINGLE, class_weights="even"), r'class weights must be "inverse".* got "even"'),
        (
            lambda: BinaryCrossEntropy(MULTI, positive_weights="effective"),
            r'"inverse", "sqrt" or weights by label name, got "effective"',
        ),
        (lambda: BinaryCrossEntropy(MULTI, positive_weights={"d": 2}), r'the label "d", .*they have: a, b, c'),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()


def test_the_examples_hold():
    from datamodules.balance import class_weights
    from lightning_modules.layers import pooling
    from lightning_modules.losses import focal, ohem

    for module in (class_weights, pooling, focal, ohem):
        found = doctest.testmod(module)
        assert (found.failed, found.attempted > 0) == (0, True)
