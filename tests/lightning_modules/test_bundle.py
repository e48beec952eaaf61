"""A checkpoint predicts with nothing else at hand; one that is damaged, foreign or hostile is refused in one line."""

from __future__ import annotations

import os
import pickle
import random

import pytest
import torch

from contracts.errors import DataError
from contracts.text_spec import TextSpec
from datamodules.loading.collate import collate
from datamodules.sources.text_stream import TextColumns
from datamodules.tokenizers.words import Words
from lightning_modules.bundle import build_bundle, load_bundle
from lightning_modules.checkpoints import read_checkpoint
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.heads.linear import Linear

TEXTS = ["one two", "three", "two two three one", ""]


@pytest.fixture
def parts():
    """An encoder, a head, a spec and a tokenizer, as training leaves them."""
    torch.manual_seed(0)
    words = Words()
    words.train(TEXTS)
    spec = TextSpec("single_label", ("x", "y"), (3, 1), 4, words.vocabulary_size, padding_id=0, max_length=4)
    encoder = TextCNN(spec, embedding_dim=4, num_filters=3, kernel_sizes=(2, 3))
    return encoder, Linear(spec, encoder.output_dim), spec, words


@pytest.fixture
def checkpoint(parts) -> dict:
    encoder, head, *_ = parts
    weights = {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    weights |= {f"head.{name}": value for name, value in head.state_dict().items()}
    return {"epoch": 1, "state_dict": weights, "bundle": build_bundle(*parts)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "best.ckpt"


def saved(path, checkpoint):
    torch.save(checkpoint, path)
    return path


def refused(path, message: str) -> str:
    with pytest.raises(DataError, match=message) as raised:
        load_bundle(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_bundle_predicts_as_the_model_that_it_was_made_of(parts, checkpoint, path):
    encoder, head, spec, words = parts
    bundle = load_bundle(saved(path, checkpoint))
    tokens = bundle.tokenizer.encode_batch(TEXTS, max_length=bundle.spec.max_length)
    assert tokens.ids.tolist() == words.encode_batch(TEXTS).ids.tolist()
    batch = collate(tokens, torch.zeros(4).long().numpy(), torch.arange(4).numpy(), bundle.spec.padding_id)
    with torch.no_grad():
        expected = head.eval()(encoder.eval()(batch.input_ids, batch.attention_mask)).softmax(1)
    assert torch.equal(bundle.predict_probabilities(batch), expected)
    assert bundle.spec == spec
    assert not bundle.encoder.training
    assert not bundle.head.training


def test_the_part_that_is_not_weights_is_plain(checkpoint):
    def assert_plain(value):
        assert type(value) in (dict, list, tuple, str, int, float, bool, type(None))
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ():
            assert_plain(part)

    assert_plain(checkpoint["bundle"])


def test_the_text_columns_of_training_are_kept(parts, checkpoint, path):
    assert load_bundle(saved(path, checkpoint)).text_columns is None
    columns = TextColumns("question", None)
    checkpoint["bundle"] = build_bundle(*parts, text_columns=columns)
    assert load_bundle(saved(path, checkpoint)).text_columns == columns


# Files that are something else


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused(checkpoint, path, share):
    data = saved(path, checkpoint).read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    refused(path, r"best.ckpt cannot be read as a checkpoint: it is truncated or of another format \(.+\)")


@pytest.mark.parametrize("start", [b"", b"\x80\x02", b"PK\x03\x04", b"]", b"("])
def test_random_bytes_are_refused_without_a_warning(path, recwarn, start):
    """They are read as a pickle, so the reader may fail in any way that a program can."""
    rng = random.Random(0)
    for _ in range(60):
        path.write_bytes(start + rng.randbytes(rng.randrange(1, 60)))
        refused(path, "cannot be read as a checkpoint: it is truncated or of|not written by this project")
    assert [str(warning.message) for warning in recwarn] == []


def test_a_checkpoint_with_wrong_bytes_is_read_or_refused(checkpoint, path):
    data = saved(path, checkpoint).read_bytes()
    rng = random.Random(0)
    refusals = 0
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(3):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            load_bundle(path)
        except DataError:
            refusals += 1
    assert refusals > 50


@pytest.mark.parametrize("text", ["", "text,label\na,x\n", "{}"])
def test_a_text_file_is_refused(path, text):
    path.write_text(text)
    refused(path, "best.ckpt cannot be read as a checkpoint")


@pytest.mark.parametrize(
    "foreign",
    [
        torch.zeros(3),
        [1, 2],
        {"state_dict": {"weight": torch.zeros(2)}},
        {"weight": torch.zeros(2)},
        {"state_dict": {}, "bundle": 3},
        {"state_dict": [], "bundle": {"format": 1}},
    ],
    ids=lambda foreign: str(type(foreign).__name__),
)
def test_another_projects_file_is_refused(path, foreign):
    refused(
        saved(path, foreign), "best.ckpt was not written by this project: it lacks the parts `state_dict` and `bundle`"
    )


class Evil:
    def __init__(self, proof: str) -> None:
        self.proof = proof

    def __reduce__(self):
        return os.mkdir, (self.proof,)


@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value, 2))])
@pytest.mark.parametrize("hidden", [True, False])
def test_a_file_that_would_run_code_is_refused_and_runs_none(checkpoint, path, tmp_path, write, hidden):
    proof = tmp_path / "was_run"
    write(checkpoint | {"bundle": Evil(str(proof))} if hidden else Evil(str(proof)), path)
    said = refused(path, "best.ckpt cannot be read as a checkpoint")
    assert not proof.exists()
    assert "weights_only" not in said  # torch recommends to read it with less care
    if write is torch.save:
        assert "it holds posix.mkdir, which is neither a tensor nor a plain value" in said
    torch.load(path, weights_only=False) if write is torch.save else pickle.loads(path.read_bytes())
    assert proof.exists()  # it would have


