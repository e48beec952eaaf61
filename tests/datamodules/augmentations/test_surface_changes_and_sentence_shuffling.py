"""Contractions, and the order of sentences."""

from __future__ import annotations

from collections import Counter

import pytest

from datamodules.augmentations.primitives.contractions import LONG_FORM, SHORT_FORM
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.sentence_shuffling import SentenceShuffling
from datamodules.augmentations.surface_changes import SurfaceChanges


def changed(augmentation, text: str, times: int = 1) -> list[str]:
    return augmentation.augment([text] * times, RandomStreams.from_rows(3, 0, range(times)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't know", "I do not know"),
        ("I do not know", "I don't know"),
        ("DON'T stop", "DO NOT stop"),
        ("It can’t be", "It cannot be"),
        ("they will come", "they'll come"),
        ("I am here", "I'm here"),
        ("you've seen it", "you have seen it"),
        ("you have a dog", "you have a dog"),  # not shortened: a full verb here
        ("Why don't you go ?", "Why don't you go ?"),  # "do not you" is no English
        ("Do you know who you are?", "Do you know who you are?"),
        ("it's his; he'd go; let's", "it's his; he'd go; let's"),  # of two meanings
        ("cannot", "cannot"),
        ("are nothing", "are nothing"),
    ],
)
def test_only_unambiguous_forms_are_converted(text, expected):
    assert changed(SurfaceChanges(alpha=1.0), text) == [expected]


def test_each_place_is_changed_with_the_probability_alpha():
    counts = Counter(changed(SurfaceChanges(alpha=0.25), "I don't, you don't", 1600))
    expected = {"I do not, you do not": 1 / 16, "I don't, you don't": 9 / 16}
    for text, share in expected.items():
        assert abs(counts[text] - 1600 * share) < 4 * (1600 * share * (1 - share)) ** 0.5


def test_contractions_and_long_forms_are_inverse():
    assert all(LONG_FORM[short] == long for long, short in SHORT_FORM.items())


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One day. Two! Three?", ["One day.", "Two!", "Three?"]),
        ("一天。两天！三天？", ["一天。", "两天！", "三天？"]),
        ("He said: “Go。”然后走了。", ["He said: “Go。”", "然后走了。"]),
    ],
)
def test_sentences_stay_whole_and_change_their_order(text, sentences):
    for new in changed(SentenceShuffling(), text, 20):
        assert new != text
        assert len(new) == len(text)
        assert all(sentence in new for sentence in sentences)


@pytest.mark.parametrize(
    "text", ["One sentence.", "See Mr. Smith in Jan. 1999", "3.5 miles", "no end. here", "是。", "End. Last"]
)
def test_a_text_of_one_sentence_stays(text):
    assert changed(SentenceShuffling(), text) == [text]


def test_a_last_sentence_without_punctuation_stays_last():
    assert changed(SentenceShuffling(), " A b. C d! E f") == [" C d! A b. E f"]
