"""Texts that hold nothing, hardly anything, or far more than all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exploration.corpus import Corpus
from exploration.examples import Example, make_example
from exploration.flat_code_points import flatten_texts
from exploration.lengths import find_very_long
from exploration.writing_scripts import mask_letters_and_digits


@dataclass(frozen=True)
class ExtremeTexts:
    """Counts by split, and a few of the texts.

    Args:
        empty: Texts of nothing but white space, among the rows as found.
        wordless: Texts that hold signs only, no letter and no digit.
        very_long: Texts beyond ten times the length that covers 99 % of their split, in characters.
        longest: The longest texts of all splits, with their characters.
        wordless_examples: Some of the texts of signs only.
    """

    empty: dict[str, int]
    wordless: dict[str, int]
    very_long: dict[str, int]
    longest: list[tuple[Example, int]]
    wordless_examples: list[Example]


def find_extreme_texts(corpus: Corpus, most: int = 5) -> ExtremeTexts:
    """Looks for texts that are no use, or that shape a batch alone.

    Args:
        corpus: Whose texts.
        most: Examples to keep of each kind.
    """
    empty: dict[str, int] = {
        split: sum(not text or text.isspace() for text in rows.texts) for split, rows in corpus.found.items()
    }
    wordless: dict[str, int] = {}
    long: dict[str, int] = {}
    longest: list[tuple[Example, int]] = []
    odd: list[Example] = []
    for split, texts in corpus.texts.items():
        flat = flatten_texts(texts)
        filled = np.bincount(flat.rows, weights=mask_letters_and_digits()[flat.codes], minlength=len(texts))
        places = np.flatnonzero((filled == 0) & (flat.lengths > 0))
        wordless[split] = len(places)
        odd += [make_example(corpus, split, place) for place in places[:most]]
        places = find_very_long(flat.lengths)
        long[split] = len(places)
        longest += [(make_example(corpus, split, place), int(flat.lengths[place])) for place in places[:most]]
    longest.sort(key=lambda item: -item[1])
    return ExtremeTexts(empty, wordless, long, longest[:most], odd[:most])
