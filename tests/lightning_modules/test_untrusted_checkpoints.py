"""Attempts to break `load` by a checkpoint from an unknown author: each is refused in one line, quickly.

Nothing of the file is executed, no other file is read, and no network is used.
"""

from __future__ import annotations

import copy
import json
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from contracts.errors import DataError
from contracts.text_spec import TextSpec
from datamodules.augmentations.random_deletion import RandomDeletion
from datamodules.augmenting.test_time_variants import VariantGenerator
from datamodules.sources.text_stream import TextColumns
from datamodules.tokenizers.subwords import Subwords
from datamodules.tokenizers.words import Words
from lightning_modules.bundle import build_bundle
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.encoders.text_cnn import TextCNN
from lightning_modules.heads.linear import Linear
from lightning_modules.predictor import load

TEXTS = ["one two", "three", "two two three one"]
Checkpoint = dict[str, Any]
HUGE = 10**10
ROOT = Path(__file__).parents[2]

_events: list[str] | None = None
FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "shutil.", "urllib.", "ctypes.dlopen")


def _audit(event: str, arguments: tuple) -> None:
    if _events is None:
        return
    if event.startswith(FORBIDDEN) or (event == "open" and "evil" in str(arguments[0])):
        _events.append(f"{event} {arguments!r}"[:200])


sys.addaudithook(_audit)  # cannot be removed again, and does nothing outside of these tests


@pytest.fixture(autouse=True)
def watched(monkeypatch) -> Iterator[None]:
    """Fails a test that executes something, reads a file named evil, uses the network, or asks a question."""
    global _events
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question="": asked.append(question) or "y")
    _events = []
    yield
    done, _events = _events, None
    assert done == []
    assert asked == []


