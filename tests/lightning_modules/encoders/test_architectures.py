"""Every architecture that docs/models.md names, as a tiny model with random weights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from contracts.errors import UsageError
from contracts.max_positions import get_max_positions
from contracts.text_spec import TextSpec
from lightning_modules.encoders.architecture_check import check_encoder, check_tiny_copy
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.encoders.tiny_transformer import VOCAB_SIZE, shrink_config
from lightning_modules.encoders.transformer_layers import find_layers
from lightning_modules.encoders.unused_parameters import freeze_unused_parameters

PAGE = Path(__file__).parents[3] / "docs" / "models.md"
FREQUENT = {
    "bert", "roberta", "xlm-roberta", "distilbert", "albert", "electra", "deberta", "deberta-v2",
    "mpnet", "camembert", "modernbert", "eurobert", "ernie",
    "roformer", "longformer", "big_bird", "squeezebert", "convbert", "fnet", "nystromformer", "yoso",
    "xlnet", "xlm", "flaubert", "esm", "mobilebert", "ibert",
    "rembert", "roc_bert", "gpt2", "llama", "qwen3", "mamba", "t5", "bart",
}  # fmt: skip
"""Tested by default; the others take longer."""
OPTIONS = {
    "deberta-v2": {
        "relative_attention": True,
        "position_buckets": 256,
        "pos_att_type": ["p2c", "c2p"],
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "position_biased_input": False,
    },
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False},
    "esm": {"vocab_size": 33, "pad_token_id": 1, "mask_token_id": 32, "position_embedding_type": "rotary"},
    "xmod": {"default_language": "en_XX"},
}
"""Of models on the hub, where the default configuration is without them or cannot be built."""
UNUSED = {
    "roformer": {"encoder.embed_positions.weight"},
    "squeezebert": {"pooler.dense.weight", "pooler.dense.bias"},
    "esm": {"contact_head.regression.weight", "contact_head.regression.bias"},
}


def list_documented(kind: str) -> list[str]:
    """The architectures in the row of the table in docs/models.md that begins with this word."""
    (row,) = re.findall(rf"^\| {kind}[^|]*\|([^|]*)\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return re.findall(r"`([^`]+)`", row)


ENCODERS, BY_LENGTH = list_documented("encoders"), list_documented("encoded by length")
HALVES, DECODERS, REFUSED = list_documented("encoder of"), list_documented("decoders"), list_documented("refused")
WORKING = [*ENCODERS, *BY_LENGTH, *HALVES, *DECODERS]


def make_config(model_type: str):
    """A tiny configuration of the architecture."""
    from transformers import CONFIG_MAPPING

    tiny = shrink_config(CONFIG_MAPPING[model_type](**OPTIONS.get(model_type, {})))
    tiny.architectures = []
    return tiny


def make_spec(config, pairs: bool = False) -> TextSpec:
    padding_id = config.pad_token_id if isinstance(getattr(config, "pad_token_id", None), int) else 0
    limit = min(get_max_positions(config) or 48, 48)
    return TextSpec("single_label", ("a", "b"), (5, 4), 9, min(config.vocab_size, VOCAB_SIZE), padding_id, limit, pairs)


def build(model_type: str, pairs: bool = False, **options) -> Pretrained:
    config = make_config(model_type)
    torch.manual_seed(0)
    return Pretrained(make_spec(config, pairs), config=config.to_dict(), **options)


def by_frequency(names: list[str]) -> list:
    return [name if name in FREQUENT else pytest.param(name, marks=pytest.mark.slow) for name in names]


def test_the_page_names_what_is_used_most():
    assert set(WORKING) >= FREQUENT
    assert len(set(WORKING)) == len(WORKING) > 90


@pytest.mark.parametrize("name", by_frequency(WORKING))
def test_an_architecture_works_as_documented(name):
    """One build, and then: vectors by the library itself, padding, causality, gradients, layers and the limit."""
    encoder = build(name)
    spec, config = encoder._spec, encoder.config
    check_encoder(encoder, name, "mean", spec)
    encoder.pooling = "cls"
    if name in DECODERS:
        with pytest.raises(UsageError, match=f"pooling cls uses the first token, .* later token in {name}, .*mean or"):
            check_encoder(encoder, name, "cls", spec)
        encoder.pooling = "last"
        check_encoder(encoder, name, "last", spec)
    else:
        check_encoder(encoder, name, "cls", spec)
    encoder.pooling = "mean"
    check_vectors_of_the_library(encoder)
    check_gradients(encoder, UNUSED.get(name))
    check_layers(encoder)
    if (limit := get_max_positions(config)) is not None:
        assert encode_tokens(encoder, limit).isfinite().all()


def check_vectors_of_the_library(encoder: Pretrained) -> None:
    """Compares with the mean of the hidden states that `transformers` computes for one text without padding."""
    encoder.eval()
    ids, mask = torch.arange(4, 11)[None], torch.ones(1, 7, dtype=torch.long)
    more = {"global_attention_mask": torch.eye(1, 7).long()} if encoder._has_global_attention else {}
    expected = encoder.backbone(input_ids=ids, attention_mask=mask, **more).last_hidden_state.mean(1)
    padded = torch.nn.functional.pad(ids, (0, 5), value=encoder.padding_id)
    actual = encoder(padded, torch.arange(12)[None] < 7)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


def check_gradients(encoder: Pretrained, unused: set[str] | None) -> None:
    """Without its unused parameters, every parameter of an encoder has a gradient, as DDP needs it."""
    frozen = freeze_unused_parameters(encoder, encoder._spec)
    if unused is not None:
        assert {name.removeprefix("backbone.") for name in frozen} == unused
    encoder.train()
    encode_tokens(encoder, 9).square().sum().backward()
    assert [name for name, p in encoder.named_parameters() if (p.grad is None) is p.requires_grad] == []


def check_layers(encoder: Pretrained) -> None:
    """Every parameter is in one group, and groups are in the order in which their modules are first computed."""
    groups = encoder.layer_groups()
    held = [id(p) for modules in groups for module in modules for p in module.parameters()]
    assert len(held) == len(set(held))
    assert set(held) == {id(p) for p in encoder.parameters()}
    assert len(groups) == 1 + len(find_layers(encoder.backbone))
    assert len(groups) == (2 if encoder.config.model_type == "albert" else 3)  # ALBERT's layers share their weights
    depths: dict[nn.Module, int] = {}
    for depth, modules in enumerate(groups):
        for module in modules:
            depths |= {part: depth for part in module.modules() if list(part.parameters(recurse=False))}
    called: dict[nn.Module, int] = {}

    def note(part: nn.Module, _: object) -> None:
        called.setdefault(part, depths[part])

    hooks = [part.register_forward_pre_hook(note) for part in depths]
    encode_tokens(encoder, 9)
    for hook in hooks:
        hook.remove()
    assert list(called.values()) == sorted(called.values())
    assert groups[0][0] is not encoder.backbone
    assert encoder.backbone.get_input_embeddings() in {part for module in groups[0] for part in module.modules()}


def encode_tokens(encoder: Pretrained, count: int) -> torch.Tensor:
    ids = 4 + torch.arange(count)[None] % 20
    return encoder(ids, torch.ones_like(ids, dtype=torch.bool))


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in REFUSED])
def test_an_architecture_is_refused_as_documented(name):
    from transformers import CONFIG_MAPPING

    spec = TextSpec("single_label", ("a", "b"), (5, 4), 9, 30, 0, 48)
    with torch.device("meta"), pytest.raises(UsageError, match=f"{name}|has no table of token vectors") as raised:
        Pretrained(spec, config=CONFIG_MAPPING[name]().to_dict()).check_architecture()
    assert "docs/models.md lists the architectures" in str(raised.value)


def check(model_type: str, pooling: str = "mean", **options) -> bool:
    """The check as it is made before training, on the tiny copy."""
    from transformers import CONFIG_MAPPING

    def build(spec: TextSpec, config: dict) -> Pretrained:
        return Pretrained(spec, config=config, pooling=pooling)

    return check_tiny_copy(CONFIG_MAPPING[model_type](**options), pooling, False, build)


def test_padding_that_changes_vectors_is_refused(monkeypatch):
    """FNet has no mask: its Fourier transform mixes padding into every token, unless texts are encoded by length."""
    monkeypatch.setattr("lightning_modules.encoders.pretrained.PADDING_SENSITIVE_TYPES", ())
    message = (
        r"fnet is no encoder for batches: padding changes the vector of a text by \d+.\d%, in spite of .*docs/models"
    )
    for _ in range(2):  # also from the memory of results
        with pytest.raises(UsageError, match=message):
            check("fnet", layer_norm_eps=1e-11)


def test_the_first_token_of_a_decoder_is_refused():
    with pytest.raises(UsageError, match=r"attends to no later token in gpt2, so .*; choose pooling mean or last"):
        check("gpt2", "cls")
    assert check("gpt2", "last")


def test_an_architecture_that_needs_a_fixed_length_is_refused():
    with pytest.raises(UsageError, match=r"cannot encode texts of 0 to 48 tokens \(RuntimeError: .*\); choose a model"):
        Pretrained(
            TextSpec("single_label", ("a", "b"), (5, 4), 9, 30, 0, 48),
            config={**make_config("nystromformer").to_dict(), "segment_means_seq_len": 8},
        ).check_architecture()


def test_the_check_leaves_random_generators_as_they_are():
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    assert check("bert", layer_norm_eps=1e-11)
    assert torch.equal(torch.rand(2), expected)


def test_a_copy_that_is_not_tiny_is_not_used():
    """Sizes of unknown names stay as they are; then the model itself is checked when training starts."""
    assert not check("bert", type_vocab_size=100_000)


def test_a_model_of_which_there_is_no_tiny_copy_is_checked_itself(monkeypatch):
    monkeypatch.setattr("lightning_modules.encoders.pretrained.PADDING_SENSITIVE_TYPES", ())
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "intermediate_size": 8, "type_vocab_size": 1_000_000}
    config = {"model_type": "fnet", "vocab_size": 30, **sizes}
    spec = TextSpec("single_label", ("a", "b"), (5, 4), 9, 30, 3, 48)
    with torch.device("meta"):
        Pretrained(spec, config=config).check_architecture()  # nothing is known yet
    encoder = Pretrained(spec, config=config).train()
    with pytest.raises(UsageError, match="padding changes the vector of a text"):
        encoder.check_architecture()
    assert all(module.training for module in encoder.modules())


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("t5", "of the t5 model only the encoder is used"),
        ("fnet", "padding has an effect on fnet, so the texts of each length are encoded apart; --data.sampler Length"),
    ],
)
def test_what_differs_from_the_whole_model_is_said(name, note):
    (said,) = build(name).initialization_notes()
    assert said.startswith(note)
    assert build("bert").initialization_notes() == []


@pytest.mark.parametrize("name", ["xlm", "flaubert"])
def test_parts_of_a_layer_that_lie_in_several_lists_are_one_layer(name):
    """All attentions were taken for the embeddings, since they are a list of their own before the largest list."""
    encoder = build(name)
    layers = encoder.layer_groups()[1:]
    names = {part: name for name, part in encoder.backbone.named_modules()}
    assert {names[part].split(".")[0] for part in layers[0]} == {"attentions", "layer_norm1", "ffns", "layer_norm2"}
    assert {names[part].split(".")[1] for part in layers[0]} == {"0"}


@pytest.mark.parametrize(("name", "norm"), [("modernbert", "final_norm"), ("gpt2", "ln_f"), ("t5", "final_layer_norm")])
def test_the_norm_after_the_last_layer_belongs_to_it(name, norm):
    """As a depth of its own it had `backbone_lr`, and the top layer less."""
    encoder = build(name)
    assert getattr(encoder.backbone, norm) in encoder.layer_groups()[-1]
