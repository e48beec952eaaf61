"""RNN against reading each text alone, and its start."""

import pytest
import torch

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.encoders.rnn import RNN

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, vocabulary_size=20, padding_id=0, max_length=9)
IDS = torch.tensor([[3, 4, 5, 6, 7], [8, 9, 0, 0, 0], [2, 0, 0, 0, 0]])
MASK = IDS > 0


def states_alone(encoder, ids):
    """The states of one text with no padding at all, `(tokens, output_dim)`."""
    return encoder.recurrent(encoder.embedding(ids[ids > 0])[None])[0][0]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(
    ("pooling", "pool"),
    [
        ("mean", lambda states: states.mean(0)),
        ("max", lambda states: states.amax(0)),
        ("last", lambda states: torch.cat((states[-1, :4], states[0, 4:]))),  # where each direction ends
    ],
)
def test_pooling_sees_each_text_as_if_it_were_alone(cell, layers, pooling, pool):
    encoder = RNN(SPEC, embedding_dim=6, hidden_size=4, cell=cell, num_layers=layers, pooling=pooling)
    expected = torch.stack([pool(states_alone(encoder, ids)) for ids in IDS])
    torch.testing.assert_close(encoder(IDS, MASK), expected)


def test_attention_is_a_weighted_mean_of_the_states():
    encoder = RNN(SPEC, embedding_dim=6, hidden_size=4, pooling="attention")
    for row, features in zip(IDS, encoder(IDS, MASK), strict=True):
        states = states_alone(encoder, row)
        weights = (states.tanh() @ encoder.attention.query.weight[0]).exp()
        torch.testing.assert_close(features, (weights[:, None] * states).sum(0) / weights.sum())


def test_one_direction_ends_at_the_last_token():
    encoder = RNN(SPEC, embedding_dim=6, hidden_size=4, bidirectional=False, pooling="last")
    expected = torch.stack([states_alone(encoder, ids)[-1] for ids in IDS])
    torch.testing.assert_close(encoder(IDS, MASK), expected)


def test_a_text_of_no_token_gives_zeros():
    for pooling in ("last", "mean", "max", "attention"):
        encoder = RNN(SPEC, embedding_dim=6, hidden_size=4, pooling=pooling)
        assert not encoder(torch.zeros(2, 3, dtype=torch.int64), torch.zeros(2, 3, dtype=torch.bool)).any()


def test_the_forget_gates_start_open_in_every_layer_and_direction():
    """torch adds two biases, so the forget gate's part must be 1 in one of them and 0 in the other."""
    recurrent = RNN(SPEC, embedding_dim=6, hidden_size=4, num_layers=2).recurrent
    for layer in ("l0", "l0_reverse", "l1", "l1_reverse"):
        entering, returning = getattr(recurrent, f"bias_ih_{layer}"), getattr(recurrent, f"bias_hh_{layer}")
        assert entering.tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8
        assert not returning.any()


def test_dropout_acts_before_and_after_the_recurrent_layers():
    for share in ("embedding_dropout", "dropout"):
        encoder = RNN(SPEC, embedding_dim=6, hidden_size=4, **{share: 0.5})
        torch.manual_seed(0)
        assert not torch.equal(encoder.train()(IDS, MASK), encoder.train()(IDS, MASK)), share
        assert torch.equal(encoder.eval()(IDS, MASK), encoder(IDS, MASK)), share


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_size": 0}, r"hidden_size and num_layers must be 1 or more, got 0 and 1"),
        ({"num_layers": 0}, r"hidden_size and num_layers must be 1 or more, got 128 and 0"),
        ({"cell": "rnn"}, r'cell must be "lstm" or "gru", got "rnn"'),
        ({"pooling": "first"}, r'pooling must be "last", "mean", "max" or "attention", got "first"'),
        ({"dropout": 1.5}, r"dropout is the fraction .* in \[0, 1\), got 1.5"),
        ({"embedding_dropout": -0.1}, r"embedding_dropout is the fraction .* got -0.1"),
    ],
)
def test_a_value_outside_its_range_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        RNN(SPEC, **arguments)
