from __future__ import annotations

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import UsageError
from datamodules.tokenizers.base import tokenizer_from_json
from datamodules.tokenizers.words import Words

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates, too


def trained(*texts: str, **arguments) -> Words:
    words = Words(**arguments)
    words.train(list(texts))
    return words


def words_of(text: str, **arguments) -> list[str]:
    """The tokens of a text by a tokenizer that has learned all of them."""
    portable = tokenizers.Tokenizer.from_str(trained(text, **arguments).dump_state())
    return portable.encode(text).tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't panic", ["don't", "panic"]),
        ("rock 'n' roll", ["rock", "'", "n", "'", "roll"]),
        ("it’s l'eau", ["it’s", "l'eau"]),
        ("pi is 3.14, not 3.", ["pi", "is", "3.14", ",", "not", "3", "."]),
        ("1,000.50 €", ["1,000.50", "€"]),
        ("the U.S. army", ["the", "u", ".", "s", ".", "army"]),
        ("covid19 4u", ["covid", "19", "4", "u"]),
        ("e-mail me@x.org", ["e", "-", "mail", "me", "@", "x", ".", "org"]),
        ("WHAT?!", ["what", "?", "!"]),
        ("你好，世界", ["你好", "，", "世界"]),
        ("naïve हिन्दी", ["naïve", "हिन्दी"]),
        ("😀😀 ok", ["😀", "😀", "ok"]),
        ("a_b\tc\n\u00a0d", ["a", "_", "b", "c", "d"]),
        ("[PAD] [unk]", ["[", "pad", "]", "[", "unk", "]"]),
        (" \n", []),
    ],
)
def test_words_numbers_and_signs_are_told_apart(text, words):
    assert words_of(text) == words


def test_capitals_are_kept_where_they_count():
    assert words_of("The the", lowercase=False) == ["The", "the"]
    assert words_of("The the", lowercase=True) == ["the", "the"]


def test_letters_with_marks_are_the_same_however_they_are_written():
    words = trained("café")
    assert words.encode_batch(["cafe\u0301"]).ids.tolist() == words.encode_batch(["café"]).ids.tolist() == [2]


def test_the_commonest_words_come_first_and_ties_in_the_order_of_the_alphabet():
    words = trained("d b b b c c", "a a")
    assert words.encode_batch(["b a c d e"]).ids.tolist() == [2, 3, 4, 5, 1]
    assert (words.vocabulary_size, words.padding_id, words.unknown_id) == (6, 0, 1)


@pytest.mark.parametrize(
    ("arguments", "ids", "size"),
    [
        ({"vocab_size": 4}, [2, 3, 1, 1], 4),
        ({"vocab_size": 3}, [2, 1, 1, 1], 3),
        ({"vocab_size": 100}, [2, 3, 4, 5], 6),
        ({"min_frequency": 2}, [2, 3, 4, 1], 5),
        ({"min_frequency": 3}, [2, 1, 1, 1], 3),
        ({"min_frequency": 9}, [1, 1, 1, 1], 2),
        ({"vocab_size": 4, "min_frequency": 3}, [2, 1, 1, 1], 3),
    ],
)
def test_the_vocabulary_is_cut_by_size_and_count(arguments, ids, size):
    words = trained("d b b b c c", "a a", **arguments)
    assert words.encode_batch(["b a c d"]).ids.tolist() == ids
    assert words.vocabulary_size == size


def test_case_is_folded_before_words_are_counted():
    assert trained("B b a A A c", min_frequency=2).encode_batch(["a B C"]).ids.tolist() == [2, 3, 1]


def test_a_text_that_spells_a_special_token_is_neither_padding_nor_unknown():
    words = trained("[PAD] [UNK]", lowercase=False)
    assert set(words.encode_batch(["[PAD] [UNK]"]).ids.tolist()) == {2, 3, 4, 5}


def test_the_first_words_stay_when_a_text_is_cut():
    words = trained("a b c")
    tokens = words.encode_batch(["c b a c", "", "b"], max_length=2)
    assert tokens.ids.tolist() == [4, 3, 3]
    assert tokens.offsets.tolist() == [0, 2, 2, 3]


@given(st.lists(ANYTHING, max_size=4), ANYTHING)
@settings(max_examples=40, deadline=None)
def test_any_texts_can_be_learned_encoded_and_saved(texts, other):
    words = trained(*texts)
    tokens = words.encode_batch([*texts, other])
    assert words.unknown_id not in tokens.ids[: tokens.offsets[len(texts)]]
    assert tokens.ids.max(initial=0) < words.vocabulary_size
    again = tokenizer_from_json(words.to_json())
    assert again.encode_batch([*texts, other]).ids.tolist() == tokens.ids.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocab_size": 2}, r"vocab_size counts padding and unknown and must be at least 3, got 2"),
        ({"vocab_size": -5}, r"must be at least 3, got -5"),
        ({"min_frequency": 0}, r"min_frequency must be at least 1, got 0"),
    ],
)
def test_limits_that_leave_no_vocabulary_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        Words(**arguments)
