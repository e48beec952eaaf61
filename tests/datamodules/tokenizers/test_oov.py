"""The report of unknown units, by hand and against plain counting."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unknown_units import unknown_units

from datamodules.tokenizers import oov
from datamodules.tokenizers.characters import Characters
from datamodules.tokenizers.mixed import Mixed
from datamodules.tokenizers.oov import measure_oov
from datamodules.tokenizers.pretrained import Pretrained
from datamodules.tokenizers.subwords import Subwords
from datamodules.tokenizers.words import Words


def trained(kind, texts, **arguments):
    tokenizer = kind(**arguments)
    tokenizer.train(texts)
    return tokenizer


SEEN = ["a b", "a b"]
NEW = ["a c c", "b", "d c a b", ""]


def test_rates_are_counted_before_unknown_words_are_treated():
    for arguments, ids in (({}, 8), ({"unknown": "drop"}, 4), ({"num_oov_buckets": 2}, 8)):
        report = measure_oov(trained(Words, SEEN, **arguments), {"test": NEW})["test"]
        assert (report.texts, report.tokens, report.types) == (4, 8, 4)
        assert (report.unknown_tokens, report.unknown_types, report.texts_touched) == (4, 2, 2)
        assert (report.token_rate, report.type_rate, report.text_share) == (0.5, 0.5, 0.5)
        assert report.ids_per_text == ids / 4
        assert report.commonest == (("c", 3), ("d", 1))
        assert report.vector_coverage is None


def test_words_that_are_spelled_count_as_unknown_and_cost_ids():
    report = measure_oov(trained(Mixed, [*SEEN, "xyz"]), {"test": ["a xyz"]})["test"]
    assert (report.unknown_tokens, report.commonest, report.ids_per_text) == (1, (("xyz", 1),), 4.0)


def test_unknown_pieces_are_named_as_they_stand_in_the_text(tiny_bert):
    bert = measure_oov(Pretrained(str(tiny_bert)), {"test": ["a Dog b", "a"]})["test"]
    assert (bert.tokens, bert.commonest, bert.texts_touched) == (4, (("Dog", 1),), 1)
    assert bert.ids_per_text == 4.0  # with both special tokens: 5 and 3
    subwords = measure_oov(trained(Subwords, SEEN), {"test": ["a é"]})["test"]
    assert subwords.commonest == (("é", 1),)


def test_no_text_gives_zeros_and_plain_values(monkeypatch):
    report = measure_oov(trained(Characters, ["a"]), {"empty": [], "half": ["\ud800"]})
    assert report["empty"].token_rate == report["empty"].ids_per_text == 0.0
    assert json.loads(json.dumps(report["half"].to_dict(), ensure_ascii=False).encode())["commonest"] == [["\ufffd", 1]]


@given(
    st.lists(st.text("abc ", max_size=6), max_size=8), st.lists(st.text("abcd ", max_size=6), min_size=1, max_size=8)
)
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("kind", [Words, Characters])
def test_any_texts_are_counted_as_by_a_loop(kind, seen, new):
    tokenizer = trained(kind, seen)
    units = [text.split() if kind is Words else list(text) for text in new]
    known = {unit for text in seen for unit in (text.split() if kind is Words else text)}
    counts = Counter(unit for row in units for unit in row)
    lacking = Counter({unit: count for unit, count in counts.items() if unit not in known})
    chunk, oov._CHUNK = oov._CHUNK, 3
    try:
        report = measure_oov(tokenizer, {"new": new})["new"]
    finally:
        oov._CHUNK = chunk
    assert (report.tokens, report.types) == (counts.total(), len(counts))
    assert dict(report.commonest) == lacking == unknown_units(tokenizer, new)
    assert report.unknown_tokens == lacking.total()
    assert report.texts_touched == sum(any(unit not in known for unit in row) for row in units)
    assert report.ids_per_text == pytest.approx(counts.total() / len(new))
