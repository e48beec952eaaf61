"""Example texts to show, each with its split, row and labels."""

from __future__ import annotations

from dataclasses import dataclass

from datamodules.sources.base import SplitName
from exploration.corpus import Corpus

ROW_BASE = "Rows are counted from 0 in their source, without the header line: row 0 is the first text of a file."
_MAX_SHOWN = 200  # characters


@dataclass(frozen=True)
class Example:
    """One text to show.

    Args:
        split: Name of its split.
        row: Row number in the source, from 0.
        text: The first 200 characters of the text.
        labels: Its labels; empty for a test text, except for conflicting labels.
    """

    split: str
    row: int
    text: str
    labels: list[str]


def make_example(corpus: Corpus, split: SplitName, position: int, show_test_labels: bool = False) -> Example:
    """Creates an example of the text at a position of a split, truncated for display.

    Args:
        corpus: The corpus that contains it.
        split: Name of its split.
        position: Position among the rows of the split, from 0.
        show_test_labels: Show the labels of the test split too; only checks of conflicting labels need this.
    """
    text = corpus.texts[split][position]
    shown = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]} …"
    labels = list(corpus.label_sets[split][position]) if show_test_labels or split != "test" else []
    return Example(split, int(corpus.splits[split].numbers[position]), shown, labels)
