"""Runs all statistics and checks on a corpus; returns one report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar

from datamodules.tokenizers.base import Tokenizer
from datamodules.vectors.files import VectorFile
from exploration.checks.duplicates import Duplicates, find_duplicates
from exploration.checks.encoding_errors import EncodingErrors, find_encoding_errors
from exploration.checks.extreme_texts import ExtremeTexts, find_extreme_texts
from exploration.checks.label_errors import SuspectedLabelErrors, find_label_errors
from exploration.checks.near_duplicates import NearDuplicates, find_near_duplicates
from exploration.corpus import Corpus
from exploration.flat_code_points import flatten_texts
from exploration.statistics.class_distribution import ClassDistribution, count_classes
from exploration.statistics.discriminative_terms import DiscriminativeTerms, rank_discriminative_terms
from exploration.statistics.lengths import LengthStatistics, summarize_lengths
from exploration.statistics.term_matrix import count_terms
from exploration.statistics.tokenizer_reports import TokenizerReport, format_tokenizer_name, measure_tokenizer
from exploration.statistics.vocabulary_growth import VocabularyGrowth, measure_vocabulary_growth
from exploration.statistics.writing_scripts import ScriptStatistics, measure_scripts

T = TypeVar("T")


@dataclass(frozen=True)
class DataReport:
    """Results of all statistics and checks, as JSON-serializable values; its fields are the keys of the JSON file.

    Args:
        source: Name of the source.
        task: `single_label` or `multi_label`.
        pairs: Whether each text comes with a second one.
        folds_available: Whether `--data.num_folds` can be set: neither it nor `--data.few_shot` is set.
        notes: Notes on dropped rows, created splits, and unusable rows of the word vector file.
        classes: See `count_classes`.
        characters: Lengths in characters.
        tokens: Lengths in tokens of the selected tokenizer, the first of `tokenizers`.
        growth: Vocabulary growth with the selected tokenizer.
        tokenizers: Reports on the selected tokenizer and on those to compare.
        discriminative_terms: See `rank_discriminative_terms`.
        duplicates: See `find_duplicates`.
        near_duplicates: See `find_near_duplicates`.
        extremes: See `find_extreme_texts`.
        damage: See `find_encoding_errors`.
        suspected: See `find_label_errors`; None for multi-label data.
        scripts: See `measure_scripts`.
        seconds: Duration of each statistic and check, in seconds.
    """

    source: str
    task: str
    pairs: bool
    folds_available: bool
    notes: list[str]
    classes: ClassDistribution
    characters: LengthStatistics
    tokens: LengthStatistics
    growth: VocabularyGrowth | None
    tokenizers: list[TokenizerReport]
    discriminative_terms: DiscriminativeTerms
    duplicates: Duplicates
    near_duplicates: NearDuplicates
    extremes: ExtremeTexts
    damage: EncodingErrors
    suspected: SuspectedLabelErrors | None
    scripts: ScriptStatistics
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Returns a JSON-serializable dictionary."""
        return asdict(self)


def analyze_corpus(
    corpus: Corpus,
    tokenizers: Sequence[Tokenizer],
    near_threshold: float = 0.8,
    announce: Callable[[str], None] = lambda step: None,
    vectors: VectorFile | None = None,
) -> DataReport:
    """Runs all statistics and checks.

    Args:
        corpus: The texts and labels; test labels are used for counts, duplicates and conflicting labels only.
        tokenizers: The selected tokenizer, then those to compare; all untrained.
        near_threshold: Minimum Jaccard similarity of near-duplicates, in (0, 1].
        announce: Called with the name of each step before it starts.
        vectors: Word vectors whose coverage is reported.
    """
    seconds: dict[str, float] = {}

    def run_timed(step: str, function: Callable[[], T]) -> T:
        announce(step)
        start = time.perf_counter()
        result = function()
        seconds[step] = time.perf_counter() - start
        return result

    scripts = run_timed("scripts", lambda: measure_scripts(corpus))
    reports = [
        run_timed(f"tokenizer {type(tokenizer).__name__}", partial(measure_tokenizer, tokenizer, corpus, vectors))
        for tokenizer in tokenizers
    ]
    units = run_timed("units", lambda: tokenizers[0].extract_units(corpus.texts["train"]))
    words = units if format_tokenizer_name(tokenizers[0]) == "Words" else None
    terms = run_timed("terms", lambda: count_terms(corpus, scripts.main, words))
    return DataReport(
        source=corpus.name,
        task=corpus.task,
        pairs=corpus.splits["train"].pairs is not None,
        folds_available=corpus.folds_available,
        notes=list(dict.fromkeys([*corpus.notes, *(note for report, _ in reports for note in report.vector_notes)])),
        classes=run_timed("classes", lambda: count_classes(corpus)),
        characters=summarize_lengths(
            "characters", {split: flatten_texts(texts).lengths for split, texts in corpus.texts.items()}
        ),
        tokens=summarize_lengths("tokens", reports[0][1]),
        growth=measure_vocabulary_growth(units.unit_ids, units.offsets),
        tokenizers=[report for report, _ in reports],
        discriminative_terms=run_timed("discriminative terms", lambda: rank_discriminative_terms(corpus, terms)),
        duplicates=run_timed("duplicates", lambda: find_duplicates(corpus)),
        near_duplicates=run_timed(
            "near-duplicates", lambda: find_near_duplicates(corpus, scripts.main, near_threshold)
        ),
        extremes=run_timed("empty and long texts", lambda: find_extreme_texts(corpus)),
        damage=run_timed("encoding errors", lambda: find_encoding_errors(corpus)),
        suspected=run_timed("suspected label errors", lambda: find_label_errors(corpus, terms)),
        scripts=scripts,
        seconds=seconds,
    )
