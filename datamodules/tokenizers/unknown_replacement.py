"""Replaces unknown tokens by fallback ids (none, one, or several each); Python handles each distinct word once."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from itertools import compress

import numpy as np

from datamodules.tokenizers.base import TokenIds, count_per_text
from datamodules.tokenizers.word_splitter import WordSplitter


def replace_unknown(
    tokens: TokenIds,
    prepared: Sequence[str],
    splitter: WordSplitter,
    vocabulary: Container[str],
    unknown_id: int,
    encode_unknown: Callable[[list[str]], TokenIds],
) -> TokenIds:
    """Replaces each unknown token by the fallback ids of its word.

    Args:
        tokens: One id per word, `unknown_id` for words outside the vocabulary.
        prepared: The texts, from `WordSplitter.prepare`.
        splitter: What made words of the texts.
        vocabulary: The known words.
        unknown_id: The id to replace.
        encode_unknown: Returns the ids of distinct words, a row each; a row may be empty.
    """
    unknown = tokens.ids == unknown_id
    texts = np.flatnonzero(count_per_text(unknown, tokens.offsets)).tolist()
    if not texts:
        return tokens
    split = splitter.split([prepared[row] for row in texts])
    is_unknown = np.array([word not in vocabulary for word in split.words])
    number_of = np.cumsum(is_unknown) - 1
    replacements = encode_unknown(list(compress(split.words, is_unknown)))
    return replace_marked(tokens, unknown, number_of[split.word_ids[is_unknown[split.word_ids]]], replacements)


def replace_marked(tokens: TokenIds, marked: np.ndarray, which: np.ndarray, replacements: TokenIds) -> TokenIds:
    """Replaces the `i`-th marked token by the ids in row `which[i]` of `replacements`.

    Args:
        tokens: All of them.
        marked: Bool `(all tokens,)`.
        which: Integers `(marked tokens,)`.
        replacements: Ids, a row for each distinct token.
    """
    widths = np.ones(len(tokens.ids), np.int64)
    widths[marked] = width = replacements.lengths[which]
    before = np.zeros(len(widths) + 1, np.int64)
    np.cumsum(widths, out=before[1:])
    ids = np.empty(int(before[-1]), np.int32)
    ids[before[:-1][~marked]] = tokens.ids[~marked]
    within = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
    ids[np.repeat(before[:-1][marked], width) + within] = replacements.ids[
        np.repeat(replacements.offsets[which], width) + within
    ]
    return TokenIds(ids, before[tokens.offsets])
