"""The classes in a script or notebook, with a plain Lightning trainer and no command line."""

import csv

import pytest
import torch
from pytorch_lightning import Trainer
from torch import nn
from workplace import write_splits

from contracts.errors import DataError, UsageError
from datamodules.sources.files import Files
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.characters import Characters
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.encoders.rnn import RNN
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.layers.pooling import mean_pool
from lightning_modules.predictor import load
from lightning_modules.text_classifier import TextClassifier

TEXTS = ["apple pear today", "iron zinc seen under the gold", "nile"]


class MeanOfEmbeddings(TextEncoder):
    """The least that an own encoder needs."""

    def __init__(self, spec, /, dim: int = 8) -> None:
        super().__init__()
        self.output_dim = dim
        self.embedding = nn.Embedding(spec.vocabulary_size, dim, spec.padding_id)

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        return mean_pool(self.embedding(input_ids), attention_mask)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_splits(tmp_path_factory.mktemp("data") / "words")


@pytest.fixture
def make_data(folder, tmp_path):
    def make(**options) -> TextDataModule:
        cache = str(tmp_path / "cache")
        return TextDataModule(lambda: Files(str(folder)), batch_size=16, cache_dir=cache, **options)

    return make


@pytest.fixture
def trainer(tmp_path):
    """As a user makes one, with checkpoints and a logger; no callback of ours."""
    return Trainer(default_root_dir=tmp_path, max_epochs=1, accelerator="cpu", enable_progress_bar=False)


def small_rnn(spec) -> RNN:
    return RNN(spec, embedding_dim=8, hidden_size=8)


def weights_of(model):
    return {name: weight.clone() for name, weight in model.state_dict().items()}


def assert_equal_weights(one, other):
    assert one.keys() == other.keys()
    for name, weight in one.items():
        assert torch.equal(weight, other[name]), name


def test_a_model_is_trained_on_a_data_module(make_data, trainer, tmp_path):
    model, data = TextClassifier(small_rnn), make_data()
    trainer.fit(model, data)
    (validated,) = trainer.validate(model, data, verbose=False)
    (tested,) = trainer.test(model, data, verbose=False)
    assert validated["validation/loss"] > 0
    assert 0 <= tested["test/macro_f1"] <= 1
    predictor = load(tmp_path / "lightning_logs")
    probabilities = torch.cat(trainer.predict(model, data))
    texts = data.load_texts("test")
    order = torch.cat([batch.index for batch in data.predict_dataloader()])
    expected = predictor.predict_probabilities([texts[row] for row in order.tolist()])
    torch.testing.assert_close(probabilities, torch.from_numpy(expected), atol=1e-6, rtol=0)


def test_a_model_is_trained_on_loaders(make_data, trainer, tmp_path):
    """With a tokenizer and all else in its checkpoints, as from a data module."""
    data = make_data(tokenizer=lambda: Characters())
    model = TextClassifier(small_rnn).use_data(data)
    trainer.fit(model, data.train_dataloader(), data.val_dataloader())
    (validated,) = trainer.validate(model, data.val_dataloader(), verbose=False)
    (tested,) = trainer.test(model, data.test_dataloader(), verbose=False)
    assert {"validation/macro_f1", "validation/loss"} <= validated.keys()
    assert {"test/macro_f1", "test/loss"} <= tested.keys()
    assert torch.cat(trainer.predict(model, data.test_dataloader())).shape == (41, 3)
    assert len(load(tmp_path / "lightning_logs").predict(TEXTS)) == 3


def test_loaders_train_the_same_model_as_the_data_module(make_data, tmp_path):
    weights = []
    for use_loaders in (False, True):
        torch.manual_seed(0)
        data = make_data()
        model = TextClassifier(small_rnn)
        trainer = Trainer(default_root_dir=tmp_path, max_epochs=1, accelerator="cpu", enable_progress_bar=False)
        if use_loaders:
            model.use_data(data)
            trainer.fit(model, data.train_dataloader(), data.val_dataloader())
        else:
            trainer.fit(model, data)
        weights.append(weights_of(model))
    assert_equal_weights(*weights)


def test_sizes_and_tokenizer_are_enough(make_data, trainer, tmp_path):
    data = make_data()
    data.setup()
    model = TextClassifier(TextCNN, spec=data.spec)
    model.tokenizer = data.tokenizer
    trainer.fit(model, data.train_dataloader())
    predictions = load(tmp_path / "lightning_logs" / "version_0").predict(TEXTS)
    assert [set(prediction.probabilities) for prediction in predictions] == [{"fruit", "metal", "river"}] * 3


def test_a_run_is_resumed_from_its_checkpoint(make_data, tmp_path):
    weights = []
    for stops in (False, True):
        torch.manual_seed(0)
        options = dict(default_root_dir=tmp_path / str(stops), accelerator="cpu", enable_progress_bar=False)
        model, data = TextClassifier(small_rnn), make_data()
        if stops:
            trainer = Trainer(max_epochs=1, **options)
            trainer.fit(model, data)
            path = trainer.checkpoint_callback.best_model_path
            model, data = TextClassifier(small_rnn), make_data()
        Trainer(max_epochs=2, **options).fit(model, data, ckpt_path=path if stops else None, weights_only=stops or None)
        weights.append(weights_of(model))
    assert_equal_weights(*weights)


