"""Builds the table of tokenizers for the page and the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from exploration.number_format import Ratio
from exploration.statistics.tokenizer_reports import TokenizerReport

TITLE = "Unknown tokens and tokens per text"
_HEAD = ("tokenizer", "vocab size", "split", "unknown tokens", "unknown types", "texts with unknown", "tokens per text")


def build_tokenizer_table(reports: Sequence[TokenizerReport]) -> tuple[list[str], list[list[str | int | float]]]:
    """Returns the column names and a row per tokenizer and split, with the word vector coverage if measured."""
    head = list(_HEAD)
    rows: list[list[str | int | float]] = []
    for report in reports:
        for split, statistics in report.splits.items():
            ratios = [Ratio(statistics[key]) for key in ("token_rate", "type_rate", "text_share")]
            row: list[str | int | float] = [report.name, report.vocabulary_size, split, *ratios]
            row.append(float(statistics["ids_per_text"]))
            if statistics["vector_coverage"] is not None:
                row += [Ratio(ratio) for ratio in statistics["vector_coverage"]]
                head = [*_HEAD, "tokens with vector", "types with vector"]
            rows.append(row)
    return head, rows
