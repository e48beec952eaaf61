"""Freezing what the vectors of an encoder do not depend on."""

import torch
from torch import nn

from contracts.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.encoders.unused_parameters import freeze_unused_parameters

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, vocabulary_size=20, padding_id=0, max_length=40)
SIZES = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}


class Spare(nn.Module):
    """An encoder with a layer that it does not use, one for training only, dropout and a batch norm."""

    output_dim = 4

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 4)
        self.norm = nn.BatchNorm1d(4)
        self.dropout = nn.Dropout(0.5)
        self.spare = nn.Linear(4, 2)
        self.in_training = nn.Linear(4, 4)

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        states = self.dropout(self.norm((self.embedding(input_ids) * attention_mask.unsqueeze(2)).sum(1)))
        return self.in_training(states) if self.training else states


def test_only_what_is_not_used_in_training_is_frozen(capsys):
    encoder = Spare()
    torch.manual_seed(0)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    expected = torch.rand(1)
    torch.manual_seed(0)
    assert freeze_unused_parameters(encoder, SPEC) == ["spare.weight", "spare.bias"]
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert [name for name, p in encoder.named_parameters() if not p.requires_grad] == ["spare.weight", "spare.bias"]
    assert all(p.grad is None for p in encoder.parameters())
    said = capsys.readouterr().out
    assert said == "frozen since the encoder does not use them: 2 tensors, 10 numbers (spare.weight, spare.bias)\n"
    assert freeze_unused_parameters(encoder, SPEC) == []


def test_filters_wider_than_a_short_text_are_used(capsys):
    encoder: TextEncoder = TextCNN(SPEC, embedding_dim=6, num_filters=5, kernel_sizes=(2, 30))
    assert freeze_unused_parameters(encoder, SPEC) == []
    assert capsys.readouterr().out == ""


def test_weights_that_are_recomputed_are_used():
    encoder = Pretrained(SPEC, config={"model_type": "bert", **SIZES}, gradient_checkpointing=True)
    assert freeze_unused_parameters(encoder, SPEC) == []