def test_what_a_model_lacks_is_said_before_training(make_data, trainer, tmp_path):
    data = make_data()
    data.setup()
    with pytest.raises(UsageError, match=r"does not know the sizes of its data: train with .*use_data\(datamodule\)"):
        trainer.fit(TextClassifier(TextCNN), data.train_dataloader())
    with pytest.raises(UsageError, match=r"a checkpoint must hold the tokenizer, .* set `model.tokenizer` before"):
        trainer.fit(TextClassifier(TextCNN, spec=data.spec), data.train_dataloader())
    assert not list(tmp_path.glob("lightning_logs/*/checkpoints/*"))
    without = Trainer(
        max_epochs=1, enable_checkpointing=False, logger=False, accelerator="cpu", enable_progress_bar=False
    )
    without.fit(TextClassifier(TextCNN, spec=data.spec), data.train_dataloader())


def test_word_vectors_need_a_vocabulary(make_data, trainer, tmp_path):
    data, path = make_data(), tmp_path / "v.txt"
    path.write_text("apple 1 2\niron 3 4\n", encoding="utf-8")
    data.setup()
    model = TextClassifier(lambda spec: TextCNN(spec, vectors=str(path)), spec=data.spec)
    model.tokenizer = data.tokenizer
    with pytest.raises(UsageError, match=r"vectors .*v\.txt are looked up .*model\.use_data\(datamodule\)` first"):
        trainer.fit(model, data.train_dataloader())
    model.use_data(data)
    trainer.fit(model, data.train_dataloader())
    assert model.encoder.initialization_summary()["vectors"]["dim"] == 2


def test_validating_first_does_not_keep_word_vectors_from_being_loaded(make_data, trainer, tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("apple 1 2\niron 3 4\n", encoding="utf-8")
    model, data = TextClassifier(lambda spec: TextCNN(spec, vectors=str(path), vectors_mode="static")), make_data()
    trainer.validate(model, data, verbose=False)
    trainer.fit(model, data)
    assert model.encoder.embedding.weight[data.tokenizer.list_tokens().index("apple")].tolist() == [1, 2]


def test_an_own_encoder_needs_three_things_only(make_data, trainer):
    """Defined anywhere: only `train.py` refuses what a checkpoint could not name. `load` must be given the class."""
    model, data = TextClassifier(MeanOfEmbeddings), make_data()
    trainer.fit(model, data)
    (tested,) = trainer.test(model, data, verbose=False)
    assert 0 <= tested["test/macro_f1"] <= 1
    path = trainer.checkpoint_callback.best_model_path
    assert len(load(path, classes=[MeanOfEmbeddings]).predict(TEXTS)) == 3
    with pytest.raises(
        DataError, match=r"asks for a TextEncoder named 'MeanOfEmbeddings', which this project does not"
    ):
        load(path)


def test_an_encoder_without_its_length_is_told_so(make_data, trainer):
    class Forgetful(MeanOfEmbeddings):
        def __init__(self, spec, /) -> None:
            super().__init__(spec)
            del self.output_dim

    with pytest.raises(UsageError, match=r"Forgetful has no output_dim: set self\.output_dim in its __init__"):
        trainer.fit(TextClassifier(Forgetful), make_data())


def test_predictions_are_those_of_the_script(work, trained, tmp_path):
    """To the last digit that the script prints."""
    predictor = load(trained)
    answer = work.predict(trained, *TEXTS)
    rows = list(csv.DictReader(answer.out.splitlines()))
    for row, prediction in zip(rows, predictor.predict(TEXTS), strict=True):
        assert row["prediction"] == prediction.prediction
        assert row["confidence"] == f"{prediction.confidence:.7f}"
        for name, probability in prediction.probabilities.items():
            assert row[f"probability:{name}"] == f"{probability:.7f}"


def write_other_words(folder):
    """Two classes like none of the other data, in words like none of theirs."""
    folder.mkdir()
    with (folder / "train.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows([word * 2, label] for word in "abcdefghij" for label in ("animal", "colour") for _ in range(3))
    return folder


@pytest.mark.parametrize("use", ["fit", "test", "loaders"])
def test_a_model_is_not_used_with_other_labels_than_it_was_built_for(use, make_data, trainer, tmp_path):
    """It kept the labels and sizes of the first data: classes of the second were scored under the first one's names."""
    model = TextClassifier(encoder=small_rnn)
    trainer.fit(model, make_data())
    folder = write_other_words(tmp_path / "other")
    other = TextDataModule(Files(str(folder)), batch_size=16, cache_dir=str(tmp_path / "cache"))
    again = Trainer(default_root_dir=tmp_path, max_epochs=1, accelerator="cpu", enable_progress_bar=False)
    given = (model, other)
    if use == "loaders":
        given = (model.use_data(other), other.train_dataloader())
    with pytest.raises(UsageError, match="built for the labels fruit, metal, river, and these data have animal, col"):
        getattr(again, "test" if use == "test" else "fit")(*given)


def test_a_model_is_not_used_with_another_vocabulary(make_data, trainer, tmp_path):
    model = TextClassifier(encoder=small_rnn)
    trainer.fit(model, make_data())
    again = Trainer(default_root_dir=tmp_path, accelerator="cpu", enable_progress_bar=False)
    with pytest.raises(UsageError, match="built for another vocabulary"):
        again.test(model, make_data(tokenizer=Characters))
    again.test(model, make_data(), verbose=False)


def test_a_pair_given_to_a_model_of_single_texts_is_refused(make_data, trainer):
    trainer.fit(TextClassifier(encoder=small_rnn), make_data())
    predictor = load(trainer.checkpoint_callback.best_model_path)
    with pytest.raises(UsageError, match="reads single texts, got a pair at position 1; give strings"):
        predictor.predict(["apple", ("apple", "pear")])
