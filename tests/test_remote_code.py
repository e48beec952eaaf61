"""No code that comes with a model is run: `transformers` asks on standard input, unless it is told not to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_language_models import save_masked_language_model

from contracts.errors import UsageError
from datamodules.augmentations.primitives.pretrained_models import load_pretrained
from datamodules.tokenizers.pretrained import Pretrained as PretrainedTokenizer

ROOT = Path(__file__).parents[1]
SOURCES = [file for file in ROOT.rglob("*.py") if not {"tests", ".cache", ".venv"} & set(file.relative_to(ROOT).parts)]
LOADING = {"from_pretrained", "from_config", "pipeline"}
"""Functions of `transformers` that may run a model's own code."""


def list_loading_calls(file: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in LOADING and ast.unparse(node.func) != "nn.Embedding.from_pretrained":
                yield node


def test_every_call_that_loads_a_model_forbids_its_code():
    found = 0
    for file in SOURCES:
        for call in list_loading_calls(file):
            found += 1
            values = [ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == "trust_remote_code"]
            assert values == ["False"], f"{file.relative_to(ROOT)}:{call.lineno} lacks trust_remote_code=False"
    assert found >= 8


@pytest.fixture
def model_with_code(tmp_path, monkeypatch):
    """A model whose folder holds Python code that `transformers` would run after a `y` on standard input."""
    folder = save_masked_language_model(tmp_path / "model")
    proof = tmp_path / "was_run"
    (folder / "own.py").write_text(f"import pathlib\npathlib.Path({str(proof)!r}).touch()\nclass Own: ...\n")
    for name in ("config.json", "tokenizer_config.json"):
        text = (folder / name).read_text(encoding="utf-8").replace('"model_type": "bert"', '"model_type": "own"')
        classes = ("AutoConfig", "AutoModel", "AutoModelForMaskedLM")
        auto_map = ", ".join(f'"{auto}": "own.Own"' for auto in classes)
        auto_map += ', "AutoTokenizer": ["own.Own", "own.Own"]'
        text = text.replace("{", f'{{"auto_map": {{{auto_map}}},', 1).replace("PreTrainedTokenizerFast", "Own")
        (folder / name).write_text(text, encoding="utf-8")
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question="": asked.append(question) or "y")
    yield folder
    assert not proof.exists()
    assert asked == []


def test_a_tokenizer_with_code_of_its_own_is_refused(model_with_code):
    with pytest.raises(UsageError, match=r"needs Python code of its own, which is never run") as raised:
        PretrainedTokenizer(str(model_with_code)).encode_batch(["a text"])
    assert "trust_remote_code" not in str(raised.value)


def test_a_language_model_with_code_of_its_own_is_refused(model_with_code):
    with pytest.raises(UsageError, match=r"needs Python code of its own, which is never run") as raised:
        load_pretrained("AutoModelForMaskedLM", str(model_with_code), "own-model")
    assert "trust_remote_code" not in str(raised.value)
    load_pretrained("AutoTokenizer", str(model_with_code), "own-model")  # its file needs no code
