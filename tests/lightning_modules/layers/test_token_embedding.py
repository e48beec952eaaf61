"""Where a table of vectors starts, and when it learns."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.vectors.options import VectorOptions
from datamodules.vectors.word2vec import Word2Vec
from lightning_modules.encoders.rnn import RNN
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.heads.linear import Linear
from lightning_modules.layers.embedding import TokenEmbedding
from lightning_modules.optim.parameter_groups import LearningRatePlan, build_parameter_groups

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, vocabulary_size=5, padding_id=0, max_length=9)
IDS = torch.tensor([[1, 2, 3, 4], [4, 2, 0, 0]])


class Texts:
    """Five ids, the last one not in the file."""

    fingerprint = "texts"

    def __init__(self, folder: Path) -> None:
        self.cache_dir = folder

    def list_tokens(self):
        return ["[PAD]", "the", "cat", "sat", "xyzzy"]

    def load_training_ids(self):
        return np.array([1, 2, 3, 4, 1, 2], np.int32), np.array([0, 4, 6])

    def count_ids(self):
        return {"train": np.array([0, 2, 2, 1, 1]), "test": np.array([0, 3, 0, 0, 1])}


@pytest.fixture
def texts(tmp_path):
    return Texts(tmp_path / "cache")


@pytest.fixture
def path(tmp_path):
    (tmp_path / "v.txt").write_text("the 1 2\ncat 3 4\nsat 5 6\n", encoding="utf-8")
    return str(tmp_path / "v.txt")


def step(encoder, epoch=0):
    """One step of AdamW with weight decay, as a run makes it."""
    groups = build_parameter_groups(encoder, Linear(SPEC, encoder.output_dim), 0.1, LearningRatePlan())
    optimizer = torch.optim.AdamW(groups, lr=0.1, weight_decay=0.5)
    (encoder(IDS, IDS > 0).square().sum()).backward()
    encoder.drop_frozen_gradients(epoch)
    optimizer.step()
    return optimizer


@pytest.mark.parametrize("mode", ["static", "fine_tuned", "multichannel"])
@pytest.mark.parametrize("encoder", [TextCNN, RNN])
def test_the_table_starts_from_the_file(encoder, mode, path, texts):
    made = encoder(SPEC, vectors=path, vectors_mode=mode)
    made.prepare_training(texts)
    assert made.embedding.weight[:4].tolist() == [[0, 0], [1, 2], [3, 4], [5, 6]]
    if mode == "multichannel":
        assert torch.equal(made.embedding.static_embedding.weight, made.embedding.weight)
    assert made.initialization_summary()["vectors"]["as_is"] == 3
    assert made.initialization_notes()[0].startswith(
        f"vectors of {path}: 3 of 4 ids found (75.0%), 83.3% of the training tokens"
    )


def test_static_vectors_stay_and_fine_tuned_ones_learn(path, texts):
    for mode, learns in (("static", False), ("fine_tuned", True)):
        encoder = TextCNN(SPEC, vectors=path, vectors_mode=mode)
        encoder.prepare_training(texts)
        before = encoder.embedding.weight.detach().clone()
        step(encoder)
        assert (encoder.embedding.weight[1:] != before[1:]).any() == learns
        assert not encoder.embedding.weight[0].any()


def test_of_two_channels_one_learns(path, texts):
    encoder = TextCNN(SPEC, vectors=path, vectors_mode="multichannel")
    encoder.prepare_training(texts)
    before = encoder.embedding.weight.detach().clone()
    step(encoder)
    assert torch.equal(encoder.embedding.static_embedding.weight, before)
    assert not torch.equal(encoder.embedding.weight, before)


@pytest.mark.parametrize("tokens", [1, 3, 6])
def test_two_channels_are_those_of_the_paper(tokens):
    """Each filter over either channel, the scores added, then bias, ReLU and the maximum over time."""
    torch.manual_seed(tokens)
    encoder = TextCNN(
        SPEC, embedding_dim=3, num_filters=4, kernel_sizes=(2, 3), vectors="checkpoint", vectors_mode="multichannel"
    )
    torch.nn.init.normal_(encoder.embedding.static_embedding.weight[1:])
    torch.nn.init.normal_(encoder.convolutions.bias)
    ids = torch.randint(1, 5, (2, tokens))
    channels = [table[ids] for table in (encoder.embedding.weight, encoder.embedding.static_embedding.weight)]
    features = []
    for place, weight in enumerate(encoder.convolutions.weights):
        width = weight.shape[1] // 3
        kernel = weight.view(4, width, 3).transpose(1, 2)
        around = [F.pad(channel.transpose(1, 2), (width, width)) for channel in channels]
        scores = sum(F.conv1d(channel, kernel) for channel in around)
        features.append(torch.relu(scores + encoder.convolutions.bias[4 * place : 4 * place + 4, None]).amax(2))
    torch.testing.assert_close(encoder(ids, ids > 0), torch.cat(features, 1))


def test_a_table_that_is_to_learn_later_is_left_alone_until_then(path, texts):
    """Neither weight decay nor the optimizer's moments and counts touch it; the filters learn all the while."""
    encoder = TextCNN(SPEC, vectors=path, unfreeze_after=2)
    encoder.prepare_training(texts)
    table, filters = encoder.embedding.weight, encoder.convolutions.weights[0]
    for epoch in (0, 1, 2):
        before, filters_before = table.detach().clone(), filters.detach().clone()
        optimizer = step(encoder, epoch)
        assert torch.equal(table, before) == (epoch < 2)
        assert (table in optimizer.state) == (epoch == 2)
        assert not torch.equal(filters, filters_before)


