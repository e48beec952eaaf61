"""A seed gives the same initial weights on every device."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from contracts.text_spec import TextSpec
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.encoders.rnn import RNN
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.losses.cross_entropy import CrossEntropy
from lightning_modules.text_classifier import TextClassifier

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, 30, 0, 20)
TINY_BERT = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 30}
ENCODERS = [partial(TextCNN, num_filters=2), partial(RNN, hidden_size=2), partial(Pretrained, config=TINY_BERT)]


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: encoder.func.__name__)
def test_the_device_of_the_trainer_has_no_say_in_initialization(encoder):
    """Lightning builds a model within its device, whose generator draws other numbers than that of the CPU."""
    states = []
    for device in ("cpu", "meta"):  # as for a device that draws no numbers at all
        torch.manual_seed(0)
        model = TextClassifier(encoder, loss=lambda spec: CrossEntropy(spec, class_weights="inverse"), spec=SPEC)
        with torch.device(device):
            model.configure_model()
        assert model.loss.weights.device.type == "cpu"
        states.append(model.state_dict())
    for name, weight in states[0].items():
        assert torch.equal(weight, states[1][name]), name
