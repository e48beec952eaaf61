"""Every tokenizer: ids within bounds, the same again from its JSON, and no text that it stumbles over."""

from __future__ import annotations

import copy
import importlib.util
import json
import pickle

import numpy as np
import pytest
import tokenizers
from unknown_units import unknown_units

import datamodules.tokenizers  # noqa: F401  # all members are known by name
from contracts.discovery import find_implementations
from contracts.errors import DataError, UsageError
from datamodules.tokenizers.base import Tokenizer, tokenizer_from_json
from datamodules.tokenizers.subwords import Subwords

CLASSES = {tokenizer.__name__: tokenizer for tokenizer in find_implementations(Tokenizer)}
VARIANTS = [
    ("Words", {"lowercase": False}),
    ("Words", {"vocab_size": 5, "min_frequency": 2}),
    ("Characters", {"lowercase": True}),
    ("Characters", {"vocab_size": 5, "min_frequency": 2}),
    ("Words", {"unknown": "drop", "min_frequency": 2}),
    ("Words", {"unknown": "drop_text", "min_frequency": 2}),
    ("Words", {"num_oov_buckets": 3, "min_frequency": 2}),
    ("Mixed", {"vocab_size": 5, "lowercase": False}),
    ("Mixed", {"min_frequency": 1, "min_character_frequency": 1}),
    ("Subwords", {"algorithm": "wordpiece", "min_frequency": 1}),
    ("Subwords", {"algorithm": "unigram", "min_frequency": 1}),
    ("Subwords", {"algorithm": "unigram", "byte_fallback": True}),
    ("Subwords", {"byte_fallback": True, "lowercase": False, "vocab_size": 300}),
]
if importlib.util.find_spec("jieba"):
    VARIANTS += [("Words", {"segment": "jieba"}), ("Mixed", {"segment": "jieba"})]
CASES = [(name, {}) for name in CLASSES] + VARIANTS
TRAINING = ["a b c", "b c", "c", "A cab, 3.14 times!", "don't [SEP] 你好", "b\nb\tb", ""]
HOSTILE = {
    "no character": "",
    "white space": " \t\r\n\u3000",
    "padding by name": "[PAD][PAD] [PAD]",
    "separator by name": "a [SEP] b [CLS] [UNK] [MASK] </s> <pad>",
    "half a character": "a \ud800 b \udfff",
    "two halves the wrong way round": "\ude00\ud83d",
    "NUL": "a\x00b\x00",
    "emoji of several code points": "👩‍👩‍👧‍👦 🇩🇪 👍🏽",
    "beyond the first plane": "𠮷𝒳\U0010ffff",
    "right to left and marks": "שָׁלוֹם مرحبا \u202eabc",
    "a hundred marks on a letter": "a" + "\u0301" * 100,
    "line ends": "a\r\nb\rc\x0b\x0c\x85\u2028",
    "a hundred thousand letters": "a" * 100_000,
    "thirty thousand words": "a b c " * 10_000,
    "growing when lower-cased": "İİİ ẞ ΟΔΟΣ",
}


def case_name(case) -> str:
    return "-".join([case[0], *(f"{name}={value}" for name, value in case[1].items())])


def is_portable(name: str, arguments: dict) -> bool:
    """Whether words outside the vocabulary have the one unknown id, and words need no other library."""
    special = arguments.get("unknown") == "drop" or "num_oov_buckets" in arguments or "segment" in arguments
    return name != "Mixed" and not special


@pytest.fixture(params=CASES, ids=case_name)
def case(request):
    return request.param


@pytest.fixture
def make(case, tiny_bert):
    """Makes the tokenizer of the case, each time a new one."""
    name, arguments = case
    if name == "Pretrained":
        arguments = {"model": str(tiny_bert)}
    return lambda: CLASSES[name](**arguments)


@pytest.fixture
def trained(make):
    tokenizer = make()
    tokenizer.train(TRAINING)
    return tokenizer


def rows(tokens) -> list[list[int]]:
    return [tokens.ids[start:end].tolist() for start, end in zip(tokens.offsets, tokens.offsets[1:], strict=False)]


