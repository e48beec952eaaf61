"""TextCNN against the formula of the paper, and its options."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from jsonargparse import ArgumentParser

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.text_cnn import TextCNN

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, vocabulary_size=20, padding_id=0, max_length=9)


def kim(encoder, ids):
    """Kim 2014 for one text: width - 1 zero vectors on both sides, convolution, bias, ReLU, maximum over time."""
    weights, bias = encoder.convolutions.weights, encoder.convolutions.bias
    filters, features = len(weights[0]), []
    for place, weight in enumerate(weights):
        width = weight.shape[1] // encoder.embedding.embedding_dim
        vectors = F.pad(encoder.embedding(ids), (0, 0, width, width))  # one more than the paper: nothing but padding
        scores = torch.stack([weight @ vectors[i : i + width].flatten() for i in range(len(vectors) - width + 1)])
        features.append(torch.relu(scores + bias[place * filters : (place + 1) * filters]).amax(0))
    return torch.cat(features)


@pytest.mark.parametrize("tokens", [1, 2, 6])
def test_features_are_those_of_the_paper(tokens):
    torch.manual_seed(tokens)
    encoder = TextCNN(SPEC, embedding_dim=5, num_filters=4, kernel_sizes=(1, 2, 4))
    torch.nn.init.normal_(encoder.convolutions.bias, std=0.1)
    ids = torch.randint(1, 20, (3, tokens))
    expected = torch.stack([kim(encoder, text) for text in ids])
    features = encoder(ids, torch.ones_like(ids, dtype=torch.bool))
    torch.testing.assert_close(features, expected)
    parameters = list(encoder.parameters())
    gradients = torch.autograd.grad(features.square().sum(), parameters)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected.square().sum(), parameters))


def test_a_text_of_no_token_gives_the_bias():
    encoder = TextCNN(SPEC, embedding_dim=5, num_filters=2, kernel_sizes=(2, 3))
    encoder.convolutions.bias.data = torch.tensor([1.0, -1.0, 0.5, 0.0])
    features = encoder(torch.zeros(1, 4, dtype=torch.int64), torch.zeros(1, 4, dtype=torch.bool))
    assert features.tolist() == [[1.0, 0.0, 0.5, 0.0]]


def test_the_padding_vector_is_zero_and_stays_so():
    encoder = TextCNN(SPEC, embedding_dim=5, num_filters=4)
    ids = torch.tensor([[3, 4, 0]])
    encoder(ids, ids > 0).sum().backward()
    assert not encoder.embedding.weight[0].any()
    assert not encoder.embedding.weight.grad[0].any()


def test_mixed_precision_on_the_cpu_rounds_and_learns():
    encoder, ids = TextCNN(SPEC, embedding_dim=5, num_filters=4), torch.randint(1, 20, (2, 6))
    mask = torch.ones_like(ids, dtype=torch.bool)
    with torch.autocast("cpu", torch.bfloat16):
        features = encoder(ids, mask)
    torch.testing.assert_close(features, encoder(ids, mask), rtol=0.02, atol=0.02)
    features.sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in encoder.parameters())


def test_it_can_be_exported():
    encoder, ids = TextCNN(SPEC, embedding_dim=5, num_filters=4).eval(), torch.randint(1, 20, (2, 6))
    mask = torch.ones_like(ids, dtype=torch.bool)
    exported = torch.export.export(encoder, (ids, mask)).module()
    torch.testing.assert_close(exported(ids, mask), encoder(ids, mask))


def test_widths_can_be_given_on_the_command_line():
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--encoder", type=Callable[[TextSpec], TextEncoder])
    config = parser.parse_args(["--encoder", "TextCNN", "--encoder.kernel_sizes", "[2,3,4]"])
    assert len(parser.instantiate(config).encoder(SPEC).convolutions.weights) == 3
    assert list(config.encoder.init_args.kernel_sizes) == [2, 3, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"embedding_dim": 0}, r"embedding_dim is the length of a token's vector and must be 1 or more, got 0"),
        ({"num_filters": 0}, r"num_filters is the filters .* 1 or more, got 0"),
        ({"kernel_sizes": ()}, r"kernel_sizes are counts of tokens, one or more of them, each 1 or more, got \[\]"),
        ({"kernel_sizes": [3, 0]}, r"kernel_sizes are counts of tokens.*got \[3, 0\]"),
        ({"embedding_dropout": 1.0}, r"embedding_dropout is the fraction .* in \[0, 1\), got 1.0"),
    ],
)
def test_a_value_outside_its_range_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        TextCNN(SPEC, **arguments)
