"""Predictions in Python: as the model computes them one by one, whatever the batches, pairs and variants."""

import numpy as np
import pytest
import torch

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.augmentations.random_swap import RandomSwap
from datamodules.augmenting.test_time_variants import VariantGenerator
from datamodules.tokenizers.words import Words
from lightning_modules.bundle import Bundle, build_bundle, load_bundle
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.heads.linear import Linear
from lightning_modules.predictor import BATCHES_PER_CHUNK, Prediction, Predictor, load, select_device
from lightning_modules.tasks import create_task

TEXTS = ["one two", "three", "two two three one", "", "three one one"]


def make_bundle(task="single_label", pairs=False, variants=None) -> Bundle:
    torch.manual_seed(0)
    words = Words()
    words.train(TEXTS)
    spec = TextSpec(task, ("x", "y", "z"), (3, 1, 1), 4, words.vocabulary_size, 0, max_length=9, pairs=pairs)
    encoder = TextCNN(spec, embedding_dim=4, num_filters=3, kernel_sizes=(2, 3)).eval()
    head = Linear(spec, encoder.output_dim).eval()
    return Bundle(encoder, head, create_task(spec), spec, words, variants)


def save(bundle: Bundle, path):
    """The checkpoint that training writes of such a model."""
    weights = {f"encoder.{name}": value for name, value in bundle.encoder.state_dict().items()}
    weights |= {f"head.{name}": value for name, value in bundle.head.state_dict().items()}
    parts = build_bundle(bundle.encoder, bundle.head, bundle.spec, bundle.tokenizer, bundle.variants)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"state_dict": weights, "bundle": parts}, path)
    return path


def compute(bundle: Bundle, text: str) -> list[float]:
    """The probabilities of one text, by hand."""
    ids = torch.from_numpy(bundle.tokenizer.encode_batch([text], max_length=9).ids).long()[None]
    with torch.no_grad():
        return bundle.task.compute_probabilities(bundle.head(bundle.encoder(ids, ids > -1)))[0].tolist()


@pytest.mark.parametrize("batch_size", [1, 2, 256])
def test_each_text_has_the_probabilities_that_it_has_alone(batch_size):
    bundle = make_bundle()
    probabilities = Predictor(bundle).predict_probabilities(TEXTS, batch_size)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, [compute(bundle, text) for text in TEXTS], atol=1e-6)


def test_many_texts_are_predicted_in_chunks_and_keep_their_order():
    predictor = Predictor(make_bundle())
    texts = [TEXTS[number % len(TEXTS)] for number in range(2 * BATCHES_PER_CHUNK + 3)]
    few = predictor.predict_probabilities(TEXTS)
    many = predictor.predict_probabilities(iter(texts), batch_size=1)
    np.testing.assert_allclose(many, [few[TEXTS.index(text)] for text in texts], atol=1e-6)


def test_a_prediction_is_the_likeliest_label_by_name_with_plain_numbers():
    predictor = Predictor(make_bundle())
    for prediction, row in zip(predictor.predict(TEXTS), predictor.predict_probabilities(TEXTS).tolist(), strict=True):
        assert prediction == Prediction("xyz"[row.index(max(row))], max(row), dict(zip("xyz", row, strict=True)))
        assert {type(value) for value in prediction.probabilities.values()} == {float}
    assert predictor.label_names == ("x", "y", "z")


def test_several_labels_are_a_list():
    for prediction in Predictor(make_bundle("multi_label")).predict(TEXTS):
        likely = [name for name, probability in prediction.probabilities.items() if probability >= 0.5]
        assert prediction.prediction == likely
        assert prediction.confidence == pytest.approx(min(max(p, 1 - p) for p in prediction.probabilities.values()))


def test_no_texts_give_no_predictions():
    predictor = Predictor(make_bundle())
    assert predictor.predict([]) == []
    assert predictor.predict_probabilities([]).shape == (0, 3)


def test_variants_are_averaged():
    bundle = make_bundle(variants=VariantGenerator([RandomSwap()], num_predictions=3))
    variants = [TEXTS, *bundle.variants.generate(TEXTS)]
    assert len(variants) == 3
    expected = np.mean([[compute(bundle, text) for text in texts] for texts in variants], axis=0)
    np.testing.assert_allclose(Predictor(bundle).predict_probabilities(TEXTS), expected, atol=1e-6)
    alone = Predictor(bundle, tta=1).predict_probabilities(TEXTS)
    np.testing.assert_allclose(alone, [compute(bundle, text) for text in TEXTS], atol=1e-6)


def test_a_model_of_single_texts_takes_no_pair():
    predictor = Predictor(make_bundle())
    assert predictor.predict([("three", None)]) == predictor.predict(["three"])
    with pytest.raises(UsageError, match="reads single texts, got a pair at position 1; give strings"):
        predictor.predict(["three", ("one", "two")])


def test_a_model_of_pairs_needs_both_texts():
    predictor = Predictor(make_bundle(pairs=True))
    assert predictor.pairs
    with pytest.raises(UsageError, match=r"compares two texts, and 'three' comes alone; .* in Python a tuple of both"):
        predictor.predict([("one", "two"), "three"])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one two", r"texts must be a list, got a single string; give \['one two'\]"),
        (["one", float("nan")], r"texts must be strings or tuples of two strings, got nan at position 1"),
        ([None], r"got None at position 0"),
        ([("a", "b", "c")], r"got \('a', 'b', 'c'\) at position 0"),
        ([("a", 5)], r"got \('a', 5\) at position 0"),
        (["one", "tw\ud83do"], r"at position 1 holds a lone surrogate .* remove it"),
    ],
)
def test_what_is_no_text_is_refused(texts, message):
    with pytest.raises(UsageError, match=message):
        Predictor(make_bundle()).predict(texts)


def test_numbers_out_of_range_are_refused():
    with pytest.raises(UsageError, match=r"batch_size must be at least 1, got 0"):
        Predictor(make_bundle()).predict(TEXTS, batch_size=0)
    with pytest.raises(UsageError, match=r"tta counts the text itself and must be at least 1, got 0"):
        Predictor(make_bundle(), tta=0)
    with pytest.raises(UsageError, match=r"nowhere cannot be used here: .* Try auto or cpu"):
        select_device("nowhere")


def test_a_run_is_loaded_by_its_name(tmp_path):
    bundle = make_bundle()
    save(bundle, tmp_path / "demo" / "version_0" / "checkpoints" / "best.ckpt")
    expected = Predictor(bundle).predict(TEXTS)
    assert load(tmp_path / "demo").predict(TEXTS) == expected
    assert load(str(tmp_path / "demo" / "version_0"), device="cpu", tta=1).predict(TEXTS) == expected
    assert load_bundle(tmp_path / "demo").spec == bundle.spec
