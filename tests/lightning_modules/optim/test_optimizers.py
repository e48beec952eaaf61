"""Every optimizer of torch either trains a model, in the form that the user chose or else fused, or is refused."""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import nn

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.dry_run import dry_run_optimizer
from lightning_modules.encoders.rnn import RNN
from lightning_modules.heads.linear import Linear
from lightning_modules.optim.fused import choose_fused
from lightning_modules.optim.optimizer_checks import check_capturable
from lightning_modules.optim.optimizers import configure_optimizer
from lightning_modules.optim.parameter_groups import LearningRatePlan

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, 30, 0, 20)
OPTIMIZERS = {
    name: value
    for name, value in vars(torch.optim).items()
    if inspect.isclass(value) and issubclass(value, torch.optim.Optimizer) and value is not torch.optim.Optimizer
}
REFUSED = {
    "LBFGS": "LBFGS evaluates the model several times per step and has no parameter groups; choose another",
    "Muon": "Muon is for matrices only, and these models have biases; choose another",
    "SparseAdam": "SparseAdam is for sparse gradients only, and these models have dense ones; choose another",
}
FUSED = {"Adagrad", "Adam", "AdamW", "SGD"}
FORMS = ("foreach", "fused", "capturable", "differentiable", "maximize")


def has(name: str, option: str) -> bool:
    return option in inspect.signature(OPTIMIZERS[name]).parameters


def build(name: str, **options):
    torch.manual_seed(0)
    encoder = RNN(SPEC, embedding_dim=4, hidden_size=3)
    head = Linear(SPEC, encoder.output_dim)
    make = lambda weights: OPTIMIZERS[name](weights, lr=0.01, **options)  # noqa: E731
    dry_run_optimizer(make, None, endless=False)
    return configure_optimizer(make, encoder, head, LearningRatePlan()), encoder, head


def take_steps(name: str, **options):
    """Two steps on the same texts; gives the optimizer and all weights."""
    optimizer, encoder, head = build(name, **options)
    head.eval()
    for _ in range(2):
        optimizer.zero_grad()
        head(encoder(torch.tensor([[1, 2, 3]]), torch.ones(1, 3, dtype=torch.bool))).square().sum().backward()
        optimizer.step()
    return optimizer, torch.cat([weight.detach().flatten() for weight in [*encoder.parameters(), *head.parameters()]])


def test_all_optimizers_are_found():
    assert OPTIMIZERS.keys() >= FUSED | REFUSED.keys() | {"Adafactor", "RMSprop", "NAdam"}
    assert {name for name in OPTIMIZERS if has(name, "fused")} == FUSED


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_an_optimizer_trains_or_is_refused(name):
    if name in REFUSED:
        with pytest.raises(UsageError, match=f"--model.optimizer: {REFUSED[name]}"):
            build(name)
        return
    optimizer, weights = take_steps(name)
    assert weights.isfinite().all()
    assert all(group.get("fused") is (True if name in FUSED else None) for group in optimizer.param_groups)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        (name, option, value)
        for name in sorted(OPTIMIZERS.keys() - REFUSED.keys())
        for option, value in (("foreach", False), ("foreach", True), ("fused", False), ("maximize", True))
        if has(name, option)
    ],
)
def test_a_chosen_form_is_kept_and_computes_the_same(name, option, value):
    """An explicit `foreach=False` was overridden by the fused form."""
    optimizer, weights = take_steps(name, **{option: value})
    form_is_free = option == "maximize"
    for group in optimizer.param_groups:
        assert group[option] is value
        if "fused" in group and option != "fused":
            assert group["fused"] is (True if form_is_free else None)
    _, by_default = take_steps(name)
    if form_is_free:
        assert not torch.allclose(weights, by_default)  # uphill
    else:
        torch.testing.assert_close(weights, by_default)


@pytest.mark.parametrize("name", [name for name in sorted(OPTIMIZERS) if has(name, "differentiable")])
def test_gradients_through_the_optimizer_are_refused(name):
    with pytest.raises(UsageError, match=f"differentiable lets gradients flow through the steps of {name}"):
        build(name, differentiable=True)


@pytest.mark.parametrize("name", [name for name in sorted(OPTIMIZERS) if has(name, "capturable")])
def test_what_needs_a_gpu_is_refused_on_the_cpu_only(name):
    """The dry run before training ended in an assertion of torch, on a GPU as well."""
    optimizer, _, _ = build(name, capturable=True)
    with pytest.raises(UsageError, match=rf"capturable keeps the step counts of {name} on a GPU, and this run is on"):
        check_capturable(optimizer)
    on_gpu = OPTIMIZERS[name]([nn.Parameter(torch.zeros(1, device="meta"))], capturable=True)
    check_capturable(on_gpu)


@pytest.mark.parametrize("name", sorted(FUSED))
def test_the_form_is_known_when_the_optimizer_is_constructed(name):
    """Adagrad makes its step counters in the constructor, on the CPU unless it is told of the fused form by then."""
    given = []

    def make(weights):
        given.append(list(weights))
        return OPTIMIZERS[name](given[-1], lr=0.01)

    encoder = RNN(SPEC, embedding_dim=4, hidden_size=3)
    configure_optimizer(make, encoder, Linear(SPEC, encoder.output_dim), LearningRatePlan())
    assert all(group["fused"] for group in given[-1])


def test_weights_on_another_device_or_of_no_floating_point_type_are_not_fused():
    probe = torch.optim.AdamW([nn.Parameter(torch.zeros(1))])
    for weight in (torch.zeros(1, device="meta"), torch.zeros(1, dtype=torch.complex64)):
        groups = [{"params": [weight]}]
        assert choose_fused(probe, groups) is groups
