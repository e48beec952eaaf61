"""Measures tokenizers: vocabulary size, unknown tokens, tokens per text, coverage by word vectors."""

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
from exploration.statistics.lengths import compute_percentiles

_CHUNK = 20_000  # texts encoded per batch


@dataclass(frozen=True)
class TokenizerReport:
    """Statistics of one tokenizer trained on the training split.

    Args:
        name: Class name, with the arguments that differ from their defaults.
        vocabulary_size: Number of ids.
        seconds: Duration of training, encoding all texts and measuring.
        splits: By split, its report on unknown tokens (`OOVReport`) as a dictionary.
        length_percentiles: Percentiles of the training lengths in tokens, see `LengthStatistics`.
        vector_notes: Warnings on unusable rows of the word vector file, if there is one.
    """

    name: str
    vocabulary_size: int
    seconds: float
    splits: dict[str, dict[str, Any]]
    length_percentiles: dict[str, int]
    vector_notes: list[str] = field(default_factory=list)


def measure_tokenizer(
    tokenizer: Tokenizer, corpus: Corpus, vectors: VectorFile | None = None
) -> tuple[TokenizerReport, dict[str, np.ndarray]]:
    """Trains a tokenizer on the training split; returns its statistics on all splits and the lengths in tokens.

    Args:
        tokenizer: An untrained tokenizer.
        corpus: The texts; labels are not used.
        vectors: Word vectors whose coverage of the tokens is measured; the file is read once.

    Returns:
        The report, and the lengths in tokens by split, int64 `(texts,)`.

    Raises:
        DataError: The file of vectors is damaged.
    """
    start = time.perf_counter()
    tokenizer.train(corpus.texts["train"])
    lengths, id_counts = _count_tokens(tokenizer, corpus)
    reports = measure_oov(tokenizer, {split: texts for split, texts in corpus.texts.items()}, lengths)
    splits = {split: report.to_dict() for split, report in reports.items()}
    notes: list[str] = []
    if vectors is not None:
        coverage, notes = _compute_vector_coverage(tokenizer, id_counts, vectors)
        for split, ratios in coverage.items():
            splits[split]["vector_coverage"] = ratios
    report = TokenizerReport(
        name=format_tokenizer_name(tokenizer),
        vocabulary_size=tokenizer.vocabulary_size,
        seconds=time.perf_counter() - start,
        splits=splits,
        length_percentiles=compute_percentiles(lengths["train"]),
        vector_notes=notes,
    )
    return report, lengths


def format_tokenizer_name(tokenizer: Tokenizer) -> str:
    """Formats the class of a tokenizer with the arguments that differ from their defaults.

    >>> from datamodules.tokenizers.words import Words
    >>> format_tokenizer_name(Words()), format_tokenizer_name(Words(min_frequency=2))
    ('Words', 'Words (min_frequency 2)')
    """
    parameters = inspect.signature(type(tokenizer).__init__).parameters
    changed = [
        f"{name} {value}"
        for name, value in tokenizer.get_constructor_arguments().items()
        if value != parameters[name].default
    ]
    return type(tokenizer).__name__ + (f" ({', '.join(changed)})" if changed else "")


def _count_tokens(tokenizer: Tokenizer, corpus: Corpus) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Returns the number of tokens of each text (both texts of a pair) and the count of each token id, by split."""
    lengths: dict[str, np.ndarray] = {}
    id_counts: dict[str, np.ndarray] = {}
    for split, rows in corpus.splits.items():
        pairs = rows.pairs if tokenizer.supports_pairs else None
        texts: Sequence[str] = corpus.texts[split] if pairs is None else rows.texts
        chunks = []
        id_counts[split] = np.zeros(tokenizer.vocabulary_size, np.int64)
        for start in range(0, len(texts), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            tokens = tokenizer.encode_batch(texts[chunk], None if pairs is None else pairs[chunk])
            chunks.append(tokens.lengths)
            id_counts[split] += np.bincount(tokens.ids, minlength=len(id_counts[split]))
        lengths[split] = np.concatenate(chunks)
    return lengths, id_counts


def _compute_vector_coverage(
    tokenizer: Tokenizer, id_counts: dict[str, np.ndarray], vectors: VectorFile
) -> tuple[dict[str, list[float]], list[str]]:
    """Returns by split the fractions of tokens and of types with a word vector, and warnings on the vector file.

    As in training, coverage is by token id: a word outside the vocabulary has no id, and so no vector.
    """
    strings = tokenizer.list_tokens()
    file_vectors = vectors.read(list_spellings(strings, "matched"))
    has_vector = np.array(
        [any(file_vectors.get_vector(form) is not None for form in list_case_variants(name)) for name in strings], bool
    )
    has_vector[tokenizer.padding_id] = False
    coverage = {split: compute_coverage(has_vector, counts) for split, counts in id_counts.items()}
    return coverage, file_vectors.list_problems()
