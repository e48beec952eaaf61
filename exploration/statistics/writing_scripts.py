"""Detects the writing scripts of texts (Latin, Han, Cyrillic …) by Unicode ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from exploration.corpus import Corpus
from exploration.examples import Example, make_example
from exploration.flat_code_points import flatten_texts

# Letters only; symbols, digits and marks belong to no script here.
_RANGES: dict[str, tuple[tuple[int, int], ...]] = {
    "Latin": (
        (0x41, 0x5A), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x24F), (0x1E00, 0x1EFF), (0xFF21, 0xFF3A),
        (0xFF41, 0xFF5A),
    ),
    "Han": ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF)),
    "Kana": ((0x3041, 0x3096), (0x30A1, 0x30FA), (0x30FC, 0x30FC), (0x31F0, 0x31FF), (0xFF66, 0xFF9D)),
    "Hangul": ((0x1100, 0x11FF), (0x3131, 0x318E), (0xAC00, 0xD7A3)),
    "Cyrillic": ((0x400, 0x481), (0x48A, 0x52F), (0x1C80, 0x1C88)),
    "Greek": ((0x370, 0x373), (0x376, 0x37D), (0x386, 0x386), (0x388, 0x3FF), (0x1F00, 0x1FFC)),
    "Arabic": ((0x620, 0x64A), (0x66E, 0x6D3), (0x6FA, 0x6FF), (0x750, 0x77F), (0xFB50, 0xFDFB), (0xFE70, 0xFEFC)),
    "Hebrew": ((0x5D0, 0x5EA), (0xFB1D, 0xFB4F)),
    "Devanagari": ((0x904, 0x939), (0x958, 0x961), (0x971, 0x97F)),
    "Bengali": ((0x985, 0x9B9), (0x9DC, 0x9E1)),
    "Tamil": ((0xB83, 0xBB9),),
    "Telugu": ((0xC05, 0xC39),),
    "Thai": ((0xE01, 0xE30), (0xE32, 0xE33), (0xE40, 0xE46)),
    "Lao": ((0xE81, 0xEB0), (0xEC0, 0xEC6)),
    "Khmer": ((0x1780, 0x17B3),),
    "Burmese": ((0x1000, 0x102A),),
    "Georgian": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF)),
    "Armenian": ((0x531, 0x556), (0x561, 0x587)),
    "Ethiopic": ((0x1200, 0x137C),),
}  # fmt: skip
NAMES = tuple(_RANGES)
UNSPACED = frozenset({"Han", "Kana", "Thai", "Lao", "Khmer", "Burmese"})
"""Scripts without spaces between words."""
_NUMBERS = ((0x30, 0x39), (0x660, 0x669), (0x966, 0x96F), (0xFF10, 0xFF19))
_NO_SCRIPT = len(NAMES)


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
    cells = flat.rows * width + _map_code_points_to_scripts()[flat.codes]
    return np.bincount(cells, minlength=len(texts) * width).reshape(-1, width)[:, :_NO_SCRIPT]


@cache
def find_letters_and_digits() -> np.ndarray:
    """Returns bool `(code points,)`: whether a code point is a letter of any script or a digit."""
    mask = _map_code_points_to_scripts() != _NO_SCRIPT
    for first, last in _NUMBERS:
        mask[first : last + 1] = True
    return mask


@cache
def _map_code_points_to_scripts() -> np.ndarray:
    """Returns the index of the script of each code point, uint8 `(code points,)`."""
    scripts = np.full(0x110000, _NO_SCRIPT, np.uint8)
    for index, ranges in enumerate(_RANGES.values()):
        for first, last in ranges:
            scripts[first : last + 1] = index
    return scripts