def make_checkpoint(tokenizer: Any = None) -> Checkpoint:
    torch.manual_seed(0)
    tokenizer = tokenizer or Words()
    tokenizer.train(TEXTS)
    spec = TextSpec(
        "single_label", ("x", "y"), (3, 1), 4, tokenizer.vocabulary_size, tokenizer.padding_id, max_length=4
    )
    encoder = TextCNN(spec, embedding_dim=4, num_filters=3, kernel_sizes=(2, 3))
    head = Linear(spec, encoder.output_dim)
    weights = {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    weights |= {f"head.{name}": value for name, value in head.state_dict().items()}
    variants = VariantGenerator([RandomDeletion()], 2)
    bundle = build_bundle(encoder, head, spec, tokenizer, variants, TextColumns())
    return {"epoch": 1, "state_dict": weights, "bundle": bundle}


@pytest.fixture
def checkpoint() -> Checkpoint:
    return make_checkpoint()


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "best.ckpt"


def assert_refused(path: Path, message: str, predict: bool = False) -> None:
    start = time.perf_counter()
    with pytest.raises(DataError, match=message) as raised:
        load(path).predict(TEXTS if predict else [])
    assert time.perf_counter() - start < 10
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 800


def test_the_checkpoint_of_these_tests_predicts(checkpoint, path):
    torch.save(checkpoint, path)
    assert len(load(path).predict(TEXTS)) == 3


# The file


class Calls:
    """Pickles as the call of a function."""

    def __init__(self, function: Callable, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "call",
    [
        Calls(torch.Tensor, HUGE),
        Calls(torch.FloatTensor, HUGE),
        Calls(torch.UntypedStorage, HUGE),
        Calls(bytearray, HUGE),
        Calls(print, "evil"),
        Calls(__import__, "antigravity"),
        Calls(eval, "1 + 1"),
        Calls(
            torch._utils._rebuild_sparse_tensor, torch.sparse_coo, (torch.zeros(1, 0), torch.zeros(0), (HUGE,), True)
        ),
        Calls(torch._utils._rebuild_meta_tensor_no_storage, torch.float32, (HUGE,), (1,), False),
    ],
    ids=lambda call: call.call[0].__name__,
)
def test_a_file_names_tensors_and_plain_values_only(checkpoint, path, call):
    """Torch's safe reader would call the first four, which reserve 10 to 40 GB."""
    torch.save(checkpoint | {"extra": call}, path)
    assert_refused(
        path, r"best.ckpt cannot be read as a checkpoint: .*it holds \S+, which is neither a tensor nor a plain"
    )


def rewrite(
    path: Path, compression: int = zipfile.ZIP_STORED, edit: Callable[[str, bytes], bytes] | None = None
) -> None:
    """Writes the archive again."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data if edit is None else edit(name, data))


def test_a_compressed_file_is_refused(checkpoint, path):
    """A few MB would unpack to many GB."""
    torch.save(checkpoint | {"zeros": torch.zeros(1_000_000)}, path)
    rewrite(path, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    assert_refused(path, "it is compressed, and a checkpoint is not")


def test_parts_that_share_their_bytes_are_refused(checkpoint, path):
    torch.save(checkpoint | {"zeros": torch.zeros(100_000)}, path)
    with zipfile.ZipFile(path, "a") as archive:
        largest = max(archive.infolist(), key=lambda part: part.file_size)
        for number in range(20):
            copied = zipfile.ZipInfo(f"archive/data/{1000 + number}")
            for field in ("compress_size", "file_size", "CRC", "header_offset"):
                setattr(copied, field, getattr(largest, field))
            archive.filelist.append(copied)
            archive.NameToInfo[copied.filename] = copied
        archive._didModify = True
    assert_refused(path, "its parts are larger than the file")


@pytest.mark.parametrize("name", ["../../evil", "/evil", "archive/../../evil"])
def test_a_part_outside_of_the_archive_is_refused(checkpoint, path, name):
    torch.save(checkpoint, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "text")
    assert_refused(path, "it has a part outside of its folder")


def test_a_second_pickle_is_refused(checkpoint, path):
    torch.save(checkpoint, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/constants.pkl", b"N.")
    assert_refused(path, "it must hold one pickle")


def test_the_case_of_a_name_does_not_hide_a_pickle(checkpoint, path):
    """Torch's reader finds `DATA.PKL` as `data.pkl`, where a checked decoy would have another name."""
    torch.save(checkpoint, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for hidden, decoy in (("DATA.PKL", "z.pkl"), ("Data.pkl", "data.pkl"), ("data.PKL", None)):
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name.replace("data.pkl", hidden), data)
            if decoy is not None:
                archive.writestr(next(iter(parts)).partition("/")[0] + f"/{decoy}", b"N.")
        assert_refused(path, "it must hold one pickle|it has a part twice|its pickle must be named data.pkl")


def test_bytes_by_a_codec_are_refused(checkpoint, path):
    """Codecs nested in each other would double the memory at each level; no checkpoint holds bytes."""
    torch.save(checkpoint | {"extra": b"\xff"}, path)
    assert_refused(path, "it holds _codecs.encode, which is neither a tensor nor a plain value")


def test_weights_store_all_their_values_as_real_numbers(checkpoint, path):
    bias = checkpoint["state_dict"]["head.linear.bias"]
    for weight, message in (
        (torch.zeros(1).expand(2), r"it holds a tensor of shape \(2,\) with 1 values"),
        (bias.to(torch.complex64), "it holds a weight of complex numbers"),
        (bias.to(torch.int8), "do not fit its head: linear.bias is of type torch.int8"),
        (bias * float("nan"), r"holds weights that are not finite \(head.linear.bias\)"),
    ):
        checkpoint["state_dict"]["head.linear.bias"] = weight
        torch.save(checkpoint, path)
        assert_refused(path, message)


def test_a_tensor_that_claims_more_than_its_bytes_is_refused(path, checkpoint):
    torch.save(checkpoint | {"extra": torch.zeros(777)}, path)
    claimed = b"J" + struct.pack("<i", 2**31 - 1)

    def claim(name: str, data: bytes) -> bytes:
        return data.replace(b"M" + struct.pack("<H", 777), claimed) if name.endswith("data.pkl") else data

    rewrite(path, edit=claim)
    assert_refused(path, "cannot be read as a checkpoint")


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(1).expand(HUGE), r"it holds a tensor of shape \(10000000000,\) with 1 values"),
        (torch.zeros(3, device="meta"), "cannot be read as a checkpoint"),
    ],
    ids=["expanded", "without values"],
)
def test_a_tensor_that_is_not_in_the_file_is_refused(checkpoint, path, tensor, message):
    checkpoint["state_dict"]["encoder.bias"] = tensor
    torch.save(checkpoint, path)
    assert_refused(path, message)


