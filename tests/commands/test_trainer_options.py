"""Every option of the trainer and of the groups of callbacks does what the documentation says, or is refused at once.

The options are parsed and checked, and the trainer is created, as in a run; data are never read.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trainer_table
from jsonargparse import Namespace
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from trainer_table import GROUPS, TRAINER

from commands.cli import TextCLI
from commands.run_trainer import CALLBACK_CLASSES
from commands.trainer_options import check_trainer_options
from contracts.errors import UsageError

PAGE = Path(__file__).parents[2] / "docs" / "trainer_options.md"


class StartReachedError(Exception):
    """Raised where a run would prepare its data."""


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Parses and checks options, creates the trainer, and stops before any data are read."""

    def stop(self: TextCLI) -> None:
        raise StartReachedError

    monkeypatch.setattr(TextCLI, "before_fit", stop)

    def start(*options: str) -> None:
        folder = ["--trainer.default_root_dir", str(tmp_path / "runs")]
        with pytest.raises(StartReachedError):
            TextCLI(["fit", "--trainer.accelerator", "cpu", *folder, *options])

    return start


def as_options(group: str, name: str, value: Any) -> list[str]:
    values = value if isinstance(value, dict) else {name: value}
    return [word for key, each in values.items() for word in (f"--{group}.{key}", str(each))]


def all_options() -> Iterator[tuple[str, str, trainer_table.Behaviour]]:
    for group, options in {"trainer": TRAINER, **GROUPS}.items():
        for name, behaviour in options.items():
            yield group, name, behaviour


SAMPLE = ("trainer.callbacks", "trainer.accumulate_grad_batches", "checkpoint.save_top_k", "early_stopping.patience")
"""Tried in every run of the tests; all options take over a minute."""


@pytest.mark.parametrize("option", SAMPLE)
def test_some_options_are_refused_before_any_work(option, start, tmp_path):
    group, _, name = option.partition(".")
    check_refusals(group, name, {"trainer": TRAINER, **GROUPS}[group][name], start)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("group", "name", "behaviour"), [pytest.param(*row, id=f"{row[0]}.{row[1]}") for row in all_options()]
)
def test_each_option_is_accepted_or_refused_before_any_work(group, name, behaviour, start, tmp_path):
    for value in behaviour.works:
        start(*as_options(group, name, value))
    check_refusals(group, name, behaviour, start)
    assert not (tmp_path / "runs").exists()


def check_refusals(group: str, name: str, behaviour: trainer_table.Behaviour, start: Callable[..., None]) -> None:
    for value, words in behaviour.refused:
        with pytest.raises(UsageError, match=words) as refusal:
            start(*as_options(group, name, value))
        assert len(str(refusal.value)) < 600, value
        assert group in str(refusal.value), f"{refusal.value} does not name the option"


def parameters_of(cls: type) -> set[str]:
    return set(inspect.signature(cls.__init__).parameters) - {"self"}


def test_the_table_has_every_option_of_the_trainer():
    assert set(TRAINER) == parameters_of(Trainer)


@pytest.mark.parametrize("group", GROUPS)
def test_the_table_has_every_option_of_a_group(group):
    cls = CALLBACK_CLASSES[group]
    assert set(GROUPS[group]) == parameters_of(ModelCheckpoint if issubclass(cls, ModelCheckpoint) else cls)


def test_the_table_has_every_group():
    assert set(GROUPS) == set(CALLBACK_CLASSES)


def test_the_page_has_the_table():
    """Each row of the page is the row of the table: what the option does, and the values that are refused."""
    rows = dict(re.findall(r"^\| `--(\S+?)` \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    expected = {f"{group}.{name}": format_row(behaviour) for group, name, behaviour in all_options()}
    assert rows == expected


def format_row(behaviour: trainer_table.Behaviour) -> str:
    """The two cells of an option."""
    values = [
        " with ".join(f"{name} {each}" for name, each in value.items()) if isinstance(value, dict) else value
        for value, _ in behaviour.refused
    ]
    return f"{behaviour.does} | {', '.join(f'`{value}`' for value in values)}"


@pytest.mark.parametrize("verb", ["validate", "test"])
def test_an_evaluation_without_batches_is_refused(verb):
    option = {"validate": "limit_val_batches", "test": "limit_test_batches"}[verb]
    defaults = {name: p.default for name, p in inspect.signature(Trainer.__init__).parameters.items() if name != "self"}
    own = {"use_distributed_sampler": False, "default_root_dir": "runs", "accelerator": "cpu"}
    trainer = Namespace(**defaults | own)
    check_trainer_options(trainer, verb)
    trainer[option] = 0
    with pytest.raises(UsageError, match=f"--trainer.{option} 0 leaves nothing to evaluate"):
        check_trainer_options(trainer, verb)


def test_a_plateau_scheduler_without_a_validation_is_refused(start):
    """It never stepped, in silence."""
    options = ("--model.lr_scheduler", "ReduceLROnPlateau", "--trainer.check_val_every_n_epoch", "5")
    start(*options, "--trainer.max_epochs", "5")
    with pytest.raises(UsageError, match=r"check_val_every_n_epoch 5 allows none in the 2 epochs"):
        start(*options, "--trainer.max_epochs", "2")
