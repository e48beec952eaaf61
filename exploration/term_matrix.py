"""Which terms each training text holds: words, or runs of characters where no spaces part words."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from datamodules.tokenizers.base import Units
from datamodules.tokenizers.words import Words
from exploration.corpus import Corpus
from exploration.flat_code_points import flatten_texts
from exploration.writing_scripts import UNSPACED, mask_letters_and_digits

_MOST_CHARACTERS = 30_000_000
_LEAST_TEXTS = 2  # that a term must occur in
_BITS = 21  # of a code point


class TermMatrix(NamedTuple):
    """Terms of training texts.

    Args:
        kind: "words", or "runs of 2 and 3 characters".
        rows: Places of the texts looked at, ascending; all of them unless that would be very much text.
        counts: How often each term occurs in each of these texts.
        names: Spells terms out, given their columns.
    """

    kind: str
    rows: np.ndarray
    counts: csr_matrix
    names: Callable[[np.ndarray], list[str]]


def count_training_terms(
    corpus: Corpus, main_script: str | None, units: Units | None = None, seed: int = 0
) -> TermMatrix:
    """Counts terms.

    Args:
        corpus: Of which the training split is looked at.
        main_script: Decides whether terms are words.
        units: The words of all training texts, where they are known already.
        seed: Of the choice of rows, where they are too many.
    """
    texts = corpus.texts["train"]
    lengths = np.fromiter(map(len, texts), np.int64, count=len(texts))
    rows = np.arange(len(texts))
    if lengths.sum() > _MOST_CHARACTERS:
        order = np.random.default_rng(seed).permutation(rows)
        rows = np.sort(order[: max(1, int(np.searchsorted(np.cumsum(lengths[order]), _MOST_CHARACTERS)))])
        texts = [texts[row] for row in rows]
    if main_script in UNSPACED:
        owners, codes = _runs(texts)
        different, columns = np.unique(codes, return_inverse=True)
        counts, kept = _counted(owners, columns, len(texts), len(different))
        return TermMatrix(
            "runs of 2 and 3 characters", rows, counts, lambda some: [_spelled(different[kept[i]]) for i in some]
        )
    if units is None or len(rows) < len(units.offsets) - 1:
        words = Words()
        words.train(texts)
        units = words.extract_units(texts)
    owners = np.repeat(np.arange(len(texts)), np.diff(units.offsets))
    names = units.strings
    wordy = np.asarray([any(sign.isalnum() for sign in name) for name in names], bool)
    inside = wordy[units.unit_ids]
    counts, kept = _counted(owners[inside], units.unit_ids[inside], len(texts), len(names))
    return TermMatrix("words", rows, counts, lambda some: [names[kept[i]] for i in some])


def _runs(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Every run of two and of three letters or digits: the text it is in, and its characters in one number."""
    flat = flatten_texts(texts)
    rows = flat.rows
    inside = mask_letters_and_digits()[flat.codes]
    codes = flat.codes.astype(np.int64)
    owners, found = [], []
    two = inside[1:] & inside[:-1] & (rows[1:] == rows[:-1])
    pairs = codes[:-1] << _BITS | codes[1:]
    three = two[1:] & two[:-1]
    for mask, values in ((two, pairs), (three, pairs[:-1] << _BITS | codes[2:])):
        owners.append(rows[: len(mask)][mask])
        found.append(values[mask])
    return np.concatenate(owners), np.concatenate(found)


def _spelled(code: np.int64) -> str:
    """The characters in a number."""
    value, signs = int(code), []
    while value:
        signs.append(chr(value & (1 << _BITS) - 1))
        value >>= _BITS
    return "".join(reversed(signs))


def _counted(owners: np.ndarray, columns: np.ndarray, rows: int, width: int) -> tuple[csr_matrix, np.ndarray]:
    """A matrix of the terms that occur in two texts or more, and which these are."""
    ones = np.ones(len(owners), np.float32)
    counts = csr_matrix((ones, (owners, columns)), shape=(rows, width))
    counts.sum_duplicates()
    kept = np.flatnonzero(np.bincount(counts.indices, minlength=width) >= _LEAST_TEXTS)
    return counts[:, kept], kept
