"""Augmentation by language models, here with random weights."""

from __future__ import annotations

import gc
import json
import weakref

import pytest
import torch
from tiny_language_models import save_masked_language_model, save_tokenizer, save_translation_model

from contracts.errors import UsageError
from datamodules.augmentations.back_translation import BackTranslation
from datamodules.augmentations.masked_language_model import MaskedLanguageModel
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmenting.augmenter import Augmenter
from datamodules.augmenting.options import AugmentOptions
from datamodules.sources.base import Rows


@pytest.fixture(scope="module")
def masked(tmp_path_factory):
    return save_masked_language_model(tmp_path_factory.mktemp("masked"))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return [str(save_translation_model(tmp_path_factory.mktemp(name), seed)) for seed, name in enumerate("ab")]


def test_masked_words_are_replaced_by_the_likeliest_whole_words(masked):
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(masked), AutoModelForMaskedLM.from_pretrained(masked).eval()
    text, most = "the dog runs in a big house .", 2
    words = text.split()
    batch = tokenizer(text, return_tensors="pt")
    for epoch in range(6):
        (new,) = MaskedLanguageModel(str(masked), top_k=most).augment([text], RandomStreams.from_rows(0, epoch, [0]))
        (place,) = [number for number, (one, other) in enumerate(zip(words, new.split(), strict=True)) if one != other]
        ids = batch["input_ids"].clone()
        ids[0, place + 1] = tokenizer.mask_token_id
        with torch.no_grad():
            order = (
                model(input_ids=ids, attention_mask=batch["attention_mask"])
                .logits[0, place + 1]
                .argsort(descending=True)
            )
        names = [
            name for name in tokenizer.convert_ids_to_tokens(order.tolist()) if name.isalpha() and name != words[place]
        ]
        assert new.split()[place] in names[:most]


def test_words_beyond_the_maximum_length_stay(masked):
    text = " ".join(["dog"] * 200)
    (new,) = MaskedLanguageModel(str(masked), alpha=1.0).augment([text], RandomStreams.from_rows(0, 0, [0]))
    assert new.split()[46:] == ["dog"] * 154
    assert "dog" not in new.split()[:46]


def test_texts_are_translated_twice_and_cached(models, tmp_path, monkeypatch):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    texts = ["the dog runs", "a big house", "the dog runs", ""]

    def made(**more) -> BackTranslation:
        return BackTranslation(*models, num_beams=1, max_length=16, cache_dir=str(tmp_path), **more)

    found = made().augment(texts, RandomStreams.from_rows(0, 0, range(4)))
    expected = "the dog runs"
    for path in models:
        tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModelForSeq2SeqLM.from_pretrained(path).eval()
        batch = tokenizer([expected], return_tensors="pt")
        ids = model.generate(input_ids=batch["input_ids"], num_beams=1, max_length=16, do_sample=False)
        expected = tokenizer.decode(ids[0], skip_special_tokens=True).strip()
    assert found[0] == found[2] == (expected or texts[0])
    assert found[3] == ""
    (file,) = tmp_path.glob("*.jsonl")
    assert [json.loads(line)[0] for line in file.read_text(encoding="utf-8").splitlines()] == [
        "a big house",
        "the dog runs",
    ]
    with file.open("a") as broken:
        broken.write('["cut of')
    monkeypatch.setattr(BackTranslation, "_translate", None)  # known before
    assert made().augment(texts, RandomStreams.from_rows(9, 9, range(4))) == found


def test_models_that_cannot_serve_are_refused(masked, tmp_path, monkeypatch):
    from transformers import BertConfig, BertModel

    streams = RandomStreams.from_rows(0, 0, [0])
    with pytest.raises(UsageError, match=r"model .* cannot be loaded .*give a folder saved by `save_pretrained`"):
        MaskedLanguageModel(str(tmp_path)).augment(["a dog"], streams)
    size = save_tokenizer(tmp_path)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=size, **shape)).save_pretrained(tmp_path)
    with pytest.raises(
        UsageError, match=r"model .* lacks trained weights for cls.predictions.*saved as BertForMaskedLM"
    ):
        MaskedLanguageModel(str(tmp_path)).augment(["a dog"], streams)
    with pytest.raises(UsageError, match='there is no folder "/none"; give the folder of a model saved'):
        BackTranslation("/none")


@pytest.mark.parametrize("kind", ["masked", "translated"])
def test_models_are_freed_once_the_copies_are_made(masked, models, tmp_path, kind):
    """They stayed on the device during the entire training."""
    if kind == "masked":
        augmentation, attribute = MaskedLanguageModel(str(masked), alpha=1.0), "_network"
    else:
        augmentation, attribute = (
            BackTranslation(*models, num_beams=1, max_length=16, cache_dir=str(tmp_path / "c")),
            "_models",
        )
    rows = Rows(["the dog runs .", "a big house"], ["x", "y"], numbers=[0, 1])
    streams = RandomStreams.from_rows(0, 0, [0])
    before = augmentation.augment(["the dog runs ."], streams)
    network = vars(augmentation)[attribute]
    freed = weakref.ref(network if kind == "masked" else network[0][1])
    del network
    augmenter = Augmenter([lambda: augmentation], AugmentOptions(mode="offline"), 1, None)
    augmenter.add_copies(rows, tmp_path, [])
    gc.collect()
    assert freed() is None
    assert augmentation.augment(["the dog runs ."], streams) == before
