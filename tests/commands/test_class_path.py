"""Classes of the user's own: what they lack is named, before any data are read."""

from __future__ import annotations

import sys

import pytest

import train
from commands.class_path import check_class, find_class

MODULE = """
from torch import nn
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.losses.base import Loss

class WithoutForward(TextEncoder):
    def __init__(self, spec, /): super().__init__()

class Finished(TextEncoder):
    output_dim = 3
    def __init__(self, spec, /, width: int = 3): super().__init__()
    def forward(self, input_ids, attention_mask, token_type_ids=None): ...
    def layer_groups(self): return []

class OfNothing(nn.Module):
    pass

class LossWithoutForward(Loss):
    pass

number = 3


def function(spec):
    return None
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module of the user's own on the path."""
    name = "module_of_a_user"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


ERRORS = {
    ("model.encoder", "WithoutForward"): r"has no method.*forward.*which every TextEncoder must define",
    ("model.encoder", "OfNothing"): "is not a TextEncoder: derive the class from lightning_modules.encoders.base",
    ("model.encoder", "Finishd"): 'has no class Finishd. Did you mean "Finished"?',
    ("model.encoder", "number"): "is not a class",
    ("model.encoder", "function"): "is a function, not a class: name a class derived from",
    ("model.loss", "Finished"): "is not a Loss: derive the class from lightning_modules.losses.base.Loss",
    ("model.loss", "LossWithoutForward"): "has no method",
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\nclass A(:\n", ":2 is not valid Python (invalid syntax); fix that line"),
        ("import nothing_here\n", ":1 (No module named 'nothing_here')"),
        ("\n\n1 / 0\n", ":3 (ZeroDivisionError: division by zero)"),
    ],
)
def test_a_module_that_cannot_be_imported_is_named_with_its_line(text, words, own, tmp_path, capsys):
    """A module with an error ended in a traceback, or in the advice to look for it on the path."""
    (tmp_path / f"{own}.py").write_text(text)
    assert train.main(["--model.encoder", f"{own}.A"]) == 2
    message = capsys.readouterr().err
    assert f"{tmp_path / own}.py{words}" in message
    assert "PYTHONPATH" not in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(("key", "name"), ERRORS)
def test_what_is_wrong_with_a_class_is_one_message_with_code_2(key, name, own, capsys):
    assert train.main([f"--{key}", f"{own}.{name}"]) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"error: --{key} {own}.{name}")
    for part in ERRORS[key, name].split(".*"):
        assert part in message
    assert "Traceback" not in message
    assert len(message.splitlines()) == 1


def test_an_abstract_class_is_found_by_its_short_name(own):
    __import__(own)
    assert "has no method forward, which every TextEncoder must define" in check_class(
        "model.encoder", "WithoutForward"
    )


def test_a_module_that_does_not_exist_is_named():
    message = check_class("model.encoder", "nowhere.at.All")
    assert message.startswith(
        "--model.encoder nowhere.at.All: nowhere.at cannot be imported (No module named 'nowhere'); "
        "for a class of your own put its file into lightning_modules/encoders/ and give --model.encoder All"
    )
    assert check_class("model.loss", "nowhere.My").endswith("is its folder on PYTHONPATH?")
    assert check_class("model.head", "MyOut").endswith("into lightning_modules/heads/ and give --model.head MyOut")
    assert check_class("model.loss", "MyOut").endswith("give its import path, my_package.MyOut")


def test_a_finished_class_is_accepted(own):
    assert check_class("model.encoder", f"{own}.Finished") is None
    assert find_class("model.encoder", f"{own}.Finished").__name__ == "Finished"


def test_an_unknown_argument_of_an_own_class_is_refused(own, capsys):
    assert train.main(["--model.encoder", f"{own}.Finished", "--model.encoder.widht", "3"]) == 2
    assert 'Finished has no argument widht. Did you mean "width"?' in capsys.readouterr().err