def test_an_expanded_tensor_of_usual_size_is_read(checkpoint, path):
    torch.save(checkpoint | {"positions": torch.arange(5).expand(3, 5)}, path)
    load(path)


def test_the_older_format_is_refused(checkpoint, path):
    """It states the sizes of its parts in front of them, and they are reserved before they are read."""
    torch.save(checkpoint, path, _use_new_zipfile_serialization=False)
    assert_refused(path, "cannot be read as a checkpoint: it is truncated or of another format")


def test_lists_within_themselves_are_refused(checkpoint, path):
    inside: list = []
    inside.append(inside)
    checkpoint["bundle"]["encoder"]["arguments"]["kernel_sizes"] = inside
    torch.save(checkpoint, path)
    assert_refused(path, "the checkpoint's TextEncoder has over 1,000,000 values or is nested deeper than 32 levels")


def test_lists_that_double_at_each_level_are_refused(checkpoint, path):
    many: list = [1]
    for _ in range(30):
        many = [many, many]
    checkpoint["bundle"]["encoder"]["arguments"]["kernel_sizes"] = many
    torch.save(checkpoint, path)
    assert_refused(path, "the checkpoint's TextEncoder has over 1,000,000 values or is nested")


@pytest.mark.parametrize("weights", [{1: torch.zeros(1)}, {"encoder.bias": 3}, {"encoder.bias": [1]}])
def test_weights_are_tensors_by_name(checkpoint, path, weights):
    torch.save(checkpoint | {"state_dict": weights}, path)
    assert_refused(path, "is damaged: its state_dict must hold tensors by name")


# The model


