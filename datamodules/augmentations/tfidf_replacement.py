"""TF-IDF word replacement: uninformative words are replaced by other uninformative ones (Xie et al. 2019, UDA)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from functools import cached_property
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import UsageError
from datamodules.augmentations.base import Labels, check_count
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Segments, extract_words
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation, copy_capitalization

_SIGNIFICANCE_LEVEL = 0.05  # of the chi-square test, over all classes


class TFIDFReplacement(WordAugmentation):
    """Replaces words of low TF-IDF by words of low TF-IDF; the probability decreases with the TF-IDF of the word.

    A word is replaced with probability `alpha * (C - tf-idf) / mean of the same over its text`, at most 1, C being the
    largest tf-idf of the text: its most informative word always stays. The replacement is drawn from the training words
    with probability proportional to `S - frequency * idf`, S being the largest of these. Unlike in the paper, a
    replacement must be frequent, or rare names would be inserted, since they have a low frequency; and words that
    depend on the class (chi-square test) are neither replaced nor inserted, or "when" would become "who" in a question.

    Args:
        min_frequency: Minimum document frequency of a replacement, at least 1. Counted in training texts.
        max_idf: Maximum inverse document frequency of a replacement, in nats.
        lines: The fitted statistics, as a checkpoint stores them.
        alpha: Fraction of words to change, in [0, 1].
        jieba: Whether jieba splits Chinese into words (extra `jieba`).
        p: Probability that a text is changed, in [0, 1].
    """

    def __init__(
        self,
        min_frequency: int = 5,
        max_idf: float = 6.0,
        lines: str | None = None,
        alpha: float = 0.1,
        jieba: bool = False,
        p: float = 1.0,
    ) -> None:
        super().__init__(alpha, jieba, p)
        self.min_frequency = check_count("min_frequency", min_frequency)
        self.max_idf = max_idf
        self._lines = lines

    def fit(self, texts: Sequence[str], labels: Labels) -> None:
        """Counts words and the texts that contain them, and finds those that depend on the class."""
        counts: Counter[str] = Counter()
        text_counts: Counter[str] = Counter()
        class_counts: Counter[tuple[str, Hashable]] = Counter()
        for text, of_text in zip(texts, labels, strict=True):
            words = extract_words(self.segmenter, text)
            counts.update(words)
            different = set(words)
            text_counts.update(different)
            class_counts.update((word, label) for label in of_text for word in different)
        sizes = Counter(label for of_text in labels for label in of_text)
        dependent = _find_class_dependent_words(text_counts, class_counts, sizes, len(texts))
        lines = [f"{len(texts)}"]
        lines += [f"{word}\t{text_counts[word]}\t{counts[word]}\t{int(word in dependent)}" for word in sorted(counts)]
        self._lines = "\n".join(lines)
        for name in ("_statistics", "_replacements"):
            self.__dict__.pop(name, None)

    def override_arguments(self) -> dict[str, Any]:
        """Replaces `lines` by the fitted statistics."""
        return {"lines": self._lines}

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Replaces words at random."""
        positions = np.flatnonzero(segments.is_word)
        words = [segments.strings[position].lstrip() for position in positions.tolist()]
        lowercase = [word.lower() for word in words]
        probabilities = self._compute_probabilities(lowercase, segments.text_index[positions], len(segments.texts))
        selected = np.flatnonzero(segments.draw_uniform(streams, positions) < probabilities)
        replacements, edges = self._replacements
        if len(replacements) < 2:
            return positions[:0]
        uniforms = segments.draw_uniform(streams.derive(0), positions[selected])
        picks = np.searchsorted(edges, uniforms, side="right")
        for number, pick in zip(selected.tolist(), picks.tolist(), strict=True):
            position, word = int(positions[number]), words[number]
            segment = segments.strings[position]
            # the next replacement, if it would be the word itself
            new = (
                replacements[pick]
                if replacements[pick] != word.lower()
                else replacements[(pick + 1) % len(replacements)]
            )
            segments.strings[position] = segment[: len(segment) - len(word)] + copy_capitalization(new, word)
        return positions[selected]

    def _compute_probabilities(self, words: list[str], text_index: np.ndarray, num_texts: int) -> np.ndarray:
        """Computes the probability that each word is replaced: float `(words,)`."""
        statistics = self._statistics
        ids: dict[str, int] = {}
        numbers = np.fromiter((ids.setdefault(word, len(ids)) for word in words), np.int64, count=len(words))
        unseen = math.log(max(2, statistics.num_texts))  # a word that is not in training has the highest IDF
        idf = np.array([statistics.idf.get(word, unseen) for word in ids])
        keys = text_index * max(1, len(ids)) + numbers
        _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        lengths = np.bincount(text_index, minlength=num_texts)
        tfidf = counts[inverse] / lengths[text_index] * (idf[numbers] if len(ids) else 0)
        largest = np.zeros(num_texts)
        np.maximum.at(largest, text_index, tfidf)
        gap = largest[text_index] - tfidf
        gap[np.array([word in statistics.class_dependent for word in words], bool)] = 0
        mean = np.bincount(text_index, gap, minlength=num_texts) / np.maximum(lengths, 1)
        mean = mean[text_index]
        return np.minimum(1.0, self.alpha * np.divide(gap, mean, out=np.zeros_like(gap), where=mean > 0))

    @cached_property
    def _statistics(self) -> _Statistics:
        """The fitted statistics, parsed from `lines`."""
        if self._lines is None:
            raise UsageError("TFIDFReplacement is not fitted to training texts yet; call fit first")
        first, *rest = self._lines.split("\n")
        num_texts = int(first)
        rows = [line.split("\t") for line in rest]
        return _Statistics(
            num_texts,
            {word: math.log(num_texts / int(texts)) for word, texts, _, _ in rows},
            {word: int(texts) for word, texts, _, _ in rows},
            {word: int(total) for word, _, total, _ in rows},
            {word for word, _, _, is_dependent in rows if is_dependent == "1"},
        )

    @cached_property
    def _replacements(self) -> tuple[list[str], np.ndarray]:
        """The replacements, and the upper edge of each one's interval of [0, 1)."""
        _, idf, text_counts, counts, dependent = self._statistics
        frequent = [
            word for word, texts in text_counts.items() if texts >= self.min_frequency and word not in dependent
        ]
        words = [word for word in frequent if idf[word] <= self.max_idf]
        scores = np.array([counts[word] * idf[word] for word in words])
        weights = (scores.max() - scores) if len(words) else scores
        if weights.sum() <= 0:
            weights = np.ones(len(words))
        edges = np.cumsum(weights) / weights.sum() if len(words) else weights
        edges[-1:] = 1.0
        return words, edges