def test_all_tokenizers_are_found():
    assert set(CLASSES) >= {"Words", "Characters", "Mixed", "Subwords", "Pretrained"}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_any_text_gives_ids_of_the_vocabulary_and_no_padding(trained, text):
    tokens = trained.encode_batch([text, "a", text])
    assert (tokens.ids.dtype, tokens.offsets.dtype) == (np.int32, np.int64)
    assert tokens.offsets[0] == 0
    assert tokens.offsets[-1] == len(tokens.ids)
    assert tokens.ids.min(initial=1) >= 0
    assert tokens.ids.max(initial=0) < trained.vocabulary_size
    assert trained.padding_id not in tokens.ids
    first, _, third = rows(tokens)
    assert first == third


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_any_text_can_be_learned_from_and_saved(make, text):
    tokenizer = make()
    tokenizer.train([text, "a b", text])
    again = tokenizer_from_json(tokenizer.to_json())
    assert rows(again.encode_batch([text])) == rows(tokenizer.encode_batch([text]))


def test_no_texts_give_no_rows(trained):
    tokens = trained.encode_batch([])
    assert len(tokens.ids) == 0
    assert tokens.offsets.tolist() == [0]
    assert len(tokens.lengths) == 0


def test_no_training_texts_leave_a_tokenizer_that_works(make):
    tokenizer = make()
    tokenizer.train([])
    assert tokenizer.encode_batch(["a b"]).ids.max(initial=0) < tokenizer.vocabulary_size


def test_empty_texts_give_rows_of_nothing_but_special_tokens(trained):
    found = rows(trained.encode_batch(["", "a", ""]))
    assert len(found) == 3
    assert found[0] == found[2]
    assert len(found[0]) < len(found[1])


def test_a_text_has_the_same_ids_alone_and_among_others(trained):
    together = rows(trained.encode_batch(TRAINING))
    assert together == [rows(trained.encode_batch([text]))[0] for text in TRAINING]


@pytest.mark.parametrize("max_length", [3, 4, 7, 1000])
def test_no_row_is_longer_than_asked_for_and_short_ones_stay(trained, max_length):
    texts = [*TRAINING, "a b c " * 50]
    whole, cut = rows(trained.encode_batch(texts)), rows(trained.encode_batch(texts, max_length=max_length))
    assert [len(row) for row in cut] == [min(len(row), max_length) for row in whole]
    assert all(short == full for short, full in zip(cut, whole, strict=True) if len(full) <= max_length)
    assert rows(trained.encode_batch(texts)) == whole  # a limit does not last beyond its call


def test_training_twice_gives_the_same_vocabulary(make, trained):
    other = make()
    other.train(TRAINING)
    assert other.to_json() == trained.to_json()
    other.train(TRAINING)
    assert rows(other.encode_batch(TRAINING)) == rows(trained.encode_batch(TRAINING))
    assert other.vocabulary_size == trained.vocabulary_size


def test_the_order_of_the_training_texts_does_not_matter(make, trained):
    other = make()
    other.train(TRAINING[::-1])
    assert rows(other.encode_batch(TRAINING)) == rows(trained.encode_batch(TRAINING))


def test_training_anew_forgets_what_was_learned(make):
    tokenizer, fresh = make(), make()
    tokenizer.train(["zebra zebra zebra xylophone"])
    tokenizer.train(TRAINING)
    fresh.train(TRAINING)
    assert json.loads(tokenizer.to_json()) == json.loads(fresh.to_json())


def test_its_json_makes_the_same_tokenizer(trained):
    texts = TRAINING + list(HOSTILE.values())
    again = tokenizer_from_json(trained.to_json())
    assert type(again) is type(trained)
    assert rows(again.encode_batch(texts)) == rows(trained.encode_batch(texts))
    for name in ("vocabulary_size", "padding_id", "unknown_id", "unknown_ids", "max_positions", "supports_pairs"):
        assert getattr(again, name) == getattr(trained, name)
    assert json.loads(again.to_json()) == json.loads(trained.to_json())


def test_copies_and_pickles_work_alike(trained):
    for again in (copy.deepcopy(trained), pickle.loads(pickle.dumps(trained))):
        assert rows(again.encode_batch(TRAINING)) == rows(trained.encode_batch(TRAINING))
        assert again.to_json() == trained.to_json()


def test_the_hugging_face_library_alone_gives_the_same_ids(trained, case):
    """Texts without names of special tokens, which that library takes for them, and without halves of characters."""
    if not is_portable(*case):
        pytest.skip("does what that library cannot")
    texts = [text for text in [*TRAINING, *HOSTILE.values()] if "[" not in text and "\ud800" not in text]
    texts = [text for text in texts if "\ud83d" not in text]
    state = json.loads(trained.dump_state())
    portable = tokenizers.Tokenizer.from_str(state.get("tokenizer") or trained.dump_state())
    found = [encoding.ids for encoding in portable.encode_batch(texts)]
    assert len(found) > 12
    assert found == rows(trained.encode_batch(texts))