def change(checkpoint: Checkpoint, keys: str, value: Any) -> None:
    """Sets a value of the bundle by its dotted path."""
    *parents, last = keys.split(".")
    part = checkpoint["bundle"]
    for key in parents:
        part = part[key]
    part[last] = value


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        ("encoder.class", "os.system", "asks for a TextEncoder named 'os.system', which this project does not have"),
        ("encoder.class", "Linear", "asks for a TextEncoder named 'Linear', which this project does not have"),
        ("encoder.class", ["TextCNN"], "asks for a TextEncoder named"),
        ("encoder.class", "x" * 10_000, "asks for a TextEncoder named"),
        ("head.class", "builtins.eval", "asks for a Head named 'builtins.eval', which this project does not have"),
        ("encoder.arguments", [1], "the checkpoint's TextEncoder must be a class name and its arguments"),
        ("encoder.arguments.vectors", "/tmp/evil.vec", r"would read a file .* \(by its argument vectors\)"),
        ("encoder.arguments.vectors", "train", r"would read a file .* \(by its argument vectors\)"),
        ("encoder.arguments.word2vec", {"a": 1}, r"would read a file .* \(by its argument word2vec\)"),
        ("encoder.arguments.embedding_dim", HUGE, "describes a larger model than its weights are for"),
        ("encoder.arguments.embedding_dim", 10**30, "has an integer of 100 bits"),
        ("encoder.arguments.embedding_dim", -4, "is damaged"),
        ("encoder.arguments.embedding_dim", float("nan"), "is damaged"),
        ("encoder.arguments.embedding_dim", "4", "is damaged"),
        ("encoder.arguments.embedding_dim", 2.5, "is damaged"),
        ("encoder.arguments.num_filters", HUGE, "describes a larger model than its weights are for"),
        ("encoder.arguments.num_filters", float("inf"), "is damaged"),
        ("encoder.arguments.num_filters", True, "TextCNN does not fit this version"),
        ("encoder.arguments.kernel_sizes", [2, HUGE], "kernel_sizes are at most 1,024 tokens, got 10000000000"),
        ("encoder.arguments.kernel_sizes", [2] * 100_000, "describes a larger model than its weights are for"),
        ("encoder.arguments.embedding_dropout", float("nan"), "is damaged"),
        ("encoder.arguments.spec", 3, "TextCNN does not fit this version"),
        ("encoder", {"class": "RNN", "arguments": {"num_layers": HUGE}}, "describes a larger model than its weights"),
        ("encoder", {"class": "RNN", "arguments": {"hidden_size": 10**6}}, "describes a larger model than its weights"),
        ("encoder", {"class": "RNN", "arguments": {"vectors": "~/evil"}}, r"by its argument vectors"),
        ("encoder", {"class": "Pretrained", "arguments": {}}, r"Pretrained would .*load a model .*argument model"),
        ("encoder", {"class": "Pretrained", "arguments": {"model": "/tmp/evil"}}, r"Pretrained would .*load a model"),
        ("encoder", {"class": "Pretrained", "arguments": {"model": "a/hub-name"}}, r"Pretrained would .*load a model"),
        ("head.arguments.dropout", "0.1", "is damaged: the checkpoint's Linear does not fit this version"),
        ("head.arguments.features", 4, "Linear does not fit this version"),
        ("spec.label_names", ["x"], "has 2 class_counts for 1 label_names"),
        ("spec.class_counts", [], "has 0 class_counts for 2 label_names"),
        ("spec.label_names", [], "must have label_names, one string for each class"),
        ("spec.label_names", "xy", "must have label_names, one string for each class"),
        ("spec.label_names", ["x", 2], "must have label_names, one string for each class"),
        ("spec.label_names", ["x", "x"], "the checkpoint's spec has a label name twice"),
        ("spec.class_counts", [1.5, 2], "must have class_counts, an integer for each class"),
        ("spec.task", "regression", "has the task 'regression'; it must be one of single_label, multi_label"),
        ("spec.vocabulary_size", HUGE, r"has vocabulary_size 10000000000; it must be in \[1, 2147483647\]"),
        ("spec.vocabulary_size", 2**31 - 1, "its tokenizer has 5 ids and the padding id 0, its spec 2147483647 and 0"),
        ("spec.vocabulary_size", "9", "has vocabulary_size '9'; it must be in"),
        ("spec.vocabulary_size", -1, "has vocabulary_size -1; it must be in"),
        ("spec.padding_id", 99, "has padding_id 99, which is no id of its vocabulary"),
        ("spec.max_length", HUGE, "has max_length 10000000000; it must be in"),
        ("spec.max_length", float("nan"), "has max_length nan; it must be in"),
        ("spec.evil", 1, "the checkpoint's spec must have the values"),
        ("spec", 5, "the checkpoint's spec must have the values"),
        ("text_columns", {"text": 3, "text_pair": None}, "text columns must be names of columns"),
        ("text_columns", {"text": "a"}, "text columns must be names of columns"),
        ("text_columns", ["text", "pair"], "text columns must be names of columns"),
        ("variants", [1], "the checkpoint's variants must have a seed"),
        ("variants.num_predictions", HUGE, "must be 1 to 1,000 predictions per text, got 10000000000"),
        ("variants.num_predictions", 0, "must be 1 to 1,000 predictions per text, got 0"),
        ("variants.num_predictions", "2", "must be 1 to 1,000 predictions per text, got '2'"),
        ("variants.seed", 1.5, "the checkpoint's variants must have a seed"),
        ("variants.augmentations", [{"class": "RandomDeletion"}] * 1000, "a list of at most 100 augmentations"),
        ("variants.augmentations", [{"class": "Evil"}], "asks for a Augmentation named 'Evil'"),
        ("variants.augmentations", [{"class": "RandomDeletion", "arguments": {"alpha": "1"}}], "does not fit"),
        ("variants.augmentations", [{"class": "RandomDeletion", "arguments": {"p": float("nan")}}], "is damaged"),
    ],
)
def test_a_bundle_that_is_not_plain_or_does_not_fit_its_weights_is_refused(checkpoint, path, keys, value, message):
    change(checkpoint, keys, value)
    torch.save(checkpoint, path)
    assert_refused(path, message)


