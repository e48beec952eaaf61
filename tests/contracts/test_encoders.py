"""What every encoder promises, on hostile batches. A new encoder is tested by being there."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import lightning_modules.encoders  # noqa: F401  # so that its members are found
from contracts.batch import TextBatch
from contracts.discovery import find_implementations
from contracts.rebuildable import rebuild
from contracts.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder, encode_batch

SPEC = TextSpec(
    task="single_label",
    label_names=("a", "b", "c"),
    class_counts=(5, 3, 1),
    num_rows=9,
    vocabulary_size=30,
    padding_id=0,
    max_length=20,
)
TINY_BERT = {
    "model_type": "bert",
    "vocab_size": 30,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 32,
}
SMALL = {
    "Pretrained": {"config": TINY_BERT},
    "TextCNN": {"embedding_dim": 6, "num_filters": 5},
    "RNN": {"embedding_dim": 6, "hidden_size": 4},
}
VARIANTS = [
    ("TextCNN", {"kernel_sizes": (1,)}),
    ("TextCNN", {"kernel_sizes": (2, 7), "embedding_dropout": 0.3}),
    ("TextCNN", {"vectors": "checkpoint", "vectors_mode": "multichannel", "unfreeze_after": 1}),
    ("RNN", {"vectors": "checkpoint", "vectors_mode": "static"}),
    ("RNN", {"pooling": "last", "num_layers": 2, "dropout": 0.3}),
    ("RNN", {"pooling": "last", "cell": "gru", "bidirectional": False}),
    ("RNN", {"pooling": "mean", "cell": "gru"}),
    ("RNN", {"pooling": "attention"}),
    ("Pretrained", {"pooling": "cls"}),
    ("Pretrained", {"pooling": "max", "freeze": 1}),
    ("Pretrained", {"gradient_checkpointing": True}),
]
CLASSES = {encoder.__name__: encoder for encoder in find_implementations(TextEncoder)}
CASES = [(name, {}) for name in CLASSES] + VARIANTS


@pytest.fixture(params=CASES, ids=lambda case: "-".join([case[0], *(f"{k}={v}" for k, v in case[1].items())]))
def encoder(request):
    name, arguments = request.param
    torch.manual_seed(0)
    return CLASSES[name](SPEC, **SMALL.get(name, {}), **arguments).eval()


def texts(*lengths):
    """Random texts of these lengths, padded to the longest."""
    rng = torch.Generator().manual_seed(sum(lengths))
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.randint(1, SPEC.vocabulary_size, mask.shape, generator=rng) * mask, mask


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_new_encoder_is_in_training_mode(name):
    """Models of `transformers` come with dropout off, and Lightning trains with whatever mode it finds."""
    made = CLASSES[name](SPEC, **SMALL.get(name, {}))
    assert all(module.training for module in made.modules())


def test_all_encoders_are_found():
    assert set(CLASSES) >= {"TextCNN", "RNN", "Pretrained"}


@pytest.mark.parametrize("lengths", [(1,), (0,), (0, 0), (1, 1, 1), (3, 0, 1), (9, 2)], ids=str)
def test_any_batch_gives_one_finite_vector_a_text(encoder, lengths):
    features = encoder(*texts(*lengths))
    assert features.shape == (len(lengths), encoder.output_dim)
    assert features.isfinite().all()


@pytest.mark.parametrize("tokens", [0, 1, 2, 9])
def test_more_padding_changes_nothing(encoder, tokens):
    ids, mask = texts(tokens, 9)
    alone = encoder(ids[:1, :tokens], mask[:1, :tokens])
    torch.testing.assert_close(encoder(ids, mask)[:1], alone, atol=1e-6, rtol=0)
    wide = encoder(F.pad(ids, (0, 6)), F.pad(mask, (0, 6)))
    torch.testing.assert_close(wide[:1], alone, atol=1e-6, rtol=0)


def test_lengths_on_the_cpu_are_those_of_the_mask(encoder):
    """Given with the batch, so that an encoder need not read the mask from a device."""
    (ids, mask), lengths = texts(4, 0, 9, 2), np.array([4, 0, 9, 2])
    batch = TextBatch(ids, mask, torch.zeros(4, dtype=torch.int64), torch.arange(4), lengths=lengths)
    assert torch.equal(encode_batch(encoder, batch), encoder(ids, mask))


def test_what_stands_under_the_padding_has_no_say(encoder):
    ids, mask = texts(4, 9)
    torch.testing.assert_close(encoder(ids.masked_fill(~mask, 7), mask), encoder(ids, mask), atol=1e-6, rtol=0)


def test_texts_of_a_batch_do_not_see_each_other(encoder):
    ids, mask = texts(4, 9, 1, 6)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(encoder(ids[order], mask[order]), encoder(ids, mask)[order], atol=1e-6, rtol=0)


def test_the_same_text_gives_the_same_vector(encoder):
    ids, mask = texts(5)
    features = encoder(ids.repeat(3, 1), mask.repeat(3, 1))
    torch.testing.assert_close(features, features[:1].repeat(3, 1), atol=1e-6, rtol=0)
    assert torch.equal(encoder(ids, mask), encoder(ids, mask))


def test_different_texts_give_different_vectors(encoder):
    features = encoder(*texts(5, 6))
    assert (features[0] - features[1]).abs().max() > 1e-4


def test_gradients_reach_every_parameter_that_learns(encoder):
    """A parameter without a gradient would make DDP wait for it for ever."""
    encoder.train()
    features = encoder(*texts(9, 8, 7, 9))
    (features * torch.randn(features.shape)).sum().backward()
    without = [name for name, p in encoder.named_parameters() if p.requires_grad and p.grad is None]
    assert without == []
    assert all(p.grad.isfinite().all() for p in encoder.parameters() if p.grad is not None)


def test_depths_hold_each_parameter_once(encoder):
    held = [id(p) for modules in encoder.layer_groups() for module in modules for p in module.parameters()]
    assert len(held) == len(set(held))
    assert set(held) == {id(p) for p in encoder.parameters()}


def test_the_table_of_ids_is_at_the_lowest_depth(encoder):
    lowest = [p for module in encoder.layer_groups()[0] for p in module.parameters()]
    assert any(len(p) == SPEC.vocabulary_size for p in lowest)


def test_a_blueprint_and_the_weights_make_the_same_encoder(encoder):
    again = rebuild(TextEncoder, json.loads(json.dumps(encoder.to_blueprint())), SPEC)
    again.load_state_dict(encoder.state_dict())
    batch = texts(4, 9)
    assert torch.equal(again.eval()(*batch), encoder(*batch))
    assert [p.requires_grad for p in again.parameters()] == [p.requires_grad for p in encoder.parameters()]


def test_a_padding_id_other_than_0_is_the_padding(encoder):
    """Built anew with another padding id and the vectors of the two ids exchanged, nothing changes."""
    blueprint = encoder.to_blueprint()
    other = rebuild(TextEncoder, blueprint, TextSpec(**SPEC.to_dict() | {"padding_id": 29})).eval()
    weights = encoder.state_dict()
    for name, weight in weights.items():
        if name.endswith("embedding.weight") or name.endswith("word_embeddings.weight"):
            weights[name] = weight[[29, *range(1, 29), 0]]
    other.load_state_dict(weights)
    ids, mask = texts(4, 9)
    swapped = torch.where(ids == 0, 29, torch.where(ids == 29, 0, ids))
    torch.testing.assert_close(other(swapped, mask), encoder(ids, mask), atol=1e-6, rtol=0)
