"""Counts the terms of the training texts: words, or character n-grams in scripts without spaces between words."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from datamodules.tokenizers.base import Units
from datamodules.tokenizers.words import Words
from datamodules.tokenizers.writing_scripts import UNSPACED
from exploration.corpus import Corpus
from exploration.flat_code_points import flatten_texts
from exploration.statistics.writing_scripts import find_letters_and_digits

_MAX_CHARACTERS = 30_000_000
_MIN_TEXTS = 2  # minimum document frequency of a term
_BITS = 21  # of a code point


class TermMatrix(NamedTuple):
    """Term counts of training texts.

    Args:
        kind: "words", or "character 2- and 3-grams".
        rows: Positions of the texts counted, ascending; a random sample above 30 million characters.
        counts: Occurrences of each term in each of these texts, sparse `(rows, terms)`.
        get_names: Returns the strings of terms, given their columns.
    """

    kind: str
    rows: np.ndarray
    counts: csr_matrix
    get_names: Callable[[np.ndarray], list[str]]


def count_terms(corpus: Corpus, main_script: str | None, units: Units | None = None, seed: int = 0) -> TermMatrix:
    """Counts the terms of each training text; terms in fewer than two texts are dropped.

    Args:
        corpus: The training texts are counted.
        main_script: The main writing script; character n-grams are counted for scripts without spaces between words.
        units: Words of all training texts, if already extracted.
        seed: Seed of the sample of rows.
    """
    texts = corpus.texts["train"]
    lengths = np.fromiter(map(len, texts), np.int64, count=len(texts))
    rows = np.arange(len(texts))
    if lengths.sum() > _MAX_CHARACTERS:
        order = np.random.default_rng(seed).permutation(rows)
        rows = np.sort(order[: max(1, int(np.searchsorted(np.cumsum(lengths[order]), _MAX_CHARACTERS)))])
        texts = [texts[row] for row in rows]
    if main_script in UNSPACED:
        owners, codes = _extract_ngrams(texts)
        distinct_codes, columns = np.unique(codes, return_inverse=True)
        counts, kept = _build_matrix(owners, columns, len(texts), len(distinct_codes))
        return TermMatrix(
            "character 2- and 3-grams",
            rows,
            counts,
            lambda some: [_decode_ngram(distinct_codes[kept[i]]) for i in some],
        )
    if units is None or len(rows) < len(units.offsets) - 1:
        words = Words()
        words.train(texts)
        units = words.extract_units(texts)
    owners = np.repeat(np.arange(len(texts)), np.diff(units.offsets))
    strings = units.strings
    is_word = np.asarray([any(char.isalnum() for char in string) for string in strings], bool)
    counted = is_word[units.unit_ids]
    counts, kept = _build_matrix(owners[counted], units.unit_ids[counted], len(texts), len(strings))
    return TermMatrix("words", rows, counts, lambda some: [strings[kept[i]] for i in some])


def _extract_ngrams(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Extracts all 2- and 3-grams of letters and digits: the row of the text, and the characters packed in an int64."""
    flat = flatten_texts(texts)
    rows = flat.rows
    is_counted = find_letters_and_digits()[flat.codes]
    codes = flat.codes.astype(np.int64)
    is_bigram = is_counted[1:] & is_counted[:-1] & (rows[1:] == rows[:-1])
    is_trigram = is_bigram[1:] & is_bigram[:-1]
    bigrams = codes[:-1] << _BITS | codes[1:]
    trigrams = bigrams[:-1] << _BITS | codes[2:]
    owners = [rows[: len(mask)][mask] for mask in (is_bigram, is_trigram)]
    return np.concatenate(owners), np.concatenate([bigrams[is_bigram], trigrams[is_trigram]])


def _decode_ngram(code: np.int64) -> str:
    """Unpacks the characters of an n-gram."""
    value, characters = int(code), []
    while value:
        characters.append(chr(value & (1 << _BITS) - 1))
        value >>= _BITS
    return "".join(reversed(characters))


def _build_matrix(owners: np.ndarray, columns: np.ndarray, num_rows: int, width: int) -> tuple[csr_matrix, np.ndarray]:
    """Counts each column per row; returns the counts and the indices of the columns that occur in at least two rows."""
    ones = np.ones(len(owners), np.float32)
    counts = csr_matrix((ones, (owners, columns)), shape=(num_rows, width))
    counts.sum_duplicates()
    kept = np.flatnonzero(np.bincount(counts.indices, minlength=width) >= _MIN_TEXTS)
    return counts[:, kept], kept