@pytest.mark.parametrize(
    ("name", "arguments", "argument"),
    [
        ("MaskedLanguageModel", {}, "model"),
        ("MaskedLanguageModel", {"model": "/tmp/evil"}, "model"),
        ("MaskedLanguageModel", {"model": "package:evil/model"}, "model"),
        ("BackTranslation", {"there": "/tmp/evil", "back": "/tmp/evil", "cache_dir": "/tmp/evil"}, "there"),
        ("NearestNeighbours", {}, "path"),
        ("NearestNeighbours", {"path": "/tmp/evil"}, "path"),
        ("NearestNeighbours", {"path": "/tmp/evil", "lines": "a\tb", "cache_dir": "/tmp/evil"}, "path"),
        ("SynonymReplacement", {"path": "/tmp/evil.tsv"}, "path"),
        ("RandomInsertion", {"path": "/etc/passwd"}, "path"),
        ("EDA", {"path": "/tmp/evil.gz"}, "path"),
        ("Misspellings", {"path": "/tmp/evil.tsv"}, "path"),
    ],
)
def test_variants_read_no_file_and_load_no_model(checkpoint, path, name, arguments, argument):
    change(checkpoint, "variants.augmentations", [{"class": name, "arguments": arguments}])
    torch.save(checkpoint, path)
    assert_refused(path, rf"Augmentation {name} would read a file or load a model .*\(by its argument {argument}\)")


LINES = "\n".join(f"{word}\t" + "two " * 20_000 for word in ("one", "two", "three"))


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("Misspellings", {"lines": LINES, "alpha": 1}, "Misspellings makes texts more than 16 times longer"),
        ("Misspellings", {"lines": "one\t" + "x" * 200_000}, "lines, line 1 has 200,004 characters"),
        ("Misspellings", {"lines": "one"}, "must be a word, a tab and other words"),
        ("TFIDFReplacement", {"lines": "many"}, r"variants for test-time augmentation fail \(ValueError"),
        ("TFIDFReplacement", {"lines": "0\none\t0\t0\t0"}, r"variants for test-time augmentation fail \(\w+Error"),
    ],
)
def test_variants_that_fail_or_explode_end_in_a_message(checkpoint, path, name, arguments, message):
    change(checkpoint, "variants.augmentations", [{"class": name, "arguments": arguments}] * 3)
    torch.save(checkpoint, path)
    assert_refused(path, message, predict=True)


def test_several_augmentations_together_have_one_bound(checkpoint, path):
    """Each makes a text 14 times longer, less than the bound, and all together 14 to the power of 100."""
    arguments = {"lines": "two\t" + "two " * 14, "alpha": 1}
    change(checkpoint, "variants.augmentations", [{"class": "Misspellings", "arguments": arguments}] * 100)
    torch.save(checkpoint, path)
    assert_refused(path, "Misspellings makes texts more than 16 times longer", predict=True)


def test_a_model_that_fails_on_texts_ends_in_a_message(checkpoint, path, monkeypatch):
    torch.save(checkpoint, path)
    predictor = load(path)

    def fail(*_: Any) -> None:
        raise RuntimeError("can't allocate memory:\nyou tried to allocate 4398046511104 bytes")

    monkeypatch.setattr(predictor.bundle.encoder, "forward", fail)
    message = (
        r"the checkpoint's model fails on a batch of 3 texts of 4 tokens \(RuntimeError: can't allocate memory: you"
    )
    with pytest.raises(DataError, match=message + r".*; smaller batches \(--batch_size\) need less memory"):
        predictor.predict(TEXTS)


# A transformer


