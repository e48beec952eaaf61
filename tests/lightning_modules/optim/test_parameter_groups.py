"""Every trainable parameter once, at the rate of its depth."""

import copy

import pytest
import torch
from torch import nn

from contracts.errors import UsageError
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.optim.parameter_groups import LearningRatePlan, build_parameter_groups


class Stack(TextEncoder):
    """Four depths: an embedding, two linear layers, a norm layer alone on top."""

    output_dim = 3

    def __init__(self, spec=None, /):
        super().__init__()
        self.embedding = nn.Embedding(5, 3)
        self.lower = nn.Linear(3, 3)
        self.upper = nn.Linear(3, 3)
        self.norm = nn.LayerNorm(3)

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        return self.norm(self.upper(self.lower(self.embedding(input_ids)).relu())).mean(1)

    def layer_groups(self):
        return [[self.embedding], [self.lower], [self.upper], [self.norm]]


class Forgetful(Stack):
    def layer_groups(self):
        return super().layer_groups()[1:]


class WithoutGroups(Stack):
    """Has the default groups, and a parameter of its own."""

    layer_groups = TextEncoder.layer_groups

    def __init__(self, spec=None, /):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3, 3))


class LinearHead(Head):
    def __init__(self, spec=None, features=3, /):
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, features):
        return self.linear(features)


def named(groups):
    return {group["name"]: group for group in groups}


def trainable(*modules):
    return [p for module in modules for p in module.parameters() if p.requires_grad]


def test_the_neutral_plan_makes_four_groups_at_one_rate():
    groups = build_parameter_groups(Stack(), LinearHead(), 0.1, LearningRatePlan())
    assert [group["name"] for group in groups] == ["encoder", "encoder/no_decay", "head", "head/no_decay"]
    assert {group["lr"] for group in groups} == {0.1}


@pytest.mark.parametrize(
    "plan", [LearningRatePlan(), LearningRatePlan(2.0, 0.01, 0.5), LearningRatePlan(layer_decay=0.9)]
)
def test_every_trainable_parameter_is_in_exactly_one_group(plan):
    encoder, head = Stack(), LinearHead()
    encoder.lower.weight.requires_grad_(False)
    held = [p for group in build_parameter_groups(encoder, head, 0.1, plan) for p in group["params"]]
    assert len(held) == len(set(held))
    assert set(held) == set(trainable(encoder, head))


def test_rates_follow_the_depth():
    """Four depths, the top at 0.01, each lower one at half: 0.01 * (1/8, 1/4, 1/2, 1)."""
    groups = named(build_parameter_groups(Stack(), LinearHead(), 0.1, LearningRatePlan(3.0, 0.01, 0.5)))
    rates = {name: group["lr"] for name, group in groups.items()}
    assert rates == pytest.approx(
        {
            "encoder/0": 0.00125,
            "encoder/1": 0.0025,
            "encoder/1/no_decay": 0.0025,
            "encoder/2": 0.005,
            "encoder/2/no_decay": 0.005,
            "encoder/3/no_decay": 0.01,
            "head": 0.3,
            "head/no_decay": 0.3,
        }
    )


def test_layer_decay_alone_starts_from_the_optimizers_rate():
    groups = named(build_parameter_groups(Stack(), LinearHead(), 0.1, LearningRatePlan(layer_decay=0.5)))
    assert groups["encoder/3/no_decay"]["lr"] == 0.1
    assert groups["encoder/2"]["lr"] == 0.05
    assert groups["head"]["lr"] == 0.1


def test_an_encoder_without_groups_has_one_rate_for_all_its_parameters():
    encoder, head = WithoutGroups(), LinearHead()
    groups = build_parameter_groups(encoder, head, 0.1, LearningRatePlan(backbone_lr=0.01))
    held = [p for group in groups for p in group["params"]]
    assert len(held) == len(set(held))
    assert set(held) == set(trainable(encoder, head))
    assert {group["lr"] for group in groups if group["name"].startswith("encoder")} == {0.01}


