"""Loading within a device context, and models that bring code of their own."""

import io
import json

import pytest
import torch

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.encoders.pretrained import Pretrained

SPEC = TextSpec("single_label", ("a", "b"), (5, 4), 9, vocabulary_size=20, padding_id=0, max_length=9)
SIZES = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
FOREIGN_CODE = """
from pathlib import Path
Path(__file__).with_name("was_run").touch()
Path("{marker}").touch()
from transformers import BertConfig as ForeignConfig, BertModel as ForeignModel
"""


@pytest.fixture
def folder(tmp_path):
    from transformers import AutoModel, BertConfig

    AutoModel.from_config(BertConfig(**SIZES)).save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_a_model_is_loaded_within_a_device_context(folder):
    """Lightning builds a model within `with device`, where transformers asks for accelerate on any device but the
    default one; `cpu:0` is not the default `cpu` for it, as little as a GPU."""
    expected = Pretrained(SPEC, model=str(folder)).state_dict()
    with torch.device("cpu:0"):
        loaded = Pretrained(SPEC, model=str(folder)).state_dict()
    assert all(torch.equal(loaded[name], weight) for name, weight in expected.items())


@pytest.mark.parametrize("model_type", ["bert", "foreign"])
def test_code_that_comes_with_a_model_is_not_run(folder, tmp_path, monkeypatch, model_type):
    """`transformers` asks on standard input and runs it after a `y`, unless it was told not to."""
    marker = tmp_path / "marker"
    (folder / "foreign.py").write_text(FOREIGN_CODE.format(marker=marker))
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": model_type,
        "auto_map": {"AutoConfig": "foreign.ForeignConfig", "AutoModel": "foreign.ForeignModel"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    if model_type == "bert":  # transformers has it, and its own code is used
        Pretrained(SPEC, model=str(folder))
    else:
        with pytest.raises(UsageError, match=r"needs Python code of its own, and code .* is never run; choose a model"):
            Pretrained(SPEC, model=str(folder))
    assert not marker.exists()
    assert not (folder / "was_run").exists()