@pytest.fixture(scope="module")
def transformer() -> Checkpoint:
    """A checkpoint of a BERT with one layer."""
    checkpoint = make_checkpoint()
    spec = TextSpec.from_dict(checkpoint["bundle"]["spec"])
    config = {
        "model_type": "bert",
        "vocab_size": 9,
        "hidden_size": 6,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 5,
        "max_position_embeddings": 8,
    }
    encoder = Pretrained(spec, config=config)
    head = Linear(spec, encoder.output_dim)
    checkpoint["bundle"] |= {"encoder": encoder.to_blueprint(), "head": head.to_blueprint()}
    checkpoint["state_dict"] = {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    checkpoint["state_dict"] |= {f"head.{name}": value for name, value in head.state_dict().items()}
    return checkpoint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "own"}, "is of type 'own', which transformers does not have"),
        ({"model_type": None}, "is of type None, which transformers does not have"),
        ({"model_type": "vit"}, "is of type vit, which is no encoder of texts"),
        ({"model_type": "t5", "classifier_dropout": 0.1}, "do not fit its encoder"),
        ({"backbone": "microsoft/resnet-50", "use_pretrained_backbone": True}, "has a backbone, which would be loaded"),
        ({"num_hidden_layers": HUGE}, "has num_hidden_layers 10000000000"),
        ({"num_hidden_layers": 2**22}, "has num_hidden_layers 4194304; 512 is the most"),
        ({"num_hidden_layers": 500}, "describes a larger model than its weights are for|do not fit"),
        ({"attention_window": [8, 2**14]}, "has attention_window 16384; 1,024 is the most"),
        ({"hash_code_len": 30}, "has hash_code_len 30; 16 is the most"),
        ({"lsh_attn_chunk_length": 2**20}, "has lsh_attn_chunk_length 1048576; 1,024 is the most"),
        ({"local_attention": 2**20}, "has local_attention 1048576; 1,024 is the most"),
        ({"num_hidden_layers": "1"}, "its model cannot be rebuilt"),
        ({"num_hidden_layers": -1}, "do not fit its encoder"),
        ({"hidden_size": 2**22}, "describes a larger model than its weights are for"),
        ({"vocab_size": 2**22, "hidden_size": 2**22}, "describes a larger model than its weights are for"),
        ({"vocab_size": float("inf")}, "its model cannot be rebuilt"),
        ({"max_position_embeddings": 2**22}, "describes a larger model than its weights are for|do not fit"),
        ({"hidden_act": "os.system"}, "its model cannot be rebuilt"),
        ({"text_config": {"num_hidden_layers": HUGE}}, "has num_hidden_layers 10000000000"),
        ({"layer_norm_eps": "evil"}, "damaged|cannot"),
        ({"vocab_size": 3}, "its model cannot be rebuilt .*the tokenizer has"),
        ({"__class__": "evil"}, "Pretrained does not fit this version"),
    ],
)
def test_a_transformer_that_is_not_in_the_checkpoint_is_refused(transformer, path, change, message):
    checkpoint = copy.deepcopy(transformer)
    checkpoint["bundle"]["encoder"]["arguments"]["config"] |= change
    torch.save(checkpoint, path)
    assert_refused(path, message, predict=True)


