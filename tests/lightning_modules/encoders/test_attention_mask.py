"""Attention of pretrained models without waiting for the device."""

import pytest
import torch

from contracts.text_spec import TextSpec
from lightning_modules.encoders.pretrained import Pretrained

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, vocabulary_size=20, padding_id=0, max_length=9)
SIZES = {
    "vocab_size": 20,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 20,
    "pad_token_id": 0,
}
SPECIAL = {"bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}
TYPES = ("bert", "roberta", "electra", "modernbert", "llama")
IDS = torch.tensor([[3, 4, 5, 6], [8, 9, 7, 4]])


@pytest.mark.parametrize("name", TYPES)
def test_no_value_is_read_from_the_device(name):
    """Tensors on the meta device have no values, so that reading one fails, as `mask.all()` did for each batch."""
    with torch.device("meta"):
        encoder = Pretrained(SPEC, config={"model_type": name, **SIZES, **SPECIAL})
        vectors = encoder(torch.zeros(2, 4, dtype=torch.long), torch.ones(2, 4, dtype=torch.bool))
    assert vectors.shape == (2, 8)
    assert vectors.is_meta


@pytest.mark.parametrize("lengths", [(4, 4), (4, 2), (1, 1)], ids=str)
@pytest.mark.parametrize("name", TYPES)
def test_vectors_are_the_same_with_and_without_a_mask(name, lengths, monkeypatch):
    """On the CPU the mask is omitted where nothing is padded, and vectors are those of before, to the last digit."""
    torch.manual_seed(0)
    encoder = Pretrained(SPEC, config={"model_type": name, **SIZES, **SPECIAL}).eval()
    mask = torch.arange(4) < torch.tensor(lengths)[:, None]
    actual = encoder(IDS, mask)
    encoder.backbone.set_attn_implementation("sdpa")
    assert torch.equal(actual, encoder(IDS, mask))
    encoder.backbone.set_attn_implementation("sdpa_without_waiting")
    monkeypatch.setattr("lightning_modules.encoders.attention_mask._OMITS_MASKS", ())
    torch.testing.assert_close(encoder(IDS, mask), actual, rtol=1e-5, atol=1e-6)
