"""Synthetic support messages, generated in memory: something to train on before there are data."""

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

_SPLIT_RATIOS: dict[SplitName, float] = {"train": 1.0, "validation": 0.25, "test": 0.5}
# fraction of the messages with a shared sentence that have the rarer label: below one half, so that predicting the
# rarer class lowers accuracy
_RARER_RATIO = 0.35
_ASIDE_RATIO = 0.5  # of messages
_OPENER_RATIO = 0.4
_CLOSER_RATIO = 0.4
_TYPO_RATIO = 0.04  # of words
_RARE_WORD_RATIO = 0.2  # of words of the test split that have a synonym missing from training


class Demo(Source):
    """Synthetic support messages in six classes, with an imbalance of about 40 : 1.

    A seeded generator combines a sentence of the class with greetings and asides that any class may use, or writes only
    a sentence that two classes have in common. It swaps, drops, doubles and replaces letters, and the test split has
    words that are missing from training. Most messages of the rare classes are common sentences, which a more frequent
    class uses more often: a classifier that maximizes accuracy gives the rare classes up. The difficulties are those of
    real data, but a score on these data means nothing for any other.

    Args:
        seed: Seed of the generator.
        rows: Number of training texts, at least 100. Validation has a quarter and test half as many.
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
        """Returns `single_label`."""
        return "single_label"

    def list_splits(self) -> set[SplitName]:
        """Lists all three splits."""
        return set(_SPLIT_RATIOS)

    def fingerprint(self) -> str:
        """Computes a hash of the arguments and of the code and phrases of the generator."""
        digest = hashlib.blake2b(f"{self.seed} {self.rows}".encode(), digest_size=16)
        for file in (__file__, phrases.__file__):
            digest.update(Path(file).read_bytes())
        return digest.hexdigest()

    def read(self) -> dict[SplitName, Rows]:
        """Generates all messages."""
        return {split: self._generate_split(split, ratio) for split, ratio in _SPLIT_RATIOS.items()}

    def _generate_split(self, split: SplitName, ratio: float) -> Rows:
        """Generates the messages of a split."""
        rng = random.Random(f"{self.seed} {split}")
        counts = _count_class_rows(round(self.rows * ratio))
        sentences = [(label, sentence) for label, rows in counts for sentence in _choose_sentences(label, rows)]
        rng.shuffle(sentences)
        writer = _MessageWriter(rng, use_rare_words=split == "test")
        return Rows([writer.write(sentence) for _, sentence in sentences], [label for label, _ in sentences])


def _count_class_rows(rows: int) -> list[tuple[str, int]]:
    """Computes the number of rows of each class from the class frequencies."""
    total = sum(phrases.CLASS_FREQUENCIES.values())
    ends = [round(rows * end / total) for end in accumulate(phrases.CLASS_FREQUENCIES.values())]
    return [
        (label, end - start) for label, start, end in zip(phrases.CLASS_FREQUENCIES, [0, *ends], ends, strict=False)
    ]


def _choose_sentences(label: str, rows: int) -> list[str]:
    """Chooses the main sentence of each message of a class, by quota, so that all seeds are equally difficult."""
    selected: list[str] = []
    for (rarer, more_frequent), sentences in phrases.SHARED.items():
        ratio = phrases.SHARED_RATIO[rarer] / sum(pair[0] == rarer for pair in phrases.SHARED)
        if label == more_frequent:
            odds = (1 - _RARER_RATIO) / _RARER_RATIO
            ratio *= odds * phrases.CLASS_FREQUENCIES[rarer] / phrases.CLASS_FREQUENCIES[more_frequent]
        if label in (rarer, more_frequent):
            selected += islice(cycle(sentences), round(rows * ratio))
    selected += islice(cycle(phrases.SENTENCES[label]), rows)
    return selected[:rows]


class _MessageWriter:
    """Writes messages around given sentences; `use_rare_words` allows words that only the test split has."""

    def __init__(self, rng: random.Random, use_rare_words: bool) -> None:
        self._rng, self._use_rare_words = rng, use_rare_words
        self._shared = {sentence for sentences in phrases.SHARED.values() for sentence in sentences}

    def write(self, sentence: str) -> str:
        """Writes a message around a sentence."""
        rng = self._rng
        parts = [sentence]
        if sentence in self._shared:  # alone, so that nothing else distinguishes the two classes
            return self._add_typos(sentence)
        if rng.random() < _ASIDE_RATIO:
            parts.insert(rng.randrange(2), rng.choice(phrases.ASIDES))
        if rng.random() < _OPENER_RATIO:
            parts.insert(0, rng.choice(phrases.OPENERS))
        if rng.random() < _CLOSER_RATIO:
            parts.append(rng.choice(phrases.CLOSERS))
        return self._add_typos(re.sub(r"\{(\w+)\}", lambda slot: self._fill_slot(slot[1]), " ".join(parts)))

    def _add_typos(self, text: str) -> str:
        """Adds typos to some words, and rare words to the test split."""
        return " ".join(self._change_word(word) for word in text.split())

    def _fill_slot(self, slot: str) -> str:
        """Chooses the word for a slot."""
        if slot == "number":
            return str(self._rng.randrange(1000, 10000))
        rare = self._use_rare_words and self._rng.random() < _RARE_WORD_RATIO
        return self._rng.choice((phrases.RARE_SLOTS if rare else phrases.SLOTS)[slot])

    def _change_word(self, word: str) -> str:
        """Replaces a word by a rare one, or adds a typo, with small probabilities."""
        rng = self._rng
        if self._use_rare_words and word in phrases.RARE_WORDS and rng.random() < _RARE_WORD_RATIO:
            word = phrases.RARE_WORDS[word]
        if len(word) < 4 or rng.random() >= _TYPO_RATIO:
            return word
        i = rng.randrange(1, len(word) - 1)
        return rng.choice(
            [
                word[:i] + word[i + 1] + word[i] + word[i + 2 :],
                word[:i] + word[i + 1 :],
                word[:i] + word[i] + word[i:],
                word[:i] + rng.choice(string.ascii_lowercase) + word[i + 1 :],
            ]
        )
