"""Whole runs that fine-tune a tiny BERT: only vectors of ids in training texts are learned, and all else is as ever."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
import torch
from test_resume import EPOCHS, assert_alike, kill, killed  # noqa: F401  # a fixture
from workplace import FILLING, USAGE, WORDS, predictions_of, report_of, write_table

from lightning_modules.encoders.partially_frozen_embedding import PartiallyFrozenEmbedding
from lightning_modules.text_classifier import TextClassifier

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
UNMET = ["venus", "mars", *(f"rare{number}" for number in range(80))]
TABLE = "encoder.backbone.embeddings.word_embeddings.weight"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A BERT with random weights that knows every word of the tiny data, and more that are not in it."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import AutoModel, BertConfig, PreTrainedTokenizerFast

    made = tmp_path_factory.mktemp("bert") / "tiny"
    words = [*SPECIAL, *(word for words in WORDS.values() for word in words), *FILLING, *UNMET]
    backend = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {f"{name[1:-1].lower()}_token": name for name in SPECIAL}
    PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=16, **names).save_pretrained(made)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(words), max_position_embeddings=20, **sizes)
    AutoModel.from_config(config).save_pretrained(made)
    return made


@pytest.fixture(scope="module")
def pretrained(folder, data) -> tuple[str, ...]:
    model = ("--model.encoder", "Pretrained", "--model.encoder.model", str(folder))
    tokenizer = ("--data.tokenizer", "Pretrained", "--data.tokenizer.model", str(folder))
    optimizer = ("--model.optimizer", "AdamW", "--model.optimizer.lr", "0.01", "--model.optimizer.weight_decay", "0.1")
    return ("--data.source", "Files", "--data.source.path", str(data), *model, *tokenizer, *optimizer)


def table_in(checkpoint: Path) -> torch.Tensor:
    return torch.load(checkpoint, weights_only=True)["state_dict"][TABLE]


def test_a_run_learns_the_ids_of_training_texts_only_and_predicts_what_it_tested(work, pretrained, folder, tmp_path):
    from transformers import AutoModel

    run = work.fit(*pretrained, epochs=2)
    before = AutoModel.from_pretrained(folder).embeddings.word_embeddings.weight.detach()
    after = table_in(run / "checkpoints" / "last.ckpt")
    moved = (after != before).any(1)
    known = len(SPECIAL) + sum(map(len, WORDS.values())) + len(FILLING)
    assert after.shape == before.shape
    assert not moved[known:].any()
    assert moved[len(SPECIAL) : known].sum() > 30  # 90 texts hold nearly all of 36 words
    assert moved[: len(SPECIAL)].tolist() == [False, False, True, True, False]  # [CLS] and [SEP]

    numbers = report_of(run)["parameters"]
    whole = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert numbers["all"] == sum(weight.numel() for weight in whole.values())
    assert numbers["all"] - numbers["trainable"] == int((~moved).sum()) * 8

    lines = predictions_of(run)
    table = write_table(tmp_path / "new.csv", [{"text": line["text"]} for line in lines])
    answers = list(csv.DictReader(work.predict(run, table).out.splitlines()))
    for line, answer in zip(lines, answers, strict=True):
        for name in WORDS:
            assert float(answer[f"probability:{name}"]) == pytest.approx(float(line[f"probability:{name}"]), abs=1e-5)


def test_a_run_that_was_killed_resumes_exactly(work, pretrained, killed):  # noqa: F811  # the fixture
    more = ("--last_checkpoint.every_n_train_steps", "1", "--model.lr_scheduler", "WarmupLinear")
    last = kill(work, killed, 9, *pretrained, *more)
    resumed = work.fit(*pretrained, *more, "--ckpt_path", last, epochs=EPOCHS)
    assert_alike(resumed, work.fit(*pretrained, *more, epochs=EPOCHS))


@pytest.fixture
def kinds(monkeypatch) -> list[bool]:
    """Of each model that is built, whether it learns some rows only."""
    kinds = []
    true_build = TextClassifier.configure_model

    def build(self: TextClassifier) -> None:
        true_build(self)
        kinds.append(any(isinstance(module, PartiallyFrozenEmbedding) for module in self.encoder.modules()))

    monkeypatch.setattr(TextClassifier, "configure_model", build)
    return kinds


def test_only_training_tells_rows_apart(work, pretrained, kinds):
    run = work.fit(*pretrained)
    assert set(kinds) == {True}
    kinds.clear()
    answer = work.train("test", "--config", run / "config.yaml", "--ckpt_path", run)
    assert answer.code == 0, answer.err
    assert set(kinds) == {False}
    (tested,) = work.run_folders() - {run}
    assert report_of(tested)["test"] == report_of(run)["test"]


def test_ids_that_augmentation_brings_in_are_learned_too(work, pretrained, kinds):
    work.fit(*pretrained, "--data.augmentations", "CharacterNoise")
    assert set(kinds) == {False}


def test_other_training_texts_with_as_many_batches_are_refused(work, pretrained, data, tmp_path):
    """Adam's memory of 38 rows would be written into as if it were that of 40."""
    run = work.fit(*pretrained)
    other = tmp_path / "other"
    shutil.copytree(data, other)
    lines = (other / "train.csv").read_text().splitlines()
    text, _, label = lines[1].rpartition(",")
    lines[1] = f"{text} venus mars,{label}"
    (other / "train.csv").write_text("\n".join(lines) + "\n")
    limits = ("--trainer.max_epochs", 2, "--trainer.accelerator", "cpu", "--data.batch_size", 16)
    answer = work.train(*limits, *pretrained, "--data.source.path", other, "--ckpt_path", run)
    assert answer.code == USAGE
    assert f"other weights were trained: of {TABLE} [" in answer.err
    assert "resume with the same training texts and the same config" in answer.err
