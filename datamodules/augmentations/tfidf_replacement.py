"""TF-IDF word replacement: words that say little give way to others that say little (Xie et al. 2019, UDA)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np

from contracts.errors import UsageError
from datamodules.augmentations.base import Labels, checked_count
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces, words_of
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation, capitalized_like

_LEVEL = 0.05  # the chance that a word which tells nothing passes for one that does, over all classes


class TFIDFReplacement(WordAugmentation):
    """Replaces words, the likelier the less they tell of their text, by words that tell little of any text.

    A word's chance is `alpha * (C - tf-idf) / mean of the same over its text`, at most 1, with C the largest tf-idf of
    the text: its most telling word always stays. What comes in its place is drawn from the training texts' words with
    the chance `S - frequency * idf`, with S the largest of these. Unlike the paper's, a word must be common enough to
    come in, or rare names would: they have a low frequency. And words that tell the class stay and never come in, or
    "when" would give way to "who" in a question: those that occur in the texts of some class more or less often than by
    chance (chi-square).

    Args:
        min_frequency: Training texts a word must be in to be put in, at least 1.
        max_idf: Words with a larger inverse document frequency, in nats, are not put in.
        lines: What was learned; a checkpoint holds it.
        alpha: The share of a text's words, in [0, 1].
        jieba: Whether Chinese is cut into words by the library of that name (extra `jieba`).
        p: The share of texts that are changed, in [0, 1].
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
        self.min_frequency = checked_count("min_frequency", min_frequency)
        self.max_idf = max_idf
        self._lines = lines

    def fit(self, texts: Sequence[str], labels: Labels) -> None:
        """Counts words, in how many texts each is, and finds those that tell the class."""
        counts: Counter[str] = Counter()
        found_in: Counter[str] = Counter()
        with_label: Counter[tuple[str, Hashable]] = Counter()
        for text, of_text in zip(texts, labels, strict=True):
            words = words_of(self.cut, text)
            counts.update(words)
            different = set(words)
            found_in.update(different)
            with_label.update((word, label) for label in of_text for word in different)
        sizes = Counter(label for of_text in labels for label in of_text)
        telling = _telling(found_in, with_label, sizes, len(texts))
        lines = [f"{len(texts)}"]
        lines += [f"{word}\t{found_in[word]}\t{counts[word]}\t{int(word in telling)}" for word in sorted(counts)]
        self._lines = "\n".join(lines)
        for name in ("_learned", "_replacements"):
            self.__dict__.pop(name, None)

    def override_arguments(self) -> dict[str, Any]:
        """What was learned."""
        return {"lines": self._lines}

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Replaces words by chance."""
        places = np.flatnonzero(pieces.is_word)
        words = [pieces.flat[place].lstrip() for place in places.tolist()]
        chances = self._chances([word.lower() for word in words], pieces.row[places], len(pieces.texts))
        drawn = np.flatnonzero(pieces.at(streams, places) < chances)
        names, edges = self._replacements
        if len(names) < 2:
            return places[:0]
        picks = np.searchsorted(edges, pieces.at(streams.derive(0), places[drawn]), side="right")
        for number, pick in zip(drawn.tolist(), picks.tolist(), strict=True):
            piece, word = pieces.flat[int(places[number])], words[number]
            # in place of itself, the next one
            other = names[pick] if names[pick] != word.lower() else names[(pick + 1) % len(names)]
            pieces.flat[int(places[number])] = piece[: len(piece) - len(word)] + capitalized_like(other, word)
        return places[drawn]

    def _chances(self, words: list[str], row: np.ndarray, rows: int) -> np.ndarray:
        learned = self._learned
        ids: dict[str, int] = {}
        numbers = np.fromiter((ids.setdefault(word, len(ids)) for word in words), np.int64, count=len(words))
        rare = math.log(max(2, learned[0]))  # a word that training lacks tells the most
        idf = np.array([learned[1].get(word, rare) for word in ids])
        _, inverse, counts = np.unique(row * max(1, len(ids)) + numbers, return_inverse=True, return_counts=True)
        of_row = np.bincount(row, minlength=rows)
        tfidf = counts[inverse] / of_row[row] * (idf[numbers] if len(ids) else 0)
        largest = np.zeros(rows)
        np.maximum.at(largest, row, tfidf)
        less = largest[row] - tfidf
        less[np.array([word in learned[3] for word in words], bool)] = 0
        mean = np.bincount(row, less, minlength=rows) / np.maximum(of_row, 1)
        return np.minimum(1.0, self.alpha * np.divide(less, mean[row], out=np.zeros_like(less), where=mean[row] > 0))

    @cached_property
    def _learned(self) -> tuple[int, dict[str, float], dict[str, tuple[int, int]], set[str]]:
        """How many texts there were; each word's idf; in how many texts it is, and how often; those of a class."""
        if self._lines is None:
            raise UsageError("TFIDFReplacement has learned from no texts yet; call fit first")
        first, *rest = self._lines.split("\n")
        number = int(first)
        rows = [line.split("\t") for line in rest]
        counts = {word: (int(texts), int(all_)) for word, texts, all_, _ in rows}
        telling = {word for word, _, _, tells in rows if tells == "1"}
        return number, {word: math.log(number / texts) for word, (texts, _) in counts.items()}, counts, telling

    @cached_property
    def _replacements(self) -> tuple[list[str], np.ndarray]:
        """Words that may be put in, and the upper edge of each one's part of [0, 1)."""
        _, idf, counts, telling = self._learned
        common = [word for word, (texts, _) in counts.items() if texts >= self.min_frequency and word not in telling]
        names = [word for word in common if idf[word] <= self.max_idf]
        scores = np.array([counts[word][1] * idf[word] for word in names])
        weights = (scores.max() - scores) if len(names) else scores
        if weights.sum() <= 0:
            weights = np.ones(len(names))
        edges = np.cumsum(weights) / weights.sum() if len(names) else weights
        edges[-1:] = 1.0
        return names, edges


def _telling(
    found_in: Counter[str], with_label: Counter[tuple[str, Hashable]], sizes: Counter[Hashable], texts: int
) -> set[str]:
    """Words whose occurrence hangs together with any label, by the chi-square of the table of two by two."""
    # the square of a standard normal number is one of chi-square with one degree of freedom
    limit = NormalDist().inv_cdf(1 - _LEVEL / max(len(sizes), 1) / 2) ** 2
    telling = set()
    for (word, label), both in with_label.items():
        count, size = found_in[word], sizes[label]
        free = count * (texts - count) * size * (texts - size)
        if free and (both - count * size / texts) ** 2 * texts**3 > limit * free:
            telling.add(word)
    words, counts = list(found_in), np.array(list(found_in.values()), float)
    for label, size in sizes.items():  # words that stand in none of its texts, though they are common enough
        without = counts * size * texts > limit * (texts - counts) * (texts - size)
        common = (words[place] for place in np.flatnonzero(without & (counts < texts)).tolist())
        telling.update(word for word in common if not with_label[word, label])
    return telling
