"""Writes tables to TensorBoard's text page, for values that a run has only one of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytorch_lightning import Trainer
from pytorch_lightning.loggers import TensorBoardLogger


def log_text_table(trainer: Trainer, tag: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a table to the text page of every TensorBoard logger.

    Args:
        trainer: The trainer with the loggers.
        tag: The name of the table in TensorBoard.
        columns: Column names.
        rows: Cells in the order of the columns.
    """
    table = format_markdown_table(columns, rows)
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_text(tag, table, trainer.global_step)


def format_markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Formats a Markdown table; special characters in cells are escaped.

    >>> print(format_markdown_table(["a", "b"], [["x|y", 1]]))
    | a | b |
    | --- | --- |
    | x\|y | 1 |
    """
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(_escape_cell(cell) for cell in line)} |" for line in lines)


def _escape_cell(cell: object) -> str:
    """Escapes characters with a meaning in Markdown or HTML, and replaces line ends by spaces."""
    return str(cell).translate(_ESCAPES)


_ESCAPES = {ord(char): f"\\{char}" for char in "\\|*_`[]#"}
_ESCAPES |= {ord(char): f"&#{ord(char)};" for char in "<>&"} | {ord(char): " " for char in "\r\n"}
