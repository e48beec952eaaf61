"""Empty texts, texts without a letter or digit, and texts far longer than all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exploration.corpus import Corpus
from exploration.examples import Example, make_example
from exploration.flat_code_points import flatten_texts
from exploration.statistics.lengths import find_very_long
from exploration.statistics.writing_scripts import find_letters_and_digits


@dataclass(frozen=True)
class ExtremeTexts:
    """Counts of empty, symbol-only and very long texts by split, with examples.

    Args:
        empty: Texts of white space only, among the rows of the source.
        wordless: Texts of symbols only, without a letter or digit.
        very_long: Texts longer than ten times the 99th percentile of their split, in characters.
        longest: The longest texts of all splits with their lengths in characters.
        wordless_examples: Some of the texts of symbols only.
    """

    empty: dict[str, int]
    wordless: dict[str, int]
    very_long: dict[str, int]
    longest: list[tuple[Example, int]]
    wordless_examples: list[Example]


def find_extreme_texts(corpus: Corpus, max_examples: int = 5) -> ExtremeTexts:
    """Finds empty texts, texts without letters and digits, and very long texts.

    Args:
        corpus: The texts; labels are not used.
        max_examples: Number of examples to keep of each type.
    """
    empty: dict[str, int] = {
        split: sum(not text or text.isspace() for text in rows.texts) for split, rows in corpus.source_rows.items()
    }
    wordless: dict[str, int] = {}
    very_long: dict[str, int] = {}
    longest: list[tuple[Example, int]] = []
    wordless_examples: list[Example] = []
    for split, texts in corpus.texts.items():
        flat = flatten_texts(texts)
        num_counted = np.bincount(flat.rows, weights=find_letters_and_digits()[flat.codes], minlength=len(texts))
        positions = np.flatnonzero((num_counted == 0) & (flat.lengths > 0))
        wordless[split] = len(positions)
        wordless_examples += [make_example(corpus, split, position) for position in positions[:max_examples]]
        positions = find_very_long(flat.lengths)
        very_long[split] = len(positions)
        longest += [
            (make_example(corpus, split, position), int(flat.lengths[position]))
            for position in positions[:max_examples]
        ]
    longest.sort(key=lambda item: -item[1])
    return ExtremeTexts(empty, wordless, very_long, longest[:max_examples], wordless_examples[:max_examples])
