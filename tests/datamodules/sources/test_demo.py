"""The synthetic messages are difficult in the ways that they promise."""

from __future__ import annotations

from collections import Counter

import pytest

from contracts.errors import UsageError
from datamodules.sources import demo_phrases as phrases
from datamodules.sources.base import Rows
from datamodules.sources.demo import Demo


@pytest.fixture(scope="module")
def splits():
    return Demo().read()


def words(rows: Rows) -> set[str]:
    return {word for text in rows.texts for word in text.split()}


def test_there_are_all_three_splits_with_the_shares_that_the_docstring_tells(splits):
    assert [len(splits[name].texts) for name in ("train", "validation", "test")] == [3340, 835, 1670]


def test_the_largest_class_is_forty_times_the_smallest(splits):
    for rows in splits.values():
        counts = Counter(rows.labels)
        assert len(counts) == 6
        assert counts["delivery"] == 40 * counts["fraud"]


def test_the_same_seed_gives_the_same_messages_and_another_one_others():
    assert Demo(3, 200).read() == Demo(3, 200).read()
    assert not set(Demo(3, 200).read()["train"].texts) >= set(Demo(4, 200).read()["train"].texts)


def test_the_messages_are_the_same_on_every_platform():
    """`random.Random` promises one stream everywhere. Read off a run; changes with the phrases and the generator."""
    assert (
        Demo(0, 100).read()["test"].texts[0]
        == "i bohght a chair the day before easter my return of the wok was not accepted what should i do"
    )


def test_the_test_split_alone_has_the_words_kept_for_it(splits):
    kept = set(phrases.RARE_WORDS.values()) | set(phrases.RARE_SLOTS["item"])
    assert len(kept & words(splits["test"])) > len(kept) / 2
    assert not kept & (words(splits["train"]) | words(splits["validation"]))


def test_some_words_hold_typos(splits):
    pieces = [*phrases.ASIDES, *phrases.OPENERS, *phrases.CLOSERS]
    pieces += [
        sentence for group in (phrases.SENTENCES, phrases.SHARED) for some in group.values() for sentence in some
    ]
    pieces += [filling for slot in phrases.SLOTS.values() for filling in slot]
    known = {word for piece in pieces for word in piece.split()}
    strange = [word for text in splits["train"].texts for word in text.split() if word not in known and word.isalpha()]
    total = sum(len(text.split()) for text in splits["train"].texts)
    assert 0.01 < len(strange) / total < 0.05


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_shared_sentence_is_said_by_both_of_its_classes_and_mostly_by_the_commoner(splits, split):
    rows = Counter(zip(splits[split].texts, splits[split].labels, strict=True))
    for (rarer, commoner), sentences in phrases.SHARED.items():
        for sentence in sentences:  # by its writers who made no typo
            assert 0 < rows[sentence, rarer] < rows[sentence, commoner]


def test_most_messages_of_the_rarest_classes_are_shared_sentences(splits):
    shared = {sentence for sentences in phrases.SHARED.values() for sentence in sentences}
    for label in ("fraud", "cancellation"):
        texts = [text for text, own in zip(splits["train"].texts, splits["train"].labels, strict=True) if own == label]
        assert sum(text in shared for text in texts) > len(texts) / 2


@pytest.mark.parametrize("rows", [100, 101, 137, 999])
def test_every_class_is_there_however_few_rows(rows):
    train = Demo(rows=rows).read()["train"]
    assert len(train.texts) == rows
    assert set(train.labels) == set(phrases.CLASS_FREQUENCIES)


def test_too_few_rows_are_refused():
    with pytest.raises(UsageError, match=r"rows must be at least 100, .*six classes.*got 99"):
        Demo(rows=99)
