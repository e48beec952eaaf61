from __future__ import annotations

import random

import pytest
import tokenizers
from tokenizers import models, pre_tokenizers
from unknown_units import unknown_units

from contracts.errors import UsageError
from datamodules.tokenizers.base import tokenizer_from_json
from datamodules.tokenizers.subwords import Subwords

TEXTS = ["low lower lowest", "new newer newest low", "wide wider widest new", "low new"]
CHINESE = ["中国银行，中国人民", "中国银行", "人民银行", "中国人民"]
ALGORITHMS = ["bpe", "wordpiece", "unigram"]


def trained(texts=TEXTS, **arguments) -> Subwords:
    tokenizer = Subwords(**{"vocab_size": 60, **arguments})
    tokenizer.train(texts)
    return tokenizer


def pieces(tokenizer, text: str) -> list[str]:
    names = tokenizer.list_tokens()
    return [names[number] for number in tokenizer.encode_batch([text]).ids]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("texts", [TEXTS, CHINESE], ids=["english", "chinese"])
def test_pieces_join_to_the_text_and_are_fewer_than_characters(algorithm, texts):
    tokenizer = trained(texts, algorithm=algorithm)
    text = texts[0].replace("，", "")
    found = pieces(tokenizer, text)
    assert "".join(found).replace("▁", "").replace("##", "") == text.replace(" ", "")
    assert len(found) < len(text)


@pytest.mark.parametrize("size", [20, 40])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_there_are_never_more_ids_than_asked_for(algorithm, size):
    assert trained([*TEXTS, *CHINESE], algorithm=algorithm, vocab_size=size).vocabulary_size <= size


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_texts_in_any_order_give_the_same_pieces(algorithm):
    """The trainers count in hash tables whose order differs from one training to the next."""
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefg", k=rng.randrange(1, 9))) for _ in range(150)]
    texts = [" ".join(rng.choices(words, k=6)) for _ in range(80)]
    first = trained(texts, algorithm=algorithm, vocab_size=120).to_json()
    for _ in range(3):
        rng.shuffle(texts)
        assert trained(texts, algorithm=algorithm, vocab_size=120).to_json() == first


def test_one_unknown_character_leaves_its_neighbours_known():
    assert pieces(trained(algorithm="wordpiece"), "lowжlow") == ["low", "[UNK]", "low"]


@pytest.mark.parametrize("algorithm", ["bpe", "unigram"])
def test_bytes_stand_for_characters_that_were_never_seen(algorithm):
    tokenizer = trained(algorithm=algorithm, byte_fallback=True, vocab_size=320)
    assert pieces(tokenizer, "é") == ["▁", "<0xC3>", "<0xA9>"]
    assert tokenizer.unknown_id is None
    assert dict(unknown_units(tokenizer, ["é low é"])) == {"é": 4}


def test_capitals_and_rare_characters_are_as_chosen():
    assert pieces(trained(), "LOW") == pieces(trained(), "low")
    assert "[UNK]" in pieces(trained(lowercase=False), "LOW")
    assert "[UNK]" in pieces(trained(["ab ab q"], min_frequency=2), "q")


@pytest.fixture
def file(tmp_path):
    """A tokenizer.json of three words that was made elsewhere; without padding."""
    made = tokenizers.Tokenizer(models.WordLevel({"a": 0, "b": 1, "?": 2}, unk_token="?"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.enable_truncation(2)
    path = tmp_path / "tokenizer.json"
    made.save(str(path))
    return path


def test_a_file_serves_instead_of_training_and_travels(file):
    tokenizer = Subwords(path=str(file))
    tokenizer.train(TEXTS)
    assert tokenizer.encode_batch(["b a x b"]).ids.tolist() == [1, 0, 2, 1]
    assert (tokenizer.vocabulary_size, tokenizer.padding_id, tokenizer.unknown_id) == (4, 3, 2)
    assert tokenizer.list_tokens() == ["a", "b", "?", ""]
    text = tokenizer.to_json()
    file.unlink()
    again = tokenizer_from_json(text)
    again.train(TEXTS)
    assert again.encode_batch(["b a x b"]).ids.tolist() == [1, 0, 2, 1]
    assert (again.vocabulary_size, again.padding_id) == (4, 3)


def test_the_content_of_a_file_counts_for_the_fingerprint_and_not_its_name(file, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(file.read_text())
    assert Subwords(path=str(file)).fingerprint() == Subwords(path=str(other)).fingerprint()
    other.write_text(file.read_text().replace('"b":', '"c":').replace('"b": 1', '"c": 1'))
    assert Subwords(path=str(file)).fingerprint() != Subwords(path=str(other)).fingerprint()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "is no tokenizer: "), (b"\xff\xfe", "is no text in UTF-8"), (None, r"cannot be read \(No such file")],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=rf"{message}.*give a tokenizer.json") as raised:
        Subwords(path=str(path))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocab_size": 5}, "vocab_size must be at least 6 with these choices, got 5"),
        ({"vocab_size": 200, "byte_fallback": True}, "must be at least 262 with these choices, got 200"),
        ({"min_frequency": 0}, "min_frequency must be at least 1, got 0"),
        ({"algorithm": "wordpiece", "byte_fallback": True}, "works with algorithm bpe or unigram, got wordpiece"),
    ],
)
def test_choices_that_leave_no_pieces_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        Subwords(**arguments)


@pytest.mark.parametrize("length", [None, 16])
def test_a_file_that_pads_or_cuts_does_neither_here(file, length):
    made = tokenizers.Tokenizer.from_file(str(file))
    made.enable_padding(length=length)
    made.enable_truncation(3)
    made.save(str(file))
    tokens = Subwords(path=str(file)).encode_batch(["a", "a a a a a a a a"])
    alone = Subwords(path=str(file)).encode_batch(["a"])
    assert tokens.lengths[0] == alone.lengths[0] < tokens.lengths[1] < 16
