"""Which texts are kept, what they weigh, when, and how a config says so."""

from collections.abc import Callable

import pytest
import torch
from jsonargparse import ArgumentParser

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.losses.base import Loss, check_loss_without_end, check_task
from lightning_modules.losses.binary_cross_entropy import BinaryCrossEntropy
from lightning_modules.losses.cross_entropy import CrossEntropy
from lightning_modules.losses.focal import Focal
from lightning_modules.losses.ohem import OHEM, keep_hardest

SPEC = TextSpec("single_label", ("a", "b", "c"), (6, 3, 1), 10, 30, 0, 20)


def made(progress=1.0, **arguments):
    loss = OHEM(SPEC, **arguments)
    loss.progress = progress
    return loss


@pytest.mark.parametrize(
    ("batch", "share", "kept"), [(1, 0.1, 1), (4, 0.5, 2), (3, 0.5, 2), (30, 0.1, 3), (5, 1.0, 5), (7, 1e-9, 1)]
)
def test_exactly_the_share_is_kept_rounded_up_and_never_none(batch, share, kept):
    for losses in (torch.rand(batch) + 0.1, torch.ones(batch)):  # ties keep no more
        result = keep_hardest(losses, share)
        assert int((result > 0).sum()) == kept
        torch.testing.assert_close(result.mean(), losses.topk(kept).values.mean())


def test_only_the_kept_are_learned_from():
    losses = torch.tensor([1.0, 4.0, 2.0, 3.0], requires_grad=True)
    keep_hardest(losses, 0.5).mean().backward()
    assert losses.grad.tolist() == [0.0, 0.5, 0.0, 0.5]


def test_a_text_that_is_not_kept_may_be_anything():
    assert keep_hardest(torch.tensor([float("-inf"), 1.0]), 0.5).tolist() == [0.0, 2.0]


def test_all_are_kept_in_warm_up_and_in_evaluation():
    logits, labels = torch.randn(6, 3), torch.zeros(6, dtype=torch.int64)
    plain = CrossEntropy(SPEC)(logits, labels)
    assert torch.equal(made(progress=0.09, warmup_ratio=0.1)(logits, labels), plain)
    assert torch.equal(made(progress=1.0).eval()(logits, labels), plain)
    assert int((made(progress=0.1, warmup_ratio=0.1)(logits, labels) == 0).sum()) == 3


def test_the_base_loss_is_told_of_the_progress():
    loss = made(progress=0.7, base=lambda spec: OHEM(spec, keep_ratio=0.5))
    loss(torch.randn(2, 3), torch.tensor([0, 1]))
    assert loss.base.progress == 0.7


MULTI_LABEL = TextSpec("multi_label", ("a", "b", "c"), (6, 3, 1), 10, 30, 0, 20)


@pytest.mark.parametrize("spec", [SPEC, MULTI_LABEL])
def test_training_without_a_last_step_is_refused(spec):
    """Its progress was 0 in each step, so that OHEM kept all texts for ever, in silence."""
    base = CrossEntropy if spec is SPEC else BinaryCrossEntropy
    message = (
        "OHEM depends on the fraction of training that is done, and training has no last step; set "
        "--trainer.max_epochs or --trainer.max_steps, or a warmup_ratio of 0"
    )
    for nested in (base, lambda spec: OHEM(spec, base)):
        with pytest.raises(UsageError, match=message):
            check_loss_without_end(OHEM(spec, nested), spec)
    check_loss_without_end(Focal(spec), spec)


def test_without_warm_up_hard_texts_are_mined_however_long_training_is():
    loss = made(progress=None, warmup_ratio=0.0)
    check_loss_without_end(loss, SPEC)
    assert int((loss(torch.randn(6, 3), torch.zeros(6, dtype=torch.int64)) == 0).sum()) == 3


def test_it_fits_the_labels_that_its_base_fits():
    multi = TextSpec("multi_label", ("a", "b"), (6, 3), 10, 30, 0, 20)
    check_task(OHEM(multi, base=BinaryCrossEntropy), multi)
    with pytest.raises(UsageError, match="OHEM of BinaryCrossEntropy does not fit labels that are single-label"):
        check_task(OHEM(SPEC, base=BinaryCrossEntropy), SPEC)


def test_a_config_chooses_the_base_and_its_arguments():
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--loss", type=Callable[[TextSpec], Loss])
    given = ["--loss", "OHEM", "--loss.base", "Focal", "--loss.base.gamma", "1", "--loss.keep_ratio", "0.25"]
    loss = parser.instantiate(parser.parse_args(given)).loss(SPEC)
    assert isinstance(loss, OHEM)
    assert isinstance(loss.base, Focal)
    assert (loss.base.gamma, loss.keep_ratio, loss.warmup_ratio) == (1.0, 0.25, 0.1)
    default = parser.instantiate(parser.parse_args(["--loss", "OHEM"])).loss(SPEC)
    assert isinstance(default.base, CrossEntropy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keep_ratio": 0.0}, r"keep_ratio is the fraction of a batch to keep and must be in \(0, 1\], got 0.0"),
        ({"keep_ratio": 32}, r"keep_ratio is the fraction .* got 32"),
        ({"warmup_ratio": 500}, r"warmup_ratio is the fraction of training .* in \[0, 1\], got 500"),
    ],
)
def test_a_value_outside_its_range_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        OHEM(SPEC, **arguments)
