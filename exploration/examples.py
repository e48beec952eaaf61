"""One text to show, with where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from datamodules.sources.base import SplitName
from exploration.corpus import Corpus

_SHOWN = 200  # characters


@dataclass(frozen=True)
class Example:
    """A row of the data.

    Args:
        split: Its split.
        row: Its place in its source, counted from 0.
        text: Its beginning.
        labels: Its labels; none of a test text, unless they are what is wrong.
    """

    split: str
    row: int
    text: str
    labels: list[str]


def make_example(corpus: Corpus, split: SplitName, place: int, test_labels: bool = False) -> Example:
    """The text at a place of a split, cut to be shown.

    Args:
        corpus: Where it is from.
        split: Its split.
        place: Among the rows of the split.
        test_labels: Whether labels may be shown of the test split too; only conflicts have a reason to.
    """
    text = corpus.texts[split][place]
    cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
    shown = list(corpus.label_sets[split][place]) if test_labels or split != "test" else []
    return Example(split, int(corpus.splits[split].numbers[place]), cut, shown)
