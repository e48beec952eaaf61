"""A seed gives the same initial weights on every device."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from pytorch_lightning.plugins.precision import DoublePrecision, HalfPrecision

from contracts.text_spec import TextSpec
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.encoders.rnn import RNN
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.losses.cross_entropy import CrossEntropy
from lightning_modules.text_classifier import TextClassifier

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, 30, 0, 20)
TINY_BERT = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 30}
ENCODERS = [partial(TextCNN, num_filters=2), partial(RNN, hidden_size=2), partial(Pretrained, config=TINY_BERT)]


def construct(encoder) -> TextClassifier:
    torch.manual_seed(0)
    model = TextClassifier(encoder, loss=lambda spec: CrossEntropy(spec, class_weights="inverse"), spec=SPEC)
    model.configure_model()
    return model


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: encoder.func.__name__)
def test_the_device_of_the_trainer_has_no_say_in_initialization(encoder):
    """Lightning builds a model within its device, whose generator draws other numbers than that of the CPU."""
    expected = construct(encoder).state_dict()
    with torch.device("meta"):  # as for a device that draws no numbers at all
        model = construct(encoder)
    assert model.loss.weights.device.type == "cpu"
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, expected[name]), name


@pytest.mark.parametrize("plugin", [DoublePrecision(), HalfPrecision("bf16-true")], ids=["64-true", "bf16-true"])
@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: encoder.func.__name__)
def test_the_precision_of_the_trainer_has_no_say_in_initialization(encoder, plugin):
    """RNN ended in an error: the orthogonal initialization does not exist in bfloat16."""
    expected = construct(encoder).state_dict()
    with plugin.module_init_context():
        model = construct(encoder)
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, expected[name]), name
    assert torch.get_default_dtype() == torch.float32
