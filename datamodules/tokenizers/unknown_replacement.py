"""Puts other ids in the place of unknown words: one, none or several each. Python sees each distinct word once."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

import numpy as np

from datamodules.tokenizers.base import TokenIds, count_by_row
from datamodules.tokenizers.word_splitting import WordSplitting


def replace_unknown(
    tokens: TokenIds,
    prepared: Sequence[str],
    splitting: WordSplitting,
    vocabulary: Container[str],
    unknown_id: int,
    spell: Callable[[list[str]], TokenIds],
) -> TokenIds:
    """Spells every unknown word.

    Args:
        tokens: One id a word, `unknown_id` for those outside the vocabulary.
        prepared: The texts they came from, as `splitting` takes them.
        splitting: What made words of the texts.
        vocabulary: The known words.
        unknown_id: Of the words to be spelled.
        spell: The ids of distinct words, a row each; a row may be empty.
    """
    unknown = tokens.ids == unknown_id
    touched = np.flatnonzero(count_by_row(unknown, tokens.offsets)).tolist()
    if not touched:
        return tokens
    split = splitting.split([prepared[row] for row in touched])
    strange = np.array([name not in vocabulary for name in split.names])
    number_of = np.cumsum(strange) - 1
    spellings = spell([name for name, is_strange in zip(split.names, strange.tolist(), strict=True) if is_strange])
    return replace_marked(tokens, unknown, number_of[split.places[strange[split.places]]], spellings)


def replace_marked(tokens: TokenIds, marked: np.ndarray, which: np.ndarray, spellings: TokenIds) -> TokenIds:
    """Puts row `which[i]` of the spellings in the place of the `i`-th marked token.

    Args:
        tokens: All of them.
        marked: Bool `(all tokens,)`.
        which: Integers `(marked tokens,)`.
        spellings: The ids to put there, a row for each distinct token.
    """
    widths = np.ones(len(tokens.ids), np.int64)
    widths[marked] = width = spellings.lengths[which]
    before = np.zeros(len(widths) + 1, np.int64)
    np.cumsum(widths, out=before[1:])
    ids = np.empty(int(before[-1]), np.int32)
    ids[before[:-1][~marked]] = tokens.ids[~marked]
    within = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
    ids[np.repeat(before[:-1][marked], width) + within] = spellings.ids[
        np.repeat(spellings.offsets[which], width) + within
    ]
    return TokenIds(ids, before[tokens.offsets])
