"""What every head promises. A new head is tested by being there."""

import json

import pytest
import torch

import lightning_modules.heads  # noqa: F401  # so that its members are found
from contracts.discovery import find_implementations
from contracts.rebuildable import rebuild
from contracts.text_spec import TextSpec
from lightning_modules.heads.base import Head

SPEC = TextSpec("single_label", ("a", "b", "c"), (5, 3, 1), 9, 30, 0, 20)
CLASSES = list(find_implementations(Head))


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def head(request):
    torch.manual_seed(0)
    return request.param(SPEC, 7).eval()


def test_all_heads_are_found():
    assert {cls.__name__ for cls in CLASSES} >= {"Linear"}


@pytest.mark.parametrize("batch", [0, 1, 4])
def test_each_text_gets_one_finite_logit_a_class(head, batch):
    logits = head(torch.randn(batch, 7))
    assert logits.shape == (batch, 3)
    assert logits.isfinite().all()


def test_texts_of_a_batch_do_not_see_each_other(head):
    features = torch.randn(4, 7)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(head(features[order]), head(features)[order])


def test_gradients_reach_every_parameter_and_the_features(head):
    features = torch.randn(4, 7, requires_grad=True)
    (head.train()(features) * torch.randn(4, 3)).sum().backward()
    assert features.grad.abs().sum() > 0
    assert all(p.grad is not None for p in head.parameters())


def test_a_blueprint_and_the_weights_make_the_same_head(head):
    again = rebuild(Head, json.loads(json.dumps(head.to_blueprint())), SPEC, 7).eval()
    again.load_state_dict(head.state_dict())
    features = torch.randn(2, 7)
    assert torch.equal(again(features), head(features))