def test_layer_decay_without_layers_is_warned_of():
    message = r"layer_decay 0.5 has no effect: WithoutGroups.layer_groups\(\) returns one group only"
    with pytest.warns(UserWarning, match=message):
        groups = build_parameter_groups(WithoutGroups(), LinearHead(), 0.1, LearningRatePlan(layer_decay=0.5))
    assert {group["lr"] for group in groups} == {0.1}


def test_biases_and_norms_do_not_decay_and_the_rest_keeps_the_optimizers_default():
    encoder, head = Stack(), LinearHead()
    groups = build_parameter_groups(encoder, head, 0.1, LearningRatePlan())
    optimizer = torch.optim.AdamW(groups, weight_decay=0.3)
    decay = {p: group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    without = [encoder.lower.bias, encoder.upper.bias, encoder.norm.weight, encoder.norm.bias, head.linear.bias]
    assert {decay[p] for p in without} == {0.0}
    assert {decay[p] for p in set(decay) - set(without)} == {0.3}


def test_a_weight_shared_by_two_depths_is_in_the_lower_one():
    encoder = Stack()
    encoder.upper.weight = encoder.lower.weight
    groups = named(build_parameter_groups(encoder, LinearHead(), 0.1, LearningRatePlan(layer_decay=0.5)))
    assert "encoder/2" not in groups
    assert groups["encoder/1"]["params"] == [encoder.lower.weight]


def test_a_frozen_encoder_leaves_no_group_behind():
    groups = build_parameter_groups(Stack().requires_grad_(False), LinearHead(), 0.1, LearningRatePlan(layer_decay=0.5))
    assert [group["name"] for group in groups] == ["head", "head/no_decay"]


def test_two_steps_with_the_neutral_plan_equal_two_of_a_plain_optimizer():
    torch.manual_seed(0)
    encoder, head = Stack(), LinearHead()
    plain_encoder, plain_head = copy.deepcopy(encoder), copy.deepcopy(head)
    grouped = torch.optim.AdamW(
        build_parameter_groups(encoder, head, 0.1, LearningRatePlan()), lr=0.5, weight_decay=0.0
    )
    plain = torch.optim.AdamW(trainable(plain_encoder, plain_head), lr=0.1, weight_decay=0.0)
    ids = torch.tensor([[0, 1, 2], [3, 4, 0]])
    for _ in range(2):
        for enc, out, optimizer in ((encoder, head, grouped), (plain_encoder, plain_head, plain)):
            optimizer.zero_grad()
            out(enc(ids, ids > -1)).logsumexp(1).sum().backward()
            optimizer.step()
    for ours, theirs in zip(trainable(encoder, head), trainable(plain_encoder, plain_head), strict=True):
        assert torch.equal(ours, theirs)


def test_an_encoder_that_forgets_a_parameter_is_told_which():
    with pytest.raises(ValueError, match=r"Forgetful\.layer_groups\(\) must hold every parameter.*embedding\.weight"):
        build_parameter_groups(Forgetful(), LinearHead(), 0.1, LearningRatePlan())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"head_lr_multiplier": 0.0}, r"head_lr_multiplier is a multiple.*above 0, got 0\.0"),
        ({"head_lr_multiplier": float("inf")}, r"head_lr_multiplier.*got inf"),
        ({"backbone_lr": -1e-5}, r"backbone_lr.*0 or more, got -1e-05"),
        ({"layer_decay": 0.0}, r"layer_decay is the factor.*in \(0, 1\], got 0\.0"),
        ({"layer_decay": 1.5}, r"layer_decay.*got 1\.5"),
        ({"layer_decay": float("nan")}, r"layer_decay.*got nan"),
    ],
)
def test_a_rate_out_of_range_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        LearningRatePlan(**arguments)