def test_an_object_of_any_class_is_refused(checkpoint, path):
    from argparse import Namespace

    said = refused(saved(path, checkpoint | {"extra": Namespace(a=1)}), "it holds argparse.Namespace, which is neither")
    assert "add_safe_globals" not in said


# Bundles that do not fit


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "was written in format 2 and this version reads format 1; use the version"),
        ({"format": None}, "was written in format None"),
        ({"encoder": {"class": "Oracle", "arguments": {}}}, r"a TextEncoder named 'Oracle', .*it has: .*TextCNN"),
        ({"encoder": {"class": "Linear", "arguments": {}}}, r"a TextEncoder named 'Linear', which this project"),
        ({"head": {"class": "posix.system", "arguments": {}}}, r"a Head named 'posix.system', which this project"),
        ({"encoder": {"class": "TextCNN", "arguments": {"size": 3}}}, r"checkpoint's TextCNN does not fit .*'size'"),
        (
            {"encoder": {"class": "TextCNN", "arguments": {"num_filters": 0}}},
            r"its model cannot be rebuilt \(UsageError: num_filters",
        ),
        (
            {"encoder": {"class": "TextCNN", "arguments": {"embedding_dim": 5}}},
            r"the weights in .*best.ckpt do not fit its encoder: s",
        ),
        (
            {"encoder": 5},
            r"is damaged: the checkpoint's TextEncoder must be a class name and its arguments, got int",
        ),
        ({"spec": {}}, r"is damaged: the checkpoint's spec must have the values class_counts, label_names, max_length"),
        ({"tokenizer": "{"}, "the tokenizer in this checkpoint cannot be read"),
    ],
)
def test_what_does_not_fit_this_version_is_refused(checkpoint, path, change, message):
    checkpoint["bundle"] |= change
    refused(saved(path, checkpoint), message)


@pytest.mark.parametrize("part", ["encoder", "head", "spec", "tokenizer"])
def test_a_part_that_is_missing_is_named(checkpoint, path, part):
    del checkpoint["bundle"][part]
    refused(saved(path, checkpoint), f"best.ckpt is damaged: its bundle lacks {part}$")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("head.linear.bias", None, r"do not fit its head: Missing key.*linear.bias"),
        ("head.other", torch.zeros(1), r"do not fit its head: Unexpected key.*other"),
        ("head.linear.bias", torch.zeros(9), r"do not fit its head: size mismatch for linear.bias"),
    ],
)
def test_weights_that_do_not_fit_are_refused(checkpoint, path, name, value, message):
    checkpoint["state_dict"][name] = value
    if value is None:
        del checkpoint["state_dict"][name]
    refused(saved(path, checkpoint), message)


def test_weights_of_other_parts_do_no_harm(checkpoint, path):
    checkpoint["state_dict"]["loss.weights"] = torch.zeros(2)
    load_bundle(saved(path, checkpoint))
    assert read_checkpoint(path)["epoch"] == 1
