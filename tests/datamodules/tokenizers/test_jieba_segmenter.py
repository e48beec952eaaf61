from __future__ import annotations

import pytest

from contracts.errors import UsageError
from datamodules.tokenizers import jieba_segmenter
from datamodules.tokenizers.base import tokenizer_from_json
from datamodules.tokenizers.words import Words

jieba = pytest.importorskip("jieba", reason="needs the extra jieba")

TEXT = "中华女子学院招3.14%男生 in Beijing"


@pytest.fixture
def dictionary(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("子学院招 100 n\n\n", encoding="utf-8")
    return path


def words_of(text: str, **arguments) -> list[str]:
    words = Words(segment="jieba", **arguments)
    return words.extract_units([text]).strings if not words.train([text]) else []


def test_words_are_those_of_jieba_without_white_space():
    expected = {word.lower() for word in jieba.lcut(TEXT) if not word.isspace()}
    assert set(words_of(TEXT)) == expected


def test_a_user_dictionary_has_its_say_and_travels(dictionary):
    words = Words(segment="jieba", user_dictionary=str(dictionary))
    words.train([TEXT])
    text, fingerprint = words.to_json(), words.fingerprint()
    assert "子学院招" in words.extract_units([TEXT]).strings
    assert "子学院招" not in words_of(TEXT)
    dictionary.rename(dictionary.with_name("moved.txt"))
    again = tokenizer_from_json(text)
    assert again.encode_batch([TEXT]).ids.tolist() == words.encode_batch([TEXT]).ids.tolist()
    assert again.to_json() == text
    moved = Words(segment="jieba", user_dictionary=str(dictionary.with_name("moved.txt")))
    assert moved.fingerprint() == fingerprint != Words(segment="jieba").fingerprint()


def test_several_processes_segment_as_one_does(monkeypatch):
    texts = [f"{TEXT}{number}" for number in range(6)]
    alone = jieba_segmenter.JiebaSegmenter(None, True)
    together = jieba_segmenter.JiebaSegmenter(None, True)
    monkeypatch.setattr(jieba_segmenter, "_PARALLEL_FROM", 2)
    assert together(texts + texts[:2]) == [alone.segment(text) for text in texts + texts[:2]]


def test_the_cache_is_emptied_when_it_grows_too_large(monkeypatch):
    monkeypatch.setattr(jieba_segmenter, "_CACHE_SIZE", 5)
    segment = jieba_segmenter.JiebaSegmenter(None, True)
    for text in ("中国人民", "银行", "太长的一句话啊"):
        assert segment([text]) == [segment.segment(text)]
        assert sum(map(len, segment._cache)) <= 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot be read \(No such file"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
        ("银行 3 n\n[PAD] 3 n".encode(), r"line 2: '\[PAD\] 3 n' begins like the name of a special id"),
        (b" \n", "holds no word"),
    ],
)
def test_a_dictionary_that_cannot_be_used_is_refused(tmp_path, content, message):
    path = tmp_path / "bad.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        Words(segment="jieba", user_dictionary=str(path))


def test_without_the_library_its_extra_is_named(monkeypatch):
    monkeypatch.setattr(jieba_segmenter.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs jieba: python -m pip install -e '\.\[jieba\]'"):
        Words(segment="jieba")