def test_a_fingerprint_tells_arguments_apart_and_needs_no_training(make, trained):
    assert make().fingerprint() == make().fingerprint() == trained.fingerprint()
    others = {CLASSES[name](**arguments).fingerprint() for name, arguments in CASES if name != "Pretrained"}
    assert len(others) == len([case for case in CASES if case[0] != "Pretrained"])


def test_what_was_never_seen_is_unknown(trained, case):
    if trained.unknown_id is None:
        pytest.skip("says nothing of an unknown id")
    assert trained.unknown_id != trained.padding_id
    around = set(trained.encode_batch([""]).ids.tolist())  # what a pretrained model has before and after any text
    found = np.array([number for number in trained.encode_batch(["ж", "ж" * 9, "щ"]).ids if number not in around])
    start_of_word = trained.list_tokens().index("▁") if "▁" in trained.list_tokens() else trained.unknown_id
    last = trained.unknown_id + case[1].get("num_oov_buckets", 1)
    assert set(found.tolist()) <= {*range(trained.unknown_id, last), start_of_word}
    assert set(found.tolist()) - {start_of_word} or start_of_word == trained.unknown_id


def test_every_id_has_a_string_and_no_two_the_same(trained):
    tokens = trained.list_tokens()
    assert len(tokens) == trained.vocabulary_size
    assert len(set(tokens)) == len(tokens)
    assert tokens[trained.padding_id] == "[PAD]"
    assert tokenizer_from_json(trained.to_json()).list_tokens() == tokens


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_any_text_falls_into_units_that_are_known_or_not(trained, text):
    units = trained.extract_units([text, "a", text, ""])
    counts = np.diff(units.offsets)
    assert len(units.unit_ids) == units.offsets[-1]
    assert (len(units.offsets), counts[0], counts[3]) == (5, counts[2], 0)
    assert len(units.is_known) == len(units.strings)
    assert units.unit_ids.max(initial=0) < max(len(units.strings), 1)
    assert units.unknown_counts.sum() == sum(unknown_units(trained, [text, "a", text, ""]).values())
    assert units.unknown_counts[0] == units.unknown_counts[2]


def test_units_are_the_same_from_its_json(trained):
    texts = [*TRAINING, "never seen жжж", "ж 𠮷"]
    one, other = trained.extract_units(texts), tokenizer_from_json(trained.to_json()).extract_units(texts)
    assert one.strings == other.strings
    assert one.unit_ids.tolist() == other.unit_ids.tolist()
    assert one.is_known.tolist() == other.is_known.tolist()


def test_what_was_never_seen_is_no_known_unit(trained):
    assert sum(unknown_units(trained, ["ж", "c"]).values()) >= 1
    assert "c" not in unknown_units(trained, ["ж", "c"])


def test_texts_of_nothing_known_keep_their_rows(trained):
    assert len(trained.encode_batch(["ж", "", "щщ ж"]).lengths) == 3


def test_only_training_texts_are_left_out_and_most_keep_all(trained, case):
    found = trained.find_excluded_texts(TRAINING)
    assert (found is not None) == (case[1].get("unknown") == "drop_text")
    if found is not None:
        assert (found.mask.dtype, len(found.mask)) == (bool, len(TRAINING))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read: Expecting property name"),
        ("[1]", "cannot be read: 'list' object"),
        ('{"class": "Words", "arguments": {}}', "cannot be read: 'state'"),
        ('{"class": "Words", "arguments": {}, "state": "junk"}', "cannot be read: expected value at line 1"),
        (
            '{"class": "Words", "arguments": {"min_frequency": 0}, "state": "junk"}',
            "cannot be read: min_frequency must be",
        ),
        (
            '{"class": "Words", "arguments": {"size": 0}, "state": "junk"}',
            "checkpoint's Words does not fit this version",
        ),
        ('{"class": "Wards", "arguments": {}, "state": ""}', r"a Tokenizer named 'Wards', .*has: Characters, .*Words"),
        ('{"class": ["Words"], "arguments": {}, "state": ""}', r"a Tokenizer named \['Words'\]"),
        ('{"class": "Pretrained", "arguments": {}, "state": "{}"}', "cannot be read: 'tokenizer'"),
    ],
)
def test_json_of_another_kind_is_refused(text, message):
    with pytest.raises(DataError, match=message):
        tokenizer_from_json(text)


def test_a_tokenizer_that_no_checkpoint_may_hold_is_refused_before_training(tmp_path):
    library = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    library.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex("(a+)+$"), "isolated")
    library.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(UsageError, match="has a pattern with repetitions inside of repetitions"):
        Subwords(path=str(tmp_path / "tokenizer.json"))
