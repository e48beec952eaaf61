"""Fixtures of whole runs: tiny data, a place to work in, and a run that has learned something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from workplace import LEARNING_EPOCHS, TINY, Workplace, untouched_process, write_splits


@pytest.fixture(autouse=True)
def _untouched() -> Iterator[None]:
    with untouched_process():
        yield


@pytest.fixture
def work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Workplace:
    """A workplace of the test's own."""
    return Workplace(tmp_path, capsys.readouterr)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three CSV files; one label a text."""
    return write_splits(tmp_path_factory.mktemp("data") / "words")


@pytest.fixture(scope="session")
def several_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three CSV files; several labels a text, or none."""
    return write_splits(tmp_path_factory.mktemp("data") / "several", several=True)


@pytest.fixture(scope="session")
def on(data: Path) -> tuple[str, ...]:
    """The options for a tiny model on the tiny data."""
    return ("--data.source", "Files", "--data.source.path", str(data), *TINY)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, on: tuple[str, ...]) -> Path:
    """The folder of a run that has learned something, to be read only."""
    with untouched_process():
        return Workplace(tmp_path_factory.mktemp("trained")).fit(
            *on, "--model.optimizer.lr", 0.03, epochs=LEARNING_EPOCHS
        )


@pytest.fixture(autouse=True)
def _no_end_at_once() -> Iterator[None]:
    """The thread that waits for a second Ctrl-C would end the process of this test, or of a later one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("contracts.interrupts._exit_on_interrupt", lambda earliest: None)
        yield