class _Statistics(NamedTuple):
    """Word statistics of the training texts."""

    num_texts: int
    idf: dict[str, float]
    text_counts: dict[str, int]
    """Training texts that contain each word."""
    counts: dict[str, int]
    """Occurrences of each word."""
    class_dependent: set[str]


def _find_class_dependent_words(
    text_counts: Counter[str],
    class_counts: Counter[tuple[str, Hashable]],
    sizes: Counter[Hashable],
    num_texts: int,
) -> set[str]:
    """Finds words whose occurrence depends on a label, by a chi-square test of each two-by-two table.

    Args:
        text_counts: Texts that contain each word.
        class_counts: Texts of each label that contain each word.
        sizes: Texts of each label.
        num_texts: All texts.
    """
    # the square of a standard normal variable has a chi-square distribution with one degree of freedom
    limit = NormalDist().inv_cdf(1 - _SIGNIFICANCE_LEVEL / max(len(sizes), 1) / 2) ** 2
    dependent = set()
    for (word, label), both in class_counts.items():
        count, size = text_counts[word], sizes[label]
        variance = count * (num_texts - count) * size * (num_texts - size)
        if variance and (both - count * size / num_texts) ** 2 * num_texts**3 > limit * variance:
            dependent.add(word)
    words, counts = list(text_counts), np.array(list(text_counts.values()), float)
    for label, size in sizes.items():  # words that no text of the label contains, though they are frequent enough
        significant = counts * size * num_texts > limit * (num_texts - counts) * (num_texts - size)
        frequent = (words[i] for i in np.flatnonzero(significant & (counts < num_texts)).tolist())
        dependent.update(word for word in frequent if not class_counts[word, label])
    return dependent
