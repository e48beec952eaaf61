"""Synthetic support messages, made in memory: something to train on before there are data."""

from __future__ import annotations

import hashlib
import random
import re
import string
from itertools import accumulate, cycle, islice
from pathlib import Path

from contracts.errors import UsageError
from contracts.text_spec import Task
from datamodules.sources import demo_phrases as phrases
from datamodules.sources.base import Rows, Source, SplitName

_SPLIT_SHARES: dict[SplitName, float] = {"train": 1.0, "validation": 0.25, "test": 0.5}
# of a shared sentence's writers, how many mean the rarer class: below a half, so accuracy has no use for that class
_MEANS_RARER = 0.35
_ASIDE_SHARE = 0.5
_OPENER_SHARE = 0.4
_CLOSER_SHARE = 0.4
_TYPO_SHARE = 0.04  # of words
_RARE_SHARE = 0.2  # of what could be said in words that only the test split has


class Demo(Source):
    """Support messages in six classes, about 40 : 1 imbalanced. No person wrote them.

    A seeded generator puts a sentence of the class among greetings and asides that any class may use, or writes only
    a sentence that two classes share word for word. It swaps, drops, doubles and replaces letters, and gives
    the test split words that the training split lacks. Most messages of the rare classes are shared sentences, which a
    commoner class sends more often: whoever counts only right answers gives the rare classes up. So the difficulties
    are of a real kind, but a score here says nothing of any other data.

    Args:
        seed: Other messages of the same kind for another one.
        rows: Training texts, 100 or more; validation has a quarter and test a half as many.
    """

    def __init__(self, seed: int = 0, rows: int = 3340) -> None:
        if rows < 100:
            raise UsageError(f"rows must be at least 100, so that each of the six classes has a text, got {rows}")
        self.seed, self.rows = seed, rows

    @property
    def name(self) -> str:
        """Always `demo`."""
        return "demo"

    def detect_task(self) -> Task:
        """One label a message."""
        return "single_label"

    def fingerprint(self) -> str:
        """A hash of the arguments and of the code and phrases that make the messages."""
        digest = hashlib.blake2b(f"{self.seed} {self.rows}".encode(), digest_size=16)
        for file in (__file__, phrases.__file__):
            digest.update(Path(file).read_bytes())
        return digest.hexdigest()

    def read(self) -> dict[SplitName, Rows]:
        """Makes all messages anew."""
        return {split: self._split(split, share) for split, share in _SPLIT_SHARES.items()}

    def _split(self, split: SplitName, share: float) -> Rows:
        rng = random.Random(f"{self.seed} {split}")
        counts = _class_rows(round(self.rows * share))
        points = [(label, point) for label, rows in counts for point in _points(label, rows)]
        rng.shuffle(points)
        writer = _Writer(rng, rare=split == "test")
        return Rows([writer.message(point) for _, point in points], [label for label, _ in points])


def _class_rows(rows: int) -> list[tuple[str, int]]:
    """How many rows each class gets, by its share."""
    whole = sum(phrases.SHARES.values())
    ends = [round(rows * end / whole) for end in accumulate(phrases.SHARES.values())]
    return [(label, end - start) for label, start, end in zip(phrases.SHARES, [0, *ends], ends, strict=False)]


def _points(label: str, rows: int) -> list[str]:
    """The sentence that each message of a class is about; by quota, so that chance does not decide what is learned."""
    points: list[str] = []
    for (rarer, commoner), sentences in phrases.SHARED.items():
        share = phrases.SHARED_SHARE[rarer] / sum(pair[0] == rarer for pair in phrases.SHARED)
        if label == commoner:
            odds = (1 - _MEANS_RARER) / _MEANS_RARER
            share *= odds * phrases.SHARES[rarer] / phrases.SHARES[commoner]
        if label in (rarer, commoner):
            points += islice(cycle(sentences), round(rows * share))
    points += islice(cycle(phrases.SENTENCES[label]), rows)
    return points[:rows]


class _Writer:
    """Puts messages together; `rare` allows words that are kept for the test split."""

    def __init__(self, rng: random.Random, rare: bool) -> None:
        self._rng, self._rare = rng, rare
        self._shared = {sentence for sentences in phrases.SHARED.values() for sentence in sentences}

    def message(self, point: str) -> str:
        rng = self._rng
        parts = [point]
        if point in self._shared:  # alone, so that nothing beside it tells the two classes apart
            return self._spelt(point)
        if rng.random() < _ASIDE_SHARE:
            parts.insert(rng.randrange(2), rng.choice(phrases.ASIDES))
        if rng.random() < _OPENER_SHARE:
            parts.insert(0, rng.choice(phrases.OPENERS))
        if rng.random() < _CLOSER_SHARE:
            parts.append(rng.choice(phrases.CLOSERS))
        return self._spelt(re.sub(r"\{(\w+)\}", lambda slot: self._fill(slot[1]), " ".join(parts)))

    def _spelt(self, text: str) -> str:
        return " ".join(self._word(word) for word in text.split())

    def _fill(self, slot: str) -> str:
        if slot == "number":
            return str(self._rng.randrange(1000, 10000))
        rare = self._rare and self._rng.random() < _RARE_SHARE
        return self._rng.choice((phrases.RARE if rare else phrases.SLOTS)[slot])

    def _word(self, word: str) -> str:
        rng = self._rng
        if self._rare and word in phrases.RARE_WORDS and rng.random() < _RARE_SHARE:
            word = phrases.RARE_WORDS[word]
        if len(word) < 4 or rng.random() >= _TYPO_SHARE:
            return word
        at = rng.randrange(1, len(word) - 1)
        return rng.choice(
            [
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + rng.choice(string.ascii_lowercase) + word[at + 1 :],
            ]
        )
