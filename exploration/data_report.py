"""All looks at a data set, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar

from datamodules.tokenizers.base import Tokenizer
from datamodules.vectors.files import VectorFile
from exploration.class_distribution import ClassDistribution, count_classes
from exploration.corpus import Corpus
from exploration.discriminative_terms import DiscriminativeTerms, rank_discriminative_terms
from exploration.duplicates import Duplicates, find_duplicates
from exploration.encoding_errors import EncodingErrors, find_encoding_errors
from exploration.extreme_texts import ExtremeTexts, find_extreme_texts
from exploration.flat_code_points import flatten_texts
from exploration.label_errors import SuspectedLabels, find_suspected_labels
from exploration.lengths import LengthStatistics, summarize_lengths
from exploration.near_duplicates import NearDuplicates, find_near_duplicates
from exploration.term_matrix import count_training_terms
from exploration.tokenizer_reports import TokenizerReport, format_tokenizer_name, report_on_tokenizer
from exploration.vocabulary_growth import VocabularyGrowth, measure_vocabulary_growth
from exploration.writing_scripts import ScriptStatistics, detect_scripts

T = TypeVar("T")


@dataclass(frozen=True)
class DataReport:
    """What was found in a data set, in plain figures.

    Args:
        source: Its name.
        task: One label a text, or several.
        pairs: Whether each text comes with a second one.
        notes: What was left out and split off before.
        classes: See `class_counts`.
        characters: Lengths in characters.
        tokens: Lengths in tokens of the chosen tokenizer, which is the first of `tokenizers`.
        growth: Of the vocabulary of the chosen tokenizer.
        tokenizers: The chosen one and those it is compared with.
        telling: See `telling_words`.
        duplicates: See `duplicates`.
        near_duplicates: See `near_duplicates`.
        extremes: See `extremes`.
        damage: See `encoding_damage`.
        suspected: See `suspected_labels`; none for multi-label data.
        scripts: See `detect_scripts`.
        seconds: How long each look took.
    """

    source: str
    task: str
    pairs: bool
    notes: list[str]
    classes: ClassDistribution
    characters: LengthStatistics
    tokens: LengthStatistics
    growth: VocabularyGrowth | None
    tokenizers: list[TokenizerReport]
    telling: DiscriminativeTerms
    duplicates: Duplicates
    near_duplicates: NearDuplicates
    extremes: ExtremeTexts
    damage: EncodingErrors
    suspected: SuspectedLabels | None
    scripts: ScriptStatistics
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """As JSON may hold it."""
        return asdict(self)


def analyze_corpus(
    corpus: Corpus,
    tokenizers: Sequence[Tokenizer],
    near_threshold: float = 0.8,
    announce: Callable[[str], None] = lambda what: None,
    vectors: VectorFile | None = None,
) -> DataReport:
    """Looks at everything.

    Args:
        corpus: Its test labels are read for counts, duplicates and conflicts only.
        tokenizers: The chosen one first; none of them trained.
        near_threshold: Least Jaccard similarity of near-duplicates, in (0, 1].
        announce: Is told what comes next.
        vectors: Word vectors whose coverage is to be reported.
    """
    seconds: dict[str, float] = {}

    def timed(what: str, do: Callable[[], T]) -> T:
        announce(what)
        start = time.perf_counter()
        result = do()
        seconds[what] = time.perf_counter() - start
        return result

    scripts = timed("scripts", lambda: detect_scripts(corpus))
    looks = [
        timed(f"tokenizer {type(tokenizer).__name__}", partial(report_on_tokenizer, tokenizer, corpus, vectors))
        for tokenizer in tokenizers
    ]
    units = timed("units", lambda: tokenizers[0].extract_units(corpus.texts["train"]))
    words = units if format_tokenizer_name(tokenizers[0]) == "Words" else None
    terms = timed("terms", lambda: count_training_terms(corpus, scripts.main, words))
    return DataReport(
        source=corpus.name,
        task=corpus.task,
        pairs=corpus.splits["train"].pairs is not None,
        notes=list(dict.fromkeys([*corpus.notes, *(note for one, _ in looks for note in one.vector_notes)])),
        classes=timed("classes", lambda: count_classes(corpus)),
        characters=summarize_lengths(
            "characters", {split: flatten_texts(texts).lengths for split, texts in corpus.texts.items()}
        ),
        tokens=summarize_lengths("tokens", looks[0][1]),
        growth=measure_vocabulary_growth(units.unit_ids, units.offsets),
        tokenizers=[figures for figures, _ in looks],
        telling=timed("telling words", lambda: rank_discriminative_terms(corpus, terms)),
        duplicates=timed("duplicates", lambda: find_duplicates(corpus)),
        near_duplicates=timed("near-duplicates", lambda: find_near_duplicates(corpus, scripts.main, near_threshold)),
        extremes=timed("empty and long texts", lambda: find_extreme_texts(corpus)),
        damage=timed("encoding damage", lambda: find_encoding_errors(corpus)),
        suspected=timed("suspected labels", lambda: find_suspected_labels(corpus, terms)),
        scripts=scripts,
        seconds=seconds,
    )
