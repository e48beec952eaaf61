"""The tokenizer of a run that names none: words, or characters for texts without spaces between words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from datamodules.tokenizers.base import Tokenizer, count_per_text
from datamodules.tokenizers.characters import Characters, compute_text_offsets, to_code_points
from datamodules.tokenizers.words import Words
from datamodules.tokenizers.writing_scripts import NAMES, NO_SCRIPT, UNSPACED, map_code_points_to_scripts

JIEBA_LANGUAGE = "Chinese"
"""The language that jieba segments into words."""

MIN_RATIO = 0.5  # of the letters, from which on texts are those of an unspaced script
_MAX_LETTERS = {"Han": 3.0, "Kana": 3.0}  # per word of segmented texts: Chinese words have two, Thai words five
_MAX_LETTERS_ELSEWHERE = 8.0
_JAPANESE_RATIO = 0.1  # of Kana, from which on Han is Japanese
_MAX_CHARACTERS = 2000  # of a text


class UnspacedTexts(NamedTuple):
    """Texts without spaces between words."""

    language: str
    """Chinese, Japanese, Thai, Lao, Khmer or Burmese."""
    ratio: float
    """Fraction of the letters in scripts without spaces."""
    letters_per_word: float
    """Mean letters of these scripts between two spaces, symbols or numbers."""


def detect_unspaced_texts(texts: Sequence[str], min_ratio: float = MIN_RATIO) -> UnspacedTexts | None:
    """Detects texts of a script without spaces between words, unless a segmenter has put spaces there.

    Args:
        texts: A sample.
        min_ratio: Smallest fraction of the letters in such scripts, in (0, 1].

    Returns:
        None for other texts: most letters are of other scripts, or there are spaces between words.
    """
    texts = [text[:_MAX_CHARACTERS] for text in texts]
    counts = np.bincount(map_code_points_to_scripts()[to_code_points(texts)], minlength=NO_SCRIPT + 1)[:NO_SCRIPT]
    by_script = {name: int(count) for name, count in zip(NAMES, counts, strict=True) if name in UNSPACED and count}
    num_letters = sum(by_script.values())
    if not num_letters or num_letters < min_ratio * counts.sum():
        return None
    units = Words(lowercase=False).extract_units(texts)
    is_letter = np.isin(map_code_points_to_scripts(), [NAMES.index(name) for name in by_script])
    letters = count_per_text(is_letter[to_code_points(units.strings)], compute_text_offsets(units.strings))
    num_words = np.bincount(units.unit_ids, minlength=len(units.strings))[letters > 0].sum()
    script = max(by_script, key=by_script.__getitem__)
    letters_per_word = num_letters / max(1, num_words)
    if letters_per_word <= _MAX_LETTERS.get(script, _MAX_LETTERS_ELSEWHERE):
        return None
    is_japanese = by_script.get("Kana", 0) >= _JAPANESE_RATIO * num_letters
    language = {"Han": "Chinese", "Kana": "Japanese"}.get(script, script)
    return UnspacedTexts(
        "Japanese" if is_japanese else language, float(num_letters / counts.sum()), float(letters_per_word)
    )


def choose_default_tokenizer(texts: Sequence[str], in_python: bool = False) -> tuple[type[Tokenizer], str | None]:
    """Chooses the class of the tokenizer by a sample of the training texts.

    Args:
        texts: A sample.
        in_python: Whether the line names other tokenizers as Python has them, not as options.

    Returns:
        The class, and a line that says why, unless it is `Words`.
    """
    unspaced = detect_unspaced_texts(texts)
    if unspaced is None:
        return Words, None
    others = ["tokenizer=Subwords()"] if in_python else ["--data.tokenizer Subwords"]
    if unspaced.language == JIEBA_LANGUAGE:
        words = 'Words(segment="jieba")' if in_python else "--data.tokenizer Words --data.tokenizer.segment jieba"
        others.append(f"{words} (extra jieba)")
    return Characters, (
        f"tokenizer: Characters, since the texts are {unspaced.language} without spaces between words; name another "
        f"with {' or '.join(others)}"
    )
