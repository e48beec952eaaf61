from __future__ import annotations

import pytest

from contracts.errors import DataError
from datamodules.preparation.excluded_texts import exclude_unsuitable_texts
from datamodules.sources.base import Rows
from datamodules.tokenizers.words import Words

TEXTS = ["a a b", "b a", "q r", "a b"]


def trained(**arguments) -> Words:
    words = Words(min_frequency=2, **arguments)
    words.train(TEXTS)
    return words


def test_texts_of_unknown_words_leave_training_and_are_counted():
    notes: list[str] = []
    kept = exclude_unsuitable_texts(Rows(TEXTS, ["x", "y", "x", "y"]), trained(unknown="drop_text"), notes)
    assert (kept.texts, kept.labels, list(kept.numbers)) == (["a a b", "b a", "a b"], ["x", "y", "y"], [0, 1, 3])
    assert notes == [
        "train: 1 of 4 texts excluded from training: more than 30% of their words are unknown "
        "(--data.tokenizer.max_unknown_ratio)"
    ]


def test_other_policies_keep_all_and_say_nothing():
    notes: list[str] = []
    rows = Rows(TEXTS, ["x", "y", "x", "y"])
    assert exclude_unsuitable_texts(rows, trained(), notes) is rows
    assert notes == []


@pytest.mark.parametrize("labels", [["x", "y", "z", "y"], [["x"], ["y"], ["z", "y"], []]])
def test_a_class_that_would_lose_all_its_texts_is_refused(labels):
    with pytest.raises(DataError, match=r"1 of 4 texts .* No text would be left of z; raise .*max_unknown_ratio"):
        exclude_unsuitable_texts(Rows(TEXTS, labels), trained(unknown="drop_text"), [])
