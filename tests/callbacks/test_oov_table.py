from __future__ import annotations

import io
from types import SimpleNamespace

from pytorch_lightning.loggers import TensorBoardLogger
from rich.console import Console

from callbacks.oov_table import log_oov, oov_table
from datamodules.tokenizers.oov import oov_report
from datamodules.tokenizers.words import Words


def reports() -> dict:
    words = Words()
    words.train(["a b"])
    return {name: report.to_dict() for name, report in oov_report(words, {"test": ["a | [b]", "a"]}).items()}


def test_the_table_has_a_row_a_split():
    console = Console(file=io.StringIO(), width=100)
    console.print(oov_table(reports()))
    shown = console.file.getvalue()
    for word in ("test", "60.00%", "50.00%", "3.0", "| "):  # 3 of 5 tokens, 1 of 2 texts, (5 + 1) / 2 ids
        assert word in shown


def test_loggers_get_numbers_and_a_table(monkeypatch):
    logger = object.__new__(TensorBoardLogger)
    said: dict = {}
    monkeypatch.setattr(TensorBoardLogger, "log_metrics", lambda self, numbers, step: said.update(numbers))
    writer = SimpleNamespace(add_text=lambda tag, page, step: said.update({tag: page}))
    monkeypatch.setattr(TensorBoardLogger, "experiment", property(lambda self: writer))
    log_oov(SimpleNamespace(loggers=[logger], global_step=0), reports())
    assert said["oov/test/token_rate"] == 3 / 6
    assert said["oov"].splitlines()[1].startswith("| --- |")
    assert "\\|" in said["oov"]