@pytest.mark.parametrize(
    "change",
    [
        {"auto_map": {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"}, "trust_remote_code": True},
        {"auto_map": {"AutoModel": "evil/hub-name--evil.Evil"}, "_name_or_path": "evil/hub-name"},
        {"_attn_implementation": "evil/kernel", "attn_implementation": "evil/kernel", "use_kernels": True},
        {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}},
        {"num_labels": 10**9, "id2label": {"0": "evil"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_names_of_code_and_kernels_have_no_effect(transformer, path, change):
    torch.save(transformer, path)
    expected = load(path).predict_probabilities(TEXTS)
    checkpoint = copy.deepcopy(transformer)
    checkpoint["bundle"]["encoder"]["arguments"]["config"] |= change
    torch.save(checkpoint, path)
    assert load(path).predict_probabilities(TEXTS).tolist() == expected.tolist()


def test_a_folder_with_code_of_its_own_is_not_read(checkpoint, path, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    auto_map = {"AutoConfig": "own.Own", "AutoModel": "own.Own"}
    (folder / "config.json").write_text(json.dumps({"model_type": "own", "auto_map": auto_map}))
    (folder / "own.py").write_text("raise SystemExit")
    (tmp_path / "link_to_evil").symlink_to(folder)
    for model in (folder, tmp_path / "link_to_evil"):
        change(checkpoint, "encoder", {"class": "Pretrained", "arguments": {"model": str(model), "config": None}})
        torch.save(checkpoint, path)
        assert_refused(path, "Pretrained would read a file or load a model that the checkpoint does not contain")


# The tokenizer


def edit_tokenizer(checkpoint: Checkpoint, edit: Callable[[dict], Any]) -> None:
    """Changes the JSON of the library `tokenizers` in the state."""
    plain = json.loads(checkpoint["bundle"]["tokenizer"])
    state = json.loads(plain["state"])
    inner = json.loads(state["tokenizer"]) if "tokenizer" in state else state
    edit(inner)
    plain["state"] = json.dumps(state | {"tokenizer": json.dumps(inner)} if "tokenizer" in state else inner)
    checkpoint["bundle"]["tokenizer"] = json.dumps(plain)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the tokenizer in this checkpoint cannot be read"),
        ("[" * 100_000, "the tokenizer in this checkpoint cannot be read"),
        ('{"class": "Words", "arguments": {}, "state": ' + '"' + "[" * 100_000 + '"}', "cannot be read"),
        ("[]", "it has no state"),
        ('{"class": "Words", "arguments": {}}', "it has no state"),
        ('{"class": "Evil", "arguments": {}, "state": "{}"}', "asks for a Tokenizer named 'Evil'"),
        (
            '{"class": "Words", "arguments": {"user_dictionary": "/tmp/evil"}, "state": "{}"}',
            "argument user_dictionary",
        ),
        ('{"class": "Subwords", "arguments": {"path": "/tmp/evil.json"}, "state": "{}"}', "by its argument path"),
        ('{"class": "Subwords", "arguments": {"vocab_size": 1e400}, "state": "{}"}', "Subwords does not fit"),
        ('{"class": "Words", "arguments": {"num_oov_buckets": 1e9}, "state": "{}"}', "more than its vocabulary"),
        ('{"class": "Words", "arguments": {"num_oov_buckets": 9999999999}, "state": "{}"}', "ids for unknown words"),
        (17, "cannot be read"),
    ],
)
def test_a_tokenizer_that_is_none_is_refused(checkpoint, path, text, message):
    checkpoint["bundle"]["tokenizer"] = text
    torch.save(checkpoint, path)
    assert_refused(path, message)


def test_the_tokenizer_of_a_pretrained_model_is_not_loaded_by_name(checkpoint, path):
    state = json.dumps({"padding_id": 0, "max_positions": None})
    tokenizer = {"class": "Pretrained", "arguments": {"model": "/tmp/evil"}, "state": state}
    checkpoint["bundle"]["tokenizer"] = json.dumps(tokenizer)
    torch.save(checkpoint, path)
    assert_refused(path, "the tokenizer in this checkpoint cannot be read")


REGEX = {"type": "Split", "behavior": "Isolated", "invert": False}
REPLACE = {"type": "Replace", "pattern": {"String": "o"}}
DOUBLE = REPLACE | {"content": "oo"}
EVERYWHERE = REPLACE | {"pattern": {"Regex": ""}, "content": "o"}
SPECIAL = {"id": "[CLS]", "ids": [1] * 100, "tokens": ["[CLS]"] * 100}


def set_vocabulary(number: int) -> Callable[[dict], None]:
    return lambda plain: plain["model"]["vocab"].update(two=number)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (set_vocabulary(10**12), "cannot be read"),
        (set_vocabulary(2**32 - 1), r"its tokenizer has \d+ ids|cannot be read"),
        (set_vocabulary(-1), "cannot be read"),
        (
            lambda plain: plain.update(pre_tokenizer=REGEX | {"pattern": {"Regex": "(a+)+$"}}),
            r"has a pattern with repetitions inside of repetitions: '\(a\+\)\+\$'",
        ),
        (
            lambda plain: plain.update(
                normalizer={"type": "Replace", "pattern": {"String": "o"}, "content": "o" * 10**6}
            ),
            "replaces a character by more than 64 others",
        ),
        (
            lambda plain: plain.update(normalizer={"type": "Sequence", "normalizers": [DOUBLE] * 40}),
            "replaces a character by more than 64 others",
        ),
        (
            lambda plain: plain.update(
                post_processor={
                    "type": "TemplateProcessing",
                    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}],
                    "pair": [],
                    "special_tokens": {"[CLS]": SPECIAL},
                }
            ),
            "adds more than 64 special tokens to a text",
        ),
        (
            lambda plain: plain.update(
                post_processor={
                    "type": "TemplateProcessing",
                    "single": [{"Sequence": {"id": "A", "type_id": 0}}] * 200_000,
                    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                    "special_tokens": {},
                }
            ),
            "makes a text of more than 64 pieces",
        ),
        (
            lambda plain: plain.update(normalizer={"type": "Prepend", "prepend": "z" * 1_000}),
            "replaces a character by more than 64 others",
        ),
        (
            lambda plain: plain.update(
                normalizer={
                    "type": "Sequence",
                    "normalizers": [REPLACE | {"pattern": {"Regex": ""}, "content": "o"}] * 7,
                }
            ),
            "replaces a character by more than 64 others",
        ),
        (lambda plain: plain["model"].update(type="Evil"), "cannot be read"),
        (lambda plain: plain["model"].update(max_input_chars_per_word=HUGE), "has words of 10000000000 characters"),
    ],
    ids=range(12),
)
def test_a_tokenizer_without_bounds_is_refused(path, edit, message):
    checkpoint = make_checkpoint(Subwords("bpe", vocab_size=40, min_frequency=1))
    edit_tokenizer(checkpoint, edit)
    torch.save(checkpoint, path)
    assert_refused(path, message)


