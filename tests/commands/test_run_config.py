"""The config of a run is written as a whole or not at all."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonargparse import Namespace

from commands.run_config import RunConfig


class Parser:
    """Writes a config in two parts."""

    def __init__(self, fails: bool, file: Path) -> None:
        self.fails, self.file = fails, file

    def save(self, config: Any, path: str, **_: Any) -> None:
        assert self.file.read_text() == "old", "read in between"
        Path(path).write_text("new")
        if self.fails:
            raise KeyboardInterrupt


@pytest.mark.parametrize("fails", [True, False])
def test_a_reader_finds_the_old_config_or_the_new_one(fails, tmp_path):
    """A run that was resumed twice at the same time read an empty file."""
    file = tmp_path / "config.yaml"
    file.write_text("old")
    trainer: Any = SimpleNamespace(
        log_dir=str(tmp_path), is_global_zero=True, strategy=SimpleNamespace(broadcast=lambda value: value)
    )
    callback = RunConfig(Parser(fails, file), Namespace(), overwrite=True)  # type: ignore[arg-type]
    if fails:
        with pytest.raises(KeyboardInterrupt):
            callback.on_train_batch_end(trainer, None)  # type: ignore[arg-type]
    else:
        callback.on_train_batch_end(trainer, None)  # type: ignore[arg-type]
    assert file.read_text() == ("old" if fails else "new")
    assert list(tmp_path.iterdir()) == [file]
