"""Detects the writing scripts of texts (Latin, Han, Cyrillic …) by Unicode ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from datamodules.tokenizers.writing_scripts import NAMES, NO_SCRIPT, map_code_points_to_scripts
from exploration.corpus import Corpus
from exploration.examples import Example, make_example
from exploration.flat_code_points import flatten_texts

_NUMBERS = ((0x30, 0x39), (0x660, 0x669), (0x966, 0x96F), (0xFF10, 0xFF19))


@dataclass(frozen=True)
class ScriptStatistics:
    """Letters and texts by writing script.

    Args:
        main: Script with letters in the most training texts; None if there is no letter.
        letters: By split, the fraction of letters in each script; only scripts that occur.
        texts: By split, the number of texts with any letter of each script.
        foreign: By split, the number of texts with letters, but none of the main script.
        examples: Some of these texts, training first.
    """

    main: str | None
    letters: dict[str, dict[str, float]]
    texts: dict[str, dict[str, int]]
    foreign: dict[str, int]
    examples: list[Example]


def measure_scripts(corpus: Corpus, max_examples: int = 8) -> ScriptStatistics:
    """Counts letters by script and finds the texts without the main script.

    Args:
        corpus: The texts; labels are not used.
        max_examples: Number of examples to keep.
    """
    counts = {split: count_letters_by_script(texts) for split, texts in corpus.texts.items()}
    totals = {split: rows.sum(axis=0) for split, rows in counts.items()}
    # texts rather than letters: a Chinese word has two of them, an English one five
    num_texts = (counts["train"] > 0).sum(axis=0)
    main = int(np.lexsort((totals["train"], num_texts))[-1]) if num_texts.any() else None
    foreign: dict[str, int] = {}
    examples: list[Example] = []
    for split, rows in counts.items():
        is_foreign = np.zeros(len(rows), bool) if main is None else (rows[:, main] == 0) & rows.any(axis=1)
        positions = np.flatnonzero(is_foreign)
        foreign[split] = len(positions)
        examples += [make_example(corpus, split, position) for position in positions[:max_examples]]
    return ScriptStatistics(
        main=None if main is None else NAMES[main],
        letters={
            split: {NAMES[i]: float(total[i] / total.sum()) for i in np.argsort(-total) if total[i]}
            for split, total in totals.items()
        },
        texts={
            split: {NAMES[i]: int((rows[:, i] > 0).sum()) for i in np.argsort(-totals[split]) if totals[split][i]}
            for split, rows in counts.items()
        },
        foreign=foreign,
        examples=examples[:max_examples],
    )


def count_letters_by_script(texts: Sequence[str]) -> np.ndarray:
    """Counts the letters of each script in each text, int64 `(texts, scripts)`.

    >>> count_letters_by_script(["Ab 中", "!"])[:, :2].tolist()
    [[2, 1], [0, 0]]
    """
    flat = flatten_texts(texts)
    width = len(NAMES) + 1
    cells = flat.rows * width + map_code_points_to_scripts()[flat.codes]
    return np.bincount(cells, minlength=len(texts) * width).reshape(-1, width)[:, :NO_SCRIPT]


@cache
def find_letters_and_digits() -> np.ndarray:
    """Returns bool `(code points,)`: whether a code point is a letter of any script or a digit."""
    mask = map_code_points_to_scripts() != NO_SCRIPT
    for first, last in _NUMBERS:
        mask[first : last + 1] = True
    return mask
