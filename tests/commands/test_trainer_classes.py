"""Every class that Lightning exports for an option of the trainer is accepted, or refused with its replacement."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

import pytest
import pytorch_lightning.callbacks
import pytorch_lightning.loggers
import pytorch_lightning.profilers
import pytorch_lightning.strategies

from commands.constructors import Constructors
from commands.option_reader import read_options
from commands.refused_classes import LOGGER_PACKAGES, REFUSED_CLASSES
from commands.trainer_classes import BASES, check_trainer_class, find_trainer_class_errors, list_usable_classes
from contracts.errors import UsageError

PAGE = Path(__file__).parents[2] / "docs" / "trainer_options.md"
EXPORTED = {
    "trainer.callbacks": pytorch_lightning.callbacks.__all__,
    "trainer.logger": pytorch_lightning.loggers.__all__,
    "trainer.strategy": pytorch_lightning.strategies.__all__,
    "trainer.profiler": pytorch_lightning.profilers.__all__,
}
USABLE = {
    "trainer.callbacks": [
        *("DeviceStatsMonitor", "EMAWeightAveraging", "LearningRateMonitor", "ModelSummary", "OnExceptionCheckpoint"),
        *("RichModelSummary", "RichProgressBar", "TQDMProgressBar", "WeightAveraging"),
    ],
    "trainer.logger": ["CSVLogger"],
    "trainer.strategy": ["DDPStrategy", "SingleDeviceStrategy"],
    "trainer.profiler": ["AdvancedProfiler", "PassThroughProfiler", "PyTorchProfiler", "SimpleProfiler"],
}
"""Tried in whole runs; a class of a new version of Lightning belongs here or among the refused ones."""


@pytest.mark.parametrize("key", EXPORTED)
def test_every_exported_class_is_classified(key):
    unknown = set(EXPORTED[key]) - set(USABLE[key]) - set(REFUSED_CLASSES) - set(LOGGER_PACKAGES)
    assert not unknown, f"new in this version of Lightning: {unknown}"
    assert list_usable_classes(key) == sorted(USABLE[key])


@pytest.mark.parametrize("key", EXPORTED)
def test_a_class_that_is_not_usable_is_refused_with_a_replacement(key):
    for name in set(EXPORTED[key]) - set(USABLE[key]):
        message = check_trainer_class(key, name)
        assert message is not None
        assert message.startswith(f"--{key} {name} ")
        assert REFUSED_CLASSES.get(name, "not installed: pip install") in message


def test_the_page_names_every_class_of_callbacks_and_loggers():
    text = PAGE.read_text(encoding="utf-8")
    for key in ("trainer.callbacks", "trainer.logger"):
        for name in EXPORTED[key]:
            assert f"`{name}`" in text, name


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module of a user's callbacks."""
    (tmp_path / "own_callbacks.py").write_text(
        textwrap.dedent(
            """
            from pytorch_lightning import Callback
            from pytorch_lightning.callbacks import ModelCheckpoint
            class Raises(Callback):
                def __init__(self): raise RuntimeError("a fault of its own")
            class Needs(Callback):
                def __init__(self, number: int): pass
            class Other: pass
            class Checkpoint(ModelCheckpoint): pass
            """
        ),
        encoding="utf-8",
    )
    (tmp_path / "broken_callbacks.py").write_text("import nowhere_to_be_found", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for module in ("own_callbacks", "broken_callbacks"):
        sys.modules.pop(module, None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("own_callbacks.Needs", r"own_callbacks.Needs needs --trainer.callbacks.number NUMBER"),
        ("own_callbacks.Needs --trainer.callbacks.nmber 3", r'has no argument nmber\. Did you mean "number"\?'),
        ("own_callbacks.Nothing", r"own_callbacks has no class Nothing"),
        ("own_callbacks.Other", r"own_callbacks.Other is not a Callback: derive the class"),
        ("own_callbacks.Checkpoint", r"is not supported here: every run has two: --checkpoint"),
        ("broken_callbacks.Any", r"importing it fails in .*broken_callbacks.py:1 \(No module named 'nowhere"),
        ("missing_callbacks.Any", r"cannot be imported .*is its folder on PYTHONPATH\?"),
        ("[LearningRateMonitor, Timer]", r"--trainer.callbacks Timer is not supported here: --trainer.max_time"),
        ("callbacks.gradient_norm.GradientNorm", r"every run has it"),
        ("lightning.pytorch.callbacks.Timer", r"is pytorch_lightning.callbacks.Timer here"),
        ("a/file.py", r"a/file.py is not the name of a class"),
    ],
)
def test_a_wrong_callback_is_one_message(options, words, own):
    first, *others = re.split(r" (?=--)", options)
    arguments = ["--trainer.callbacks", first, *(word for other in others for word in other.split())]
    errors = find_trainer_class_errors(list(read_options(arguments)))
    assert any(re.search(words, error) for error in errors), errors


def test_a_callback_that_a_later_option_replaces_is_not_checked():
    arguments = ["--trainer.callbacks", "Timer", "--trainer.callbacks", "LearningRateMonitor"]
    assert find_trainer_class_errors(list(read_options(arguments))) == []
    assert find_trainer_class_errors(list(read_options([*arguments[:2], "--trainer.callbacks+", arguments[3]])))


def test_a_constructor_that_fails_is_one_message_with_its_line(own):
    from own_callbacks import Raises

    with pytest.raises(UsageError, match=r"Raises: its constructor raises RuntimeError: a fault of its own \(own_"):
        Constructors(BASES, {})._instantiate(Raises)
