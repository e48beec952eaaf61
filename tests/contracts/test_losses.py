"""What every loss promises, for each kind of label it is made for. A new loss is tested by being there."""

import pytest
import torch

import lightning_modules.losses  # noqa: F401  # so that its members are found
from contracts.discovery import find_implementations
from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.losses.base import Loss, check_task
from lightning_modules.losses.binary_cross_entropy import BinaryCrossEntropy
from lightning_modules.losses.cross_entropy import CrossEntropy
from lightning_modules.losses.focal import Focal
from lightning_modules.losses.ohem import OHEM

CLASSES = list(find_implementations(Loss))
MULTI = {"OHEM": {"base": BinaryCrossEntropy}}
VARIANTS = [
    (CrossEntropy, "single_label", {"label_smoothing": 0.1, "class_weights": "effective"}),
    (BinaryCrossEntropy, "multi_label", {"label_smoothing": 0.1, "positive_weights": "sqrt"}),
    (Focal, "single_label", {"gamma": 0.5, "alpha": "inverse"}),
    (Focal, "single_label", {"gamma": 0.0}),
    (Focal, "multi_label", {"gamma": 0.5, "alpha": 0.25}),
    (Focal, "multi_label", {"alpha": {"a": 2.0}}),
    (OHEM, "single_label", {"base": Focal, "keep_ratio": 0.3}),
]
CASES = [
    (cls, task, MULTI.get(cls.__name__, {}) if task == "multi_label" else {})
    for cls in CLASSES
    for task in sorted(cls.tasks)
] + VARIANTS


def spec(task):
    return TextSpec(task, ("a", "b", "c"), (6, 3, 1), 10, 30, 0, 20)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0].__name__}-{case[1]}-{sorted(case[2])}")
def case(request):
    cls, task, arguments = request.param
    loss = cls(spec(task), **arguments).eval()
    check_task(loss, spec(task))
    return loss, task


def labels_of(task, batch, rng=0):
    generator = torch.Generator().manual_seed(rng)
    if task == "single_label":
        return torch.randint(0, 3, (batch,), generator=generator)
    return torch.randint(0, 2, (batch, 3), generator=generator).float()


def test_all_losses_are_found():
    assert {cls.__name__ for cls in CLASSES} >= {"CrossEntropy", "BinaryCrossEntropy", "Focal", "OHEM"}


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("progress", [0.0, 1.0])
def test_each_text_gets_one_finite_number_of_0_or_more(case, batch, training, progress):
    loss, task = case
    loss.train(training).progress = progress
    losses = loss(torch.randn(batch, 3), labels_of(task, batch))
    assert losses.shape == (batch,)
    assert losses.isfinite().all()
    assert (losses >= 0).all()


def test_all_texts_of_the_same_label_are_no_trouble(case):
    loss, task = case
    label = labels_of(task, 1)
    logits = torch.randn(1, 3)
    losses = loss(logits.repeat(4, 1), label.repeat(4, *[1] * (label.ndim - 1)))
    torch.testing.assert_close(losses, losses[:1].repeat(4))


def test_the_order_of_a_batch_does_not_matter(case):
    loss, task = case
    logits, labels = torch.randn(6, 3), labels_of(task, 6)
    order = torch.tensor([4, 2, 0, 5, 3, 1])
    for training in (True, False):
        loss.train(training).progress = 1.0
        torch.testing.assert_close(loss(logits[order], labels[order]), loss(logits, labels)[order])


@pytest.mark.parametrize("size", [1e2, 1e4])
@pytest.mark.parametrize("sign", [1, -1], ids=["right", "wrong"])
def test_huge_logits_keep_value_and_gradient_finite(case, size, sign):
    loss, task = case
    labels = labels_of(task, 4)
    truth = torch.nn.functional.one_hot(labels, 3).float() if task == "single_label" else labels
    logits = (sign * size * (2 * truth - 1)).requires_grad_()
    losses = loss(logits, labels)
    losses.mean().backward()
    assert losses.isfinite().all()
    assert logits.grad.isfinite().all()
    assert sign < 0 or losses.max() < size, "what is right with confidence costs less than its logits"


def test_learning_raises_the_logit_of_the_label(case):
    loss, task = case
    labels = labels_of(task, 8, rng=3)
    truth = torch.nn.functional.one_hot(labels, 3).bool() if task == "single_label" else labels.bool()
    logits = torch.zeros(8, 3, requires_grad=True)
    loss(logits, labels).mean().backward()
    assert (logits.grad[truth] < 0).all()
    assert (logits.grad[~truth] > 0).all()


def test_a_loss_follows_the_model_to_half_precision_under_autocast(case):
    loss, task = case
    with torch.autocast("cpu", torch.bfloat16):
        losses = loss(torch.randn(4, 3).bfloat16(), labels_of(task, 4))
    assert losses.isfinite().all()


@pytest.mark.parametrize(
    ("loss", "task", "message"),
    [
        (
            CrossEntropy,
            "multi_label",
            r"CrossEntropy does not fit labels that are multi-label; .*: .*BinaryCrossEntropy",
        ),
        (
            BinaryCrossEntropy,
            "single_label",
            r"BinaryCrossEntropy does not fit .* single-label; .*: CrossEntropy, Focal",
        ),
        (OHEM, "multi_label", r"OHEM of CrossEntropy does not fit labels that are multi-label"),
    ],
)
def test_a_loss_for_the_other_kind_of_label_is_refused(loss, task, message):
    with pytest.raises(UsageError, match=message):
        check_task(loss(spec(task)), spec(task))
