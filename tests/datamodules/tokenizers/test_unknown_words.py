"""What becomes of words outside the vocabulary; expectations by hand."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from contracts.errors import UsageError
from datamodules.preparation.encoding import compute_unknown_ratio
from datamodules.tokenizers.base import TokenIds, tokenizer_from_json
from datamodules.tokenizers.mixed import Mixed
from datamodules.tokenizers.unknown_replacement import replace_marked
from datamodules.tokenizers.words import Words

TEXTS = ["a a b b", "b c"]


def trained(kind=Words, texts=TEXTS, **arguments):
    tokenizer = kind(**arguments)
    tokenizer.train(texts)
    return tokenizer


def rows(tokens) -> list[list[int]]:
    return [tokens.ids[start:end].tolist() for start, end in zip(tokens.offsets, tokens.offsets[1:], strict=False)]


def spelled(tokenizer, text: str) -> list[str]:
    names = tokenizer.list_tokens()
    return [names[number] for number in tokenizer.encode_batch([text]).ids]


def test_unknown_words_can_be_left_out_of_every_text():
    words = trained(unknown="drop", min_frequency=2)
    assert rows(words.encode_batch(["a c b", "c d", "b"])) == [[3, 2], [], [2]]
    assert rows(words.encode_batch(["a c b b"], max_length=2)) == [[3, 2]]  # cut after the unknown are gone
    assert words.unknown_id is None


def test_several_unknown_ids_are_shared_by_a_hash_of_the_word():
    words = trained(num_oov_buckets=3)
    strangers = ["dog", "cat", "sun", "moon", "tree", "house", "river", "stone", "bird", "fish"]
    found = rows(words.encode_batch([" ".join(strangers), "cat a", "DOG"]))
    expected = [1 + zlib.crc32(word.encode()) % 3 for word in strangers]
    assert found == [expected, [expected[1], 5], [expected[0]]]
    assert set(expected) == set(words.unknown_ids) == {1, 2, 3}
    assert compute_unknown_ratio(words.encode_batch(["dog house a b"]), words) == 0.5
    assert words.list_tokens() == ["[PAD]", "[UNK]", "[UNK 2]", "[UNK 3]", "b", "a", "c"]


def test_the_size_counts_every_special_id():
    assert trained(num_oov_buckets=3, vocab_size=5).vocabulary_size == 5
    with pytest.raises(UsageError, match="vocab_size counts padding and unknown and must be at least 5, got 4"):
        Words(num_oov_buckets=3, vocab_size=4)


def test_texts_with_too_many_unknown_words_are_told():
    words = trained(unknown="drop_text", min_frequency=2, max_unknown_ratio=0.5)
    found = words.find_excluded_texts(["a b", "a c", "c", "c d a", ""])
    assert found is not None
    assert found.mask.tolist() == [False, False, True, True, False]  # shares 0, 1/2, 1, 2/3, none
    assert "more than 50% of their words are unknown" in found.reason
    assert rows(words.encode_batch(["a c"])) == [[3, 1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_oov_buckets": 0}, "num_oov_buckets is a number of ids and must be at least 1, got 0"),
        ({"num_oov_buckets": 2, "unknown": "drop"}, "removes unknown words, so num_oov_buckets must be 1, got 2"),
        ({"max_unknown_ratio": 1.5}, r"max_unknown_ratio is a ratio of words and must be in \[0, 1\], got 1.5"),
        (
            {"user_dictionary": "x.txt"},
            "user_dictionary x.txt is for Chinese words; add --data.tokenizer.segment jieba",
        ),
    ],
)
def test_choices_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        Words(**arguments)


def test_a_word_outside_the_vocabulary_is_spelled_with_marks():
    """The example of the paper, `Miki`."""
    mixed = trained(
        Mixed, ["see see mik", "mik i"], min_frequency=3, lowercase=False, vocab_size=None, min_character_frequency=1
    )
    assert spelled(mixed, "miki") == ["<B>m", "<M>i", "<M>k", "<E>i"]
    assert spelled(mixed, "i") == ["<B>i"]
    assert spelled(mixed, "ik") == ["<B>i", "<E>k"]


def test_known_words_stay_whole_between_spelled_ones():
    mixed = trained(Mixed, ["the cat the", "dog cat"])
    assert spelled(mixed, "The dog, the cat")[0] == "the"
    assert spelled(mixed, "the tac the") == ["the", "<B>t", "<M>a", "<E>c", "the"]


def test_a_character_that_training_hardly_saw_is_spelled_in_bytes():
    mixed = trained(Mixed, ["ab ab", "aqa"], min_frequency=2)
    assert spelled(mixed, "aqa") == ["<B>a", "<0x71>", "<E>a"]
    assert spelled(mixed, "你") == ["<0xE4>", "<0xBD>", "<0xA0>"]


def test_chinese_clauses_outside_the_vocabulary_are_spelled():
    mixed = trained(Mixed, ["你好，世界", "你好，界世"])
    assert spelled(mixed, "你好，好你") == ["你好", "，", "<B>好", "<E>你"]


def test_a_text_that_spells_a_mark_or_a_byte_is_neither():
    mixed = trained(Mixed, ["<B>a <0x41> [PAD]"] * 2, lowercase=False)
    assert not {"<B>a", "<0x41>", "[PAD]"} & set(spelled(mixed, "<B>a <0x41> [PAD]"))


def test_mixed_is_the_same_from_its_json():
    mixed = trained(Mixed, ["the cat the", "dog cat"])
    again = tokenizer_from_json(mixed.to_json())
    assert spelled(again, "the tac жук") == spelled(mixed, "the tac жук")
    with pytest.raises(UsageError, match="min_character_frequency must be at least 1, got 0"):
        Mixed(min_character_frequency=0)


def test_marked_tokens_are_replaced_by_none_one_or_several():
    tokens = TokenIds(np.array([5, 1, 6, 1, 1], np.int32), np.array([0, 2, 2, 5]))
    spellings = TokenIds(np.array([7, 8, 9], np.int32), np.array([0, 0, 1, 3]))
    found = replace_marked(tokens, tokens.ids == 1, np.array([2, 0, 1]), spellings)
    assert rows(found) == [[5, 8, 9], [], [6, 7]]
