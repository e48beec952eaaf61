"""An encoder whose vectors are not as long as it claims is named before training, and looking changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder, check_output_shape
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.text_classifier import TextClassifier

SPEC = TextSpec("single_label", ("a", "b"), (1, 1), 2, vocabulary_size=5, padding_id=0, max_length=4, pairs=False)


class Constant(TextEncoder):
    """Returns zeros of one length and claims another."""

    def __init__(self, spec: TextSpec, /, shape: tuple[int, ...] = (20,), output_dim: int = 40) -> None:
        super().__init__()
        self.shape, self.output_dim = shape, output_dim
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        return self.weight + torch.zeros(len(input_ids), *self.shape)


def test_vectors_of_another_length_are_refused():
    with pytest.raises(UsageError, match=r"Constant returned \(2, 20\) for 2 texts, and its output_dim is 40: forward"):
        check_output_shape(Constant(SPEC), SPEC)


def test_one_vector_per_token_is_refused():
    with pytest.raises(UsageError, match=r"returned \(2, 3, 40\)"):
        check_output_shape(Constant(SPEC, shape=(3, 40)), SPEC)


@pytest.mark.parametrize("max_length", [1, 2, 9])
def test_random_numbers_modes_and_weights_stay(max_length):
    spec = TextSpec("single_label", ("a", "b"), (1, 1), 2, 5, 0, max_length, False)
    encoder = TextCNN(spec, embedding_dropout=0.5)
    encoder.convolutions.eval()
    modes = [module.training for module in encoder.modules()]
    weights = {name: weight.clone() for name, weight in encoder.state_dict().items()}
    state = torch.get_rng_state()
    check_output_shape(encoder, spec)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in encoder.modules()] == modes
    assert all(torch.equal(weight, weights[name]) for name, weight in encoder.state_dict().items())
    assert all(parameter.grad is None for parameter in encoder.parameters())


def test_a_model_of_such_an_encoder_is_refused_when_it_is_built():
    with pytest.raises(UsageError, match="its output_dim is 40"):
        TextClassifier(encoder=Constant, spec=SPEC).configure_model()


@pytest.mark.parametrize("part", ["encoder", "head", "loss", "optimizer", "lr_scheduler"])
def test_a_name_in_place_of_a_class_is_refused_at_once(part):
    with pytest.raises(TypeError, match=rf"^{part} accepts a class or a function that builds one; got 'RNN'$"):
        TextClassifier(**{part: "RNN"})
