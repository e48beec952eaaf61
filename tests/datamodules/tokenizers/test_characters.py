from __future__ import annotations

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import UsageError
from datamodules.tokenizers.base import tokenizer_from_json
from datamodules.tokenizers.characters import Characters

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates, too
READABLE = st.text(max_size=20)


def trained(*texts: str, **arguments) -> Characters:
    characters = Characters(**arguments)
    characters.train(list(texts))
    return characters


def ids(characters: Characters, text: str) -> list[int]:
    return characters.encode_batch([text]).ids.tolist()


def test_the_commonest_characters_come_first_and_ties_by_code_point():
    characters = trained("bbb\ncc", "aad")
    assert ids(characters, "bac\nde") == [2, 3, 4, 5, 6, 1]
    assert (characters.vocabulary_size, characters.padding_id, characters.unknown_id) == (7, 0, 1)


def test_spaces_count_and_so_does_each_code_point():
    characters = trained("你 好𠮷")
    assert len(ids(characters, "你 好 𠮷")) == 5
    assert len(ids(characters, "e\u0301")) == 2


@pytest.mark.parametrize(
    ("arguments", "expected", "size"),
    [
        ({"vocab_size": 4}, [2, 3, 1, 1], 4),
        ({"vocab_size": 3}, [2, 1, 1, 1], 3),
        ({"vocab_size": 100}, [2, 3, 4, 5], 6),
        ({"min_frequency": 2}, [2, 3, 4, 1], 5),
        ({"min_frequency": 9}, [1, 1, 1, 1], 2),
        ({"vocab_size": 4, "min_frequency": 3}, [2, 1, 1, 1], 3),
    ],
)
def test_the_vocabulary_is_cut_by_size_and_count(arguments, expected, size):
    characters = trained("dbbbcc", "aa", **arguments)
    assert ids(characters, "bacd") == expected
    assert characters.vocabulary_size == size


def test_capitals_are_told_apart_unless_they_are_folded():
    assert ids(trained("Aa"), "Aa") == [2, 3]
    assert ids(trained("Aa", lowercase=True), "Aa") == [2, 2]


@pytest.mark.parametrize("text", ["ΟΔΟΣ ΣΣ", "İI ẞ", "ǅ Ａ Ж"])
def test_capitals_are_folded_as_the_saved_tokenizer_folds_them(text):
    """Python folds a capital sigma at the end of a word to another letter than the Rust library does."""
    characters = trained(text, "σς", lowercase=True)
    assert tokenizers.Tokenizer.from_str(characters.dump_state()).encode(text).ids == ids(characters, text)


def test_the_first_characters_stay_when_a_text_is_cut():
    tokens = trained("abc").encode_batch(["cbac", "", "b"], max_length=2)
    assert tokens.ids.tolist() == [4, 3, 3]
    assert tokens.offsets.tolist() == [0, 2, 2, 3]


def test_half_a_character_is_unknown_though_it_was_seen():
    """The JSON of `tokenizers` cannot hold one, so the vocabulary must not either."""
    characters = trained("a\ud800\ud800\udfff")
    assert ids(characters, "a\ud800\udfff") == [2, 1, 1]
    assert characters.vocabulary_size == 3
    assert ids(tokenizer_from_json(characters.to_json()), "a\ud800") == [2, 1]


@given(st.lists(ANYTHING, max_size=4), ANYTHING)
@settings(max_examples=30, deadline=None)
def test_there_is_one_id_for_each_code_point(texts, other):
    characters = trained(*texts)
    seen = {character for character in "".join(texts) if not "\ud800" <= character <= "\udfff"}
    assert [number == 1 for number in ids(characters, other)] == [character not in seen for character in other]
    assert characters.vocabulary_size == len(seen) + 2


@given(st.lists(READABLE, max_size=4), READABLE)
@settings(max_examples=30, deadline=None)
def test_the_saved_tokenizer_gives_the_same_ids_in_other_programs(texts, other):
    characters = trained(*texts)
    assert tokenizers.Tokenizer.from_str(characters.dump_state()).encode(other).ids == ids(characters, other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocab_size": 2}, r"vocab_size counts padding and unknown and must be at least 3, got 2"),
        ({"min_frequency": 0}, r"min_frequency must be at least 1, got 0"),
    ],
)
def test_limits_that_leave_no_vocabulary_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        Characters(**arguments)