@pytest.mark.parametrize(
    "padding", [{"strategy": {"Fixed": HUGE}}, {"strategy": "BatchLongest", "pad_to_multiple_of": HUGE}]
)
def test_padding_of_a_tokenizer_has_no_effect(path, padding):
    checkpoint = make_checkpoint(Subwords("bpe", vocab_size=40, min_frequency=1))
    whole = {"direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}
    edit_tokenizer(checkpoint, lambda plain: plain.update(padding=whole | padding))
    torch.save(checkpoint, path)
    assert len(load(path).predict(TEXTS)) == 3


def test_ids_beyond_the_vocabulary_are_refused_before_they_reach_the_model(path):
    checkpoint = make_checkpoint(Subwords("bpe", vocab_size=40, min_frequency=1))
    special = {"id": "[CLS]", "ids": [10**6], "tokens": ["[CLS]"]}
    template = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"[CLS]": special},
    }
    edit_tokenizer(checkpoint, lambda plain: plain.update(post_processor=template))
    torch.save(checkpoint, path)
    assert_refused(path, r"the checkpoint's tokenizer gives ids beyond its \d+ ids", predict=True)


def test_a_tokenizer_that_panics_ends_in_a_message(path):
    """A pattern that takes exponential time although it has no nested repetition: the library gives up and panics."""
    checkpoint = make_checkpoint(Subwords("bpe", vocab_size=40, min_frequency=1))
    pattern = REGEX | {"pattern": {"Regex": "(o|o)*$"}}
    edit_tokenizer(checkpoint, lambda plain: plain.update(pre_tokenizer=pattern))
    torch.save(checkpoint, path)
    with pytest.raises(DataError, match=r"tokenizer cannot encode these texts: .*retry-limit"):
        load(path).predict(["o" * 60 + "!"])


# Memory

MEASURE = """
import resource, sys
from lightning_modules.predictor import load
good, *bad = sys.argv[1:]
load(good).predict(["one"])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in bad:
    try:
        load(path).predict(["one two three"])
    except ValueError:
        continue
    sys.exit(f"{path} was read")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has no module resource")
def test_refused_files_take_no_memory(checkpoint, transformer, tmp_path):
    """Measured in a process of its own."""
    global _events
    _events = None  # starts a process
    torch.save(checkpoint, tmp_path / "good.ckpt")
    torch.save(checkpoint | {"zeros": torch.zeros(50_000_000)}, tmp_path / "compressed.ckpt")
    rewrite(tmp_path / "compressed.ckpt", zipfile.ZIP_DEFLATED)
    for number, (keys, value) in enumerate(
        [
            ("encoder.arguments.kernel_sizes", [2, 10**7]),
            ("encoder.arguments.embedding_dim", 10**8),
            ("encoder", {"class": "RNN", "arguments": {"hidden_size": 10_000}}),
            ("variants.augmentations", [{"class": "Misspellings", "arguments": {"lines": LINES, "alpha": 1}}] * 3),
        ]
    ):
        changed = copy.deepcopy(checkpoint)
        change(changed, keys, value)
        torch.save(changed, tmp_path / f"bundle_{number}.ckpt")
    for name, size in {
        "num_hidden_layers": 50_000,
        "intermediate_size": 2**22,
        "max_position_embeddings": 2**22,
    }.items():
        changed = copy.deepcopy(transformer)
        changed["bundle"]["encoder"]["arguments"]["config"][name] = size
        torch.save(changed, tmp_path / f"{name}.ckpt")
    bad = sorted(path for path in tmp_path.glob("*.ckpt") if path.name != "good.ckpt")
    assert len(bad) == 8
    command = [sys.executable, "-c", MEASURE, tmp_path / "good.ckpt", *bad]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    _events = []
    assert int(answer.stdout) < 200  # MB, of which half is `transformers`
