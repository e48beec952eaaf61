"""What each tokenizer makes of the texts: unknown words, and how many ids a text takes."""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datamodules.exploration.corpus import Corpus
from datamodules.tokenizers.base import Tokenizer
from datamodules.tokenizers.oov import oov_report
from datamodules.vectors.files import VectorFile
from datamodules.vectors.start import case_forms, wanted_rows

_CHUNK = 20_000  # texts encoded at once


@dataclass(frozen=True)
class TokenizerLook:
    """One tokenizer.

    Args:
        name: Its class, and the arguments that are not as usual.
        vocabulary_size: How many ids it has.
        seconds: To learn the vocabulary and to report, in this process.
        splits: By split, the report on unknown words as plain figures.
    """

    name: str
    vocabulary_size: int
    seconds: float
    splits: dict[str, dict[str, Any]]


def look_at_tokenizer(
    tokenizer: Tokenizer, corpus: Corpus, vectors: VectorFile | None = None
) -> tuple[TokenizerLook, dict[str, np.ndarray]]:
    """Trains a tokenizer on the training split; reports on all splits, and gives the ids of each text by split.

    Args:
        tokenizer: Not trained yet.
        corpus: Whose texts; no label is looked at.
        vectors: Word vectors, to see how many of the tokens they have; the file is read once.

    Raises:
        DataError: The file of vectors is damaged.
    """
    start = time.perf_counter()
    tokenizer.train(corpus.texts["train"])
    lengths = _token_lengths(tokenizer, corpus)
    known = None if vectors is None else _with_vector(tokenizer, corpus, vectors)
    reports = oov_report(tokenizer, {split: texts for split, texts in corpus.texts.items()}, known, lengths)
    look = TokenizerLook(
        name=tokenizer_name(tokenizer),
        vocabulary_size=tokenizer.vocabulary_size,
        seconds=time.perf_counter() - start,
        splits={split: report.to_dict() for split, report in reports.items()},
    )
    return look, lengths


def _token_lengths(tokenizer: Tokenizer, corpus: Corpus) -> dict[str, np.ndarray]:
    """Ids of each text, of both texts of a pair together where the tokenizer takes pairs."""
    lengths: dict[str, np.ndarray] = {}
    for split, rows in corpus.splits.items():
        two = rows.pairs if tokenizer.takes_pairs else None
        texts: Sequence[str] = corpus.texts[split] if two is None else rows.texts
        lengths[split] = np.concatenate(
            [
                tokenizer.encode_batch(
                    texts[start : start + _CHUNK], None if two is None else two[start : start + _CHUNK]
                ).lengths
                for start in range(0, len(texts), _CHUNK)
            ]
        )
    return lengths


def _with_vector(tokenizer: Tokenizer, corpus: Corpus, vectors: VectorFile) -> set[str]:
    """The units of the texts that the file has, as they are or in another case."""
    names: set[str] = set()
    for texts in corpus.texts.values():
        for start in range(0, len(texts), _CHUNK):
            names.update(tokenizer.units(texts[start : start + _CHUNK]).names)
    found = vectors.read(wanted_rows(names, "matched"))
    found.notes()  # refuses a file that is broken as a whole
    return {name for name in names if any(found.vector(form) is not None for form in case_forms(name))}


def tokenizer_name(tokenizer: Tokenizer) -> str:
    """Its class, and the arguments that differ from their defaults.

    >>> from datamodules.tokenizers.words import Words
    >>> tokenizer_name(Words()), tokenizer_name(Words(min_count=2))
    ('Words', 'Words (min_count 2)')
    """
    parameters = inspect.signature(type(tokenizer).__init__).parameters
    given = tokenizer.blueprint()["arguments"]
    odd = [f"{name} {value}" for name, value in given.items() if value != parameters[name].default]
    return type(tokenizer).__name__ + (f" ({', '.join(odd)})" if odd else "")
