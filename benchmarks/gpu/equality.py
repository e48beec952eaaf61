"""Part a: losses and gradients of each encoder in 32 bits on the GPU equal those on the CPU."""

from __future__ import annotations

import copy
import math
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

import lightning_modules.encoders  # noqa: F401  # all implementations are known by name
from benchmarks.gpu.cells import Cell
from benchmarks.gpu.workload import BERT_BASE, TINY_BERT, Workplace
from contracts.batch import TextBatch
from contracts.discovery import find_implementations
from contracts.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder, encode_batch
from lightning_modules.heads.linear import Linear
from lightning_modules.losses.cross_entropy import CrossEntropy
from lightning_modules.precision import set_matmul_precision

TOLERANCE = 1e-3
"""Largest allowed relative difference of a gradient, `|gpu - cpu| / |cpu|` over all of its values."""

_SEEDS = 3
_SPEC = TextSpec("single_label", ("a", "b", "c"), (5, 3, 1), 9, 1000, 0, 64, pairs=True)
_VARIANTS: dict[str, list[dict[str, Any]]] = {
    "TextCNN": [{}, {"kernel_sizes": (1, 2, 7)}],
    "RNN": [{}, {"cell": "gru", "num_layers": 2}, {"pooling": "last"}, {"pooling": "attention"}],
    "Pretrained": [
        {"config": BERT_BASE | {"vocab_size": 1000, "num_hidden_layers": 3}, "dropout": 0.0},
        {"config": TINY_BERT | {"vocab_size": 1000}, "dropout": 0.0, "pooling": "cls"},
        {"config": TINY_BERT | {"vocab_size": 1000}, "dropout": 0.0, "gradient_checkpointing": True},
    ],
}


def list_cells(place: Workplace) -> list[Cell]:
    """Lists a cell for each encoder that the package has, in the variants that differ on a GPU."""
    cells = []
    for encoder in find_implementations(TextEncoder):  # type: ignore[type-abstract]  # only concrete classes are called
        for arguments in _VARIANTS.get(encoder.__name__, [{}]):
            if place.quick and arguments.get("config", {}).get("hidden_size") == 768:
                continue
            shown = {name: value for name, value in arguments.items() if name not in ("config", "dropout")}
            size = ", BERT-base layers" if arguments.get("config", {}).get("hidden_size") == 768 else ""
            name = f"{encoder.__name__}{size}{''.join(f', {key} {value}' for key, value in shown.items())}"
            measure = partial(compare_gradients, encoder, arguments, place.device)
            cells.append(Cell("a", name, measure, 0, 3.0))
    return cells


def compare_gradients(encoder: type[TextEncoder], arguments: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """Trains a step on both devices and compares loss and gradients, with up to three seeds.

    Where two windows or states have nearly the same value, rounding decides which of them is the maximum and gets the
    gradient. That is no error and rare, so one seed without it is enough; an error shows with each seed.

    Raises:
        AssertionError: They differ by more than `TOLERANCE` with each seed.
    """
    set_matmul_precision("highest")
    result: dict[str, Any] = {}
    for seed in range(_SEEDS):
        result = {"seed": seed, **measure_differences(encoder, arguments, device, seed)}
        if max(result["loss_difference"], result["gradient_difference"]) <= TOLERANCE:
            return result
    raise AssertionError(
        f"loss differs by {result['loss_difference']:.1e}, the gradient of {result['worst']} by "
        f"{result['gradient_difference']:.1e}, and {TOLERANCE:.0e} is allowed"
    )


def measure_differences(
    encoder: type[TextEncoder], arguments: dict[str, Any], device: torch.device, seed: int
) -> dict[str, Any]:
    """Returns the relative differences of the loss and of the gradient that differs most."""
    torch.manual_seed(seed)
    made = encoder(_SPEC, **arguments)
    on_cpu = nn.ModuleDict({"encoder": made, "head": Linear(_SPEC, made.output_dim, dropout=0.0)}).train()
    on_device = copy.deepcopy(on_cpu).to(device)
    batch = make_batch(48, 40, seed)
    expected, expected_loss = compute_gradients(on_cpu, batch)
    found, loss = compute_gradients(on_device, batch.to(device))
    differences = {name: measure_difference(found[name], expected[name]) for name in expected}
    worst = max(differences, key=lambda name: math.inf if math.isnan(differences[name]) else differences[name])
    return {
        "loss_difference": abs(loss - expected_loss) / abs(expected_loss),
        "gradient_difference": differences[worst],
        "worst": worst,
    }


def make_batch(texts: int, tokens: int, seed: int) -> TextBatch:
    """Makes a batch of random pairs of texts of all lengths, one of them without a token."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.linspace(0, tokens, texts).round().long()
    columns = torch.arange(tokens)
    return TextBatch(
        torch.randint(1, _SPEC.vocabulary_size, (texts, tokens), generator=generator),
        columns < lengths[:, None],
        torch.randint(len(_SPEC.label_names), (texts,), generator=generator),
        torch.arange(texts),
        (columns >= lengths[:, None] // 2).long(),
        lengths.numpy(),
    )


def compute_gradients(model: nn.ModuleDict, batch: TextBatch) -> tuple[dict[str, Tensor], float]:
    """Returns the gradient of each weight, on the CPU, and the loss."""
    encoder, head = model["encoder"], model["head"]
    assert isinstance(encoder, TextEncoder)
    loss = CrossEntropy(_SPEC).to(batch.labels.device)(head(encode_batch(encoder, batch)), batch.labels).mean()
    loss.backward()
    gradients = {name: weight.grad.cpu() for name, weight in model.named_parameters() if weight.grad is not None}
    return gradients, float(loss.detach())


def measure_difference(found: Tensor, expected: Tensor) -> float:
    """Returns the norm of the difference relative to that of the expected tensor; absolute where that is tiny."""
    return float((found - expected).norm() / expected.norm().clamp_min(1e-6))