def test_the_rest_of_a_model_starts_alike_with_any_vectors(path, texts):
    starts = []
    for options in ({"embedding_dim": 2}, {"vectors": path}, {"vectors": path, "vectors_mode": "multichannel"}):
        torch.manual_seed(0)
        encoder = TextCNN(SPEC, **options)
        encoder.prepare_training(texts)
        starts.append(encoder.convolutions.weights[0])
    assert torch.equal(starts[0], starts[1])
    assert torch.equal(starts[0], starts[2])


def test_learned_vectors_are_cached(texts):
    pytest.importorskip("gensim")
    choices = VectorOptions("train", word2vec=Word2Vec(min_frequency=1, epochs=1))
    first = TokenEmbedding(SPEC, 4, choices)
    first.prepare_training(texts)
    (folder,) = texts.cache_dir.iterdir()
    np.save(folder / "vectors.npy", 0 * np.load(folder / "vectors.npy") + 7)
    second = TokenEmbedding(SPEC, 4, choices)
    second.prepare_training(texts)
    assert second.weight[1:].unique().tolist() == [7], "the second one reads what the first one wrote"
    other = TokenEmbedding(SPEC, 4, VectorOptions("train", word2vec=Word2Vec(min_frequency=1, epochs=2)))
    other.prepare_training(texts)
    assert len(list(texts.cache_dir.iterdir())) == 2
    assert other.summary["source"] == "train"


def test_the_length_is_that_of_the_file_and_300_without_one(path):
    assert TokenEmbedding(SPEC, None, VectorOptions(path)).embedding_dim == 2
    assert TokenEmbedding(SPEC).embedding_dim == 300


def test_without_vectors_nothing_is_asked_of_the_texts():
    encoder = RNN(SPEC, embedding_dim=3)
    encoder.prepare_training(None)
    assert (encoder.initialization_summary(), encoder.initialization_notes()) == ({}, [])


def test_vectors_that_were_to_come_from_a_checkpoint_are_missed(texts):
    with pytest.raises(UsageError, match=r"with the weights of --ckpt_path, which is not given"):
        TokenEmbedding(SPEC, 2, VectorOptions("checkpoint")).check_initialized()


REFUSED = [
    ({"embedding_dim": 3}, r"embedding_dim is 3 and .*v\.txt has vectors of 2 numbers; leave embedding_dim out"),
    ({"vectors_mode": "frozen"}, r"vectors_mode must be one of static, fine_tuned, multichannel; got 'frozen'"),
    ({"vectors_missing": "unk"}, r"vectors_missing must be one of matched, characters, zeros; got 'unk'"),
    ({"unfreeze_after": -1}, r"unfreeze_after is a number of epochs and must be 0 or more, got -1"),
    ({"vectors_mode": "static", "unfreeze_after": 1}, r"unfreeze_after 1 trains vectors later, and .* static never"),
    ({"word2vec": Word2Vec()}, r"word2vec has the options of vectors train; give vectors train too"),
    ({"vectors": None, "vectors_mode": "static"}, r"vectors_mode is an option of word vectors; give vectors too"),
    (
        {"vectors": None, "unfreeze_after": 1},
        r"unfreeze_after is an option of word vectors; .* a file, or train",
    ),
    ({"vectors": "nowhere.txt"}, r"the file of word vectors nowhere\.txt is not there"),
    ({"vectors": "checkpoint"}, r"vectors checkpoint loads vectors with the weights; set embedding_dim"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=range(len(REFUSED)))
def test_choices_that_cannot_be_are_refused(options, message, path):
    with pytest.raises(UsageError, match=message):
        TextCNN(SPEC, **{"vectors": path} | options)


def test_coverage_is_told_of_every_split(texts, path):
    """Of the test's tokens three of four are `the`, which the file has, and one is not in it."""
    embedding = TokenEmbedding(SPEC, choices=VectorOptions(path))
    embedding.prepare_training(texts)
    assert embedding.summary["coverage"] == {"train": [pytest.approx(5 / 6), 0.75], "test": [0.75, 0.5]}
    assert "83.3% of the training tokens, 75.0% of test's:" in embedding.notes[0]
