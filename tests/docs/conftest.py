"""A folder with stand-ins for what the pages name, and a small trained run, both made once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "whole"))

from command_runner import CommandRunner, write_stand_ins
from workplace import TINY, Workplace, untouched_process


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    write_stand_ins(folder)
    return folder


@pytest.fixture(scope="session")
def trained_run(stand_ins: Path) -> Path:
    """A run on the stand-ins; its own folders lie beside them."""
    with untouched_process():
        data = ("--data.source", "Files", "--data.source.path", str(stand_ins / "splits"))
        return Workplace(stand_ins).fit(*data, *TINY)


@pytest.fixture
def untouched() -> Iterator[None]:
    """What a run changes for the whole process is put back."""
    with untouched_process():
        yield


@pytest.fixture
def runner(stand_ins, trained_run, tiny_bert, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandRunner]:
    with untouched_process():
        yield CommandRunner(stand_ins, trained_run, monkeypatch, tiny_bert)


@pytest.fixture(scope="module")
def runner_of_module(stand_ins, trained_run, tiny_bert) -> Iterator[CommandRunner]:
    with untouched_process(), pytest.MonkeyPatch.context() as patch:
        yield CommandRunner(stand_ins, trained_run, patch, tiny_bert)
