"""What each tokenizer makes of the texts, as the rows of a table on the page and on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from exploration.html_elements import Cell, Ratio
from exploration.tokenizer_reports import TokenizerReport


def build_tokenizer_table(looks: Sequence[TokenizerReport]) -> tuple[list[str], list[list[Cell]]]:
    """A heading and a row for each tokenizer and split; of word vectors where their coverage is known."""
    head = ["tokenizer", "ids", "split", "unknown tokens", "unknown types", "texts touched", "ids a text"]
    rows: list[list[Cell]] = []
    for look in looks:
        for split, figures in look.splits.items():
            shares = [Ratio(figures[key]) for key in ("token_rate", "type_rate", "text_share")]
            row: list[Cell] = [look.name, look.vocabulary_size, split, *shares, float(figures["ids_per_text"])]
            if figures["vector_coverage"] is not None:
                row += [Ratio(share) for share in figures["vector_coverage"]]
                head = [*head[:7], "tokens with vector", "types with vector"]
            rows.append(row)
    return head, rows
