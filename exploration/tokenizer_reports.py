"""What each tokenizer makes of the texts: unknown words, and how many ids a text takes."""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datamodules.tokenizers.base import Tokenizer
from datamodules.tokenizers.oov import measure_oov
from datamodules.vectors.files import VectorFile
from datamodules.vectors.initial_vectors import compute_coverage, list_case_variants, list_spellings
from exploration.corpus import Corpus

_CHUNK = 20_000  # texts encoded at once


@dataclass(frozen=True)
class TokenizerReport:
    """One tokenizer.

    Args:
        name: Its class, and the arguments that are not as usual.
        vocabulary_size: How many ids it has.
        seconds: To learn the vocabulary and to report, in this process.
        splits: By split, the report on unknown words as plain figures.
        vector_notes: What was wrong with the file of word vectors, where there was one.
    """

    name: str
    vocabulary_size: int
    seconds: float
    splits: dict[str, dict[str, Any]]
    vector_notes: list[str] = field(default_factory=list)


def report_on_tokenizer(
    tokenizer: Tokenizer, corpus: Corpus, vectors: VectorFile | None = None
) -> tuple[TokenizerReport, dict[str, np.ndarray]]:
    """Trains a tokenizer on the training split; reports on all splits, and gives the ids of each text by split.

    Args:
        tokenizer: Not trained yet.
        corpus: Whose texts; no label is looked at.
        vectors: Word vectors, to see how many of the tokens they have; the file is read once.

    Raises:
        DataError: The file of vectors is find_traces.
    """
    start = time.perf_counter()
    tokenizer.train(corpus.texts["train"])
    lengths, counts = _counted(tokenizer, corpus)
    reports = measure_oov(tokenizer, {split: texts for split, texts in corpus.texts.items()}, lengths)
    splits = {split: report.to_dict() for split, report in reports.items()}
    notes: list[str] = []
    if vectors is not None:
        coverage, notes = _coverage(tokenizer, counts, vectors)
        for split, shares in coverage.items():
            splits[split]["vector_coverage"] = shares
    seconds = time.perf_counter() - start
    return TokenizerReport(format_tokenizer_name(tokenizer), tokenizer.vocabulary_size, seconds, splits, notes), lengths


def _counted(tokenizer: Tokenizer, corpus: Corpus) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """How many ids each text has, both texts of a pair where the tokenizer takes pairs; how often each id occurs."""
    lengths: dict[str, np.ndarray] = {}
    counts: dict[str, np.ndarray] = {}
    for split, rows in corpus.splits.items():
        two = rows.pairs if tokenizer.supports_pairs else None
        texts: Sequence[str] = corpus.texts[split] if two is None else rows.texts
        found = []
        counts[split] = np.zeros(tokenizer.vocabulary_size, np.int64)
        for start in range(0, len(texts), _CHUNK):
            piece = slice(start, start + _CHUNK)
            tokens = tokenizer.encode_batch(texts[piece], None if two is None else two[piece])
            found.append(tokens.lengths)
            counts[split] += np.bincount(tokens.ids, minlength=len(counts[split]))
        lengths[split] = np.concatenate(found)
    return lengths, counts


def _coverage(
    tokenizer: Tokenizer, counts: dict[str, np.ndarray], vectors: VectorFile
) -> tuple[dict[str, list[float]], list[str]]:
    """As training would find it: by ids, so that what the vocabulary lacks has no vector; and what the file lacks."""
    strings = tokenizer.list_tokens()
    found = vectors.read(list_spellings(strings, "matched"))
    has = np.array([any(found.vector(form) is not None for form in list_case_variants(name)) for name in strings], bool)
    has[tokenizer.padding_id] = False
    return {split: compute_coverage(has, of_split) for split, of_split in counts.items()}, found.notes()


def format_tokenizer_name(tokenizer: Tokenizer) -> str:
    """Its class, and the arguments that differ from their defaults.

    >>> from datamodules.tokenizers.words import Words
    >>> format_tokenizer_name(Words()), format_tokenizer_name(Words(min_frequency=2))
    ('Words', 'Words (min_frequency 2)')
    """
    parameters = inspect.signature(type(tokenizer).__init__).parameters
    odd = [
        f"{name} {value}"
        for name, value in tokenizer.get_constructor_arguments().items()
        if value != parameters[name].default
    ]
    return type(tokenizer).__name__ + (f" ({', '.join(odd)})" if odd else "")
