"""The table of unknown tokens in the terminal and in TensorBoard."""

from __future__ import annotations

import io
from types import SimpleNamespace

from pytorch_lightning.loggers import TensorBoardLogger
from rich.console import Console

from callbacks.reporting.oov_table import add_vector_coverage, build_oov_table, log_oov_table
from datamodules.tokenizers.oov import measure_oov
from datamodules.tokenizers.words import Words


def reports() -> dict:
    words = Words()
    words.train(["a b"])
    return {name: report.to_dict() for name, report in measure_oov(words, {"test": ["a | [b]", "a"]}).items()}


def test_the_table_has_a_row_per_split():
    console = Console(file=io.StringIO(), width=120, markup=False)
    console.print(build_oov_table(reports()))
    shown = console.file.getvalue()
    for word in ("test", "60.00%", "50.00%", "3.0", "[ ] |"):  # 3 of 5 tokens, 1 of 2 texts, (5 + 1) / 2 ids
        assert word in shown


def test_tensorboard_gets_one_text_table_and_no_scalars(monkeypatch):
    logger = object.__new__(TensorBoardLogger)
    pages: dict[str, str] = {}
    writer = SimpleNamespace(add_text=lambda tag, page, step: pages.update({tag: page}))
    monkeypatch.setattr(TensorBoardLogger, "experiment", property(lambda self: writer))
    trainer = SimpleNamespace(loggers=[logger], global_step=0)
    log_oov_table(trainer, add_vector_coverage(reports(), {}))
    (head, line, row) = pages["unknown_tokens"].splitlines()
    assert head.startswith("| split | of tokens |")
    assert "word vector" not in head
    assert line.startswith("| --- |")
    assert "| 50.00% |" in row
    assert "\\|" in row

    log_oov_table(trainer, add_vector_coverage(reports(), {"vectors": {"coverage": {"test": [0.25, 0.5]}}}))
    head, _, row = pages["unknown_tokens"].splitlines()
    assert head.endswith("| tokens with a word vector |")
    assert row.endswith("| 25.00% |")
