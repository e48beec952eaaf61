"""All looks at a data set, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar

from datamodules.tokenizers.base import Tokenizer
from datamodules.vectors.files import VectorFile
from exploration.class_counts import ClassCounts, class_counts
from exploration.corpus import Corpus
from exploration.duplicates import Duplicates, duplicates
from exploration.encoding_damage import EncodingDamage, encoding_damage
from exploration.extremes import Extremes, extremes
from exploration.flat_characters import flat_characters
from exploration.lengths import Lengths, length_figures
from exploration.near_duplicates import NearDuplicates, near_duplicates
from exploration.scripts import Scripts, script_figures
from exploration.suspected_labels import SuspectedLabels, suspected_labels
from exploration.telling_words import TellingWords, telling_words
from exploration.terms import training_terms
from exploration.tokenizer_comparison import TokenizerLook, look_at_tokenizer, tokenizer_name
from exploration.vocabulary_growth import VocabularyGrowth, vocabulary_growth

T = TypeVar("T")


@dataclass(frozen=True)
class Findings:
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
        scripts: See `script_figures`.
        seconds: How long each look took.
    """

    source: str
    task: str
    pairs: bool
    notes: list[str]
    classes: ClassCounts
    characters: Lengths
    tokens: Lengths
    growth: VocabularyGrowth | None
    tokenizers: list[TokenizerLook]
    telling: TellingWords
    duplicates: Duplicates
    near_duplicates: NearDuplicates
    extremes: Extremes
    damage: EncodingDamage
    suspected: SuspectedLabels | None
    scripts: Scripts
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """As JSON may hold it."""
        return asdict(self)


def look(
    corpus: Corpus,
    tokenizers: Sequence[Tokenizer],
    near_threshold: float = 0.8,
    announce: Callable[[str], None] = lambda what: None,
    vectors: VectorFile | None = None,
) -> Findings:
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

    scripts = timed("scripts", lambda: script_figures(corpus))
    looks = [
        timed(f"tokenizer {type(tokenizer).__name__}", partial(look_at_tokenizer, tokenizer, corpus, vectors))
        for tokenizer in tokenizers
    ]
    units = timed("units", lambda: tokenizers[0].units(corpus.texts["train"]))
    words = units if tokenizer_name(tokenizers[0]) == "Words" else None
    terms = timed("terms", lambda: training_terms(corpus, scripts.main, words))
    return Findings(
        source=corpus.name,
        task=corpus.task,
        pairs=corpus.splits["train"].pairs is not None,
        notes=list(dict.fromkeys([*corpus.notes, *(note for one, _ in looks for note in one.vector_notes)])),
        classes=timed("classes", lambda: class_counts(corpus)),
        characters=length_figures(
            "characters", {split: flat_characters(texts).lengths for split, texts in corpus.texts.items()}
        ),
        tokens=length_figures("tokens", looks[0][1]),
        growth=vocabulary_growth(units.places, units.offsets),
        tokenizers=[figures for figures, _ in looks],
        telling=timed("telling words", lambda: telling_words(corpus, terms)),
        duplicates=timed("duplicates", lambda: duplicates(corpus)),
        near_duplicates=timed("near-duplicates", lambda: near_duplicates(corpus, scripts.main, near_threshold)),
        extremes=timed("empty and long texts", lambda: extremes(corpus)),
        damage=timed("encoding damage", lambda: encoding_damage(corpus)),
        suspected=timed("suspected labels", lambda: suspected_labels(corpus, terms)),
        scripts=scripts,
        seconds=seconds,
    )
