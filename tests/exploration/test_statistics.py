from __future__ import annotations

import numpy as np
import pytest
from small_corpus import corpus

from datamodules.preparation.options import PreparationOptions
from datamodules.sources.files import Files
from exploration.checks.duplicates import find_duplicates
from exploration.checks.encoding_errors import find_errors_by_kind
from exploration.checks.extreme_texts import find_extreme_texts
from exploration.corpus import read_corpus
from exploration.statistics.class_distribution import count_classes
from exploration.statistics.lengths import summarize_lengths
from exploration.statistics.vocabulary_growth import measure_vocabulary_growth
from exploration.statistics.writing_scripts import count_letters_by_script, measure_scripts


def test_classes_are_counted_by_split_and_compared():
    counts = count_classes(corpus([("x", "a")] * 30 + [("x", "b")] * 10, test=[("x", "a"), ("x", "new")]))
    assert counts.names == ["a", "b", "new"]
    assert counts.counts == {"train": [30, 10, 0], "test": [1, 0, 1]}
    assert counts.ratio == 3
    assert counts.few == ["b"]
    assert counts.unseen == {"new": 1}
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert counts.effective_classes == pytest.approx(np.exp(entropy))


def test_label_pairs_are_counted_with_their_lift():
    rows = [("x", ["a", "b"])] * 2 + [("x", ["a"])] * 2 + [("x", [])] * 4
    counts = count_classes(corpus(rows, task="multi_label"))
    assert counts.labels_per_text == {"train": [4, 2, 2]}
    assert counts.together == [("a", "b", 2, 2 * 8 / (4 * 2))]


def test_duplicates_and_conflicting_labels_are_those_planted():
    train = [("one", "a"), (" one ", "a"), ("one", "b"), ("cafe\u0301", "a"), ("two", "a"), ("three", "b")]
    test = [("caf\u00e9", "a"), ("two", "b"), ("two", "b"), ("four", "a")]
    found = find_duplicates(corpus(train, test=test))
    assert found.repeats == {"train": 2, "test": 1}
    assert found.shared == {"test in train": 3}
    assert found.shared_texts == {"test in train": 2}
    assert found.conflicts == {"train": 1, "test": 0}
    assert found.conflict_rows == {"train": 3, "test": 0}
    assert found.shared_conflicts == {"test in train": 2}
    ((one, other),) = found.conflict_examples
    assert {one.labels[0], other.labels[0]} == {"a", "b"}
    assert found.repeated[0][1] == 3


def test_the_order_of_labels_is_no_conflict():
    rows = [("x", ["a", "b"]), ("x", ["b", "a"])]
    assert find_duplicates(corpus(rows, task="multi_label")).conflicts == {"train": 0}


def test_without_the_removable_rows_each_text_occurs_once():
    """Of equal texts the one in test is kept, then the one in validation, then the first of training."""
    train = [(text, "a") for text in ("v", "t", "x", "x ", "y", "t")]
    made = corpus(train, [("v", "a"), ("t", "a"), ("v", "a")], [("t", "a"), ("t", "a")])
    assert find_duplicates(made).removable_rows == {"train": [0, 1, 3, 5], "validation": [1, 2], "test": [1]}
    made.splits["train"].numbers[:] = [10, 21, 12, 9, 14, 15]  # rows of a file that was split
    assert find_duplicates(made).removable_rows["train"] == [9, 10, 15, 21]


@pytest.mark.parametrize(("name", "ratio"), [("median", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)])
def test_a_percentile_covers_its_ratio_of_texts_and_one_less_does_not(name, ratio):
    lengths = np.random.default_rng(0).geometric(0.05, 997)
    percentiles = summarize_lengths("tokens", {"train": lengths}).percentiles["train"]
    assert (lengths <= percentiles[name]).mean() >= ratio
    assert (lengths <= percentiles[name] - 1).mean() < ratio
    assert percentiles["min"] == lengths.min()


def test_histograms_hold_every_text_but_the_longest():
    lengths = np.append(np.full(999, 3), 1_000_000)
    figures = summarize_lengths("tokens", {"train": lengths})
    assert sum(figures.histogram["train"]) == pytest.approx(0.999)


def test_empty_wordless_and_very_long_texts_are_counted(tmp_path):
    lines = [f'{{"text": "text {i}", "label": "{"ab"[i % 2]}"}}' for i in range(200)]
    lines += [
        '{"text": " ", "label": "a"}',
        '{"text": "?!", "label": "a"}',
        '{"text": "%s", "label": "b"}' % ("x" * 99),
    ]
    (tmp_path / "train.jsonl").write_text("\n".join(lines))
    found = find_extreme_texts(
        read_corpus(Files(str(tmp_path)), PreparationOptions(test_size=0.01, validation_size=0.01, empty="refuse"))
    )
    assert found.empty == {"train": 1}
    assert sum(found.wordless.values()) == 1
    assert sum(found.very_long.values()) == 1
    assert found.longest[0][1] == 99


def test_a_corpus_is_split_as_for_training(tmp_path):
    (tmp_path / "all.csv").write_text("text,label\n" + "".join(f"t{i},{'ab'[i % 2]}\n" for i in range(40)))
    made = read_corpus(Files(str(tmp_path)), PreparationOptions())
    assert {name: len(rows.texts) for name, rows in made.splits.items()} == {"train": 32, "validation": 4, "test": 4}
    assert len(made.notes) == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a\ufffdb", "U+FFFD"),
        ("naïve – “déjà vu”".encode().decode("cp1252", "ignore"), "read as Latin-1"),
        ("привет мир".encode().decode("latin-1"), "read as Latin-1"),
        ("你好".encode().decode("latin-1"), "read as Latin-1"),
        ("你好，我是中国人".encode().decode("gbk", "replace"), "read as GBK"),
        ("锟斤拷锟斤拷", "read as GBK"),
        ("你好世界".encode("gbk").decode("latin-1"), "GBK read as Latin-1"),
        ("a\x07", "control"),
        ("a\u200bb", "invisible"),
        ("a\ud800b", "lone surrogates"),
        ("fish &amp; chips", "entities"),
        ("one<br/>two", "tags"),
        ('<a href="x">y</a>', "tags"),
        (r"\u4e2d\u6587", "escape sequences"),
    ],
)
def test_each_kind_of_encoding_error_is_found_in_its_row(text, kind):
    found = find_errors_by_kind(["fine", text, "fine"])
    (name,) = [name for name in found if kind in name]
    assert list(found[name]) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "plain", "voilà\u00a0» dit-il", "„MENÜ“ für Ärzte", "普通的中文，没有问题；是的。", "涓涓细流，鏄", "锁链",
        "AT&T; a < b > c", "a\tb\nc", "Привет, мир", "ÉCOLE À CÔTÉ", "São João às 10", "👩‍👩‍👧", "&nosuchword;",
        "C:\\users", "óáíïìåô",
    ],
)  # fmt: skip
def test_texts_without_encoding_errors_have_none(text):
    assert find_errors_by_kind([text]) == {}


def test_letters_are_counted_by_script():
    counts = count_letters_by_script(["Hello, мир 2", "日本語とカナ", ""])
    assert counts.sum(axis=1).tolist() == [8, 6, 0]
    assert counts[0, 0] == 5
    assert counts[1, 1] == 3


def test_texts_of_another_script_are_those_without_a_letter_of_the_main_one():
    rows = [("中文标题 ABC", "a")] * 2 + [("中文", "a")] * 3 + [("all English", "a"), ("123 !", "a")]
    found = measure_scripts(corpus(rows, test=[("русский", "a")]))
    assert found.main == "Han"
    assert found.foreign == {"train": 1, "test": 1}
    assert [shown.text for shown in found.examples] == ["all English", "русский"]


def test_examples_of_test_texts_show_no_label():
    found = measure_scripts(corpus([("中文", "a")] * 5, test=[("latin", "secret")]))
    assert found.examples[0].labels == []


def test_heaps_law_is_recovered_from_words_that_follow_it():
    """At each token a new word comes with the rate of `2 * n ** 0.6`, or else an old one."""
    rng = np.random.default_rng(0)
    total = 40_000
    types = np.ceil(2 * np.arange(1, total + 1) ** 0.6).astype(int)
    places = np.where(np.diff(types, prepend=0) > 0, types, rng.integers(1, types + 1))
    offsets = np.arange(0, total + 1, total)  # one text, so that the order stays
    growth = measure_vocabulary_growth(places, offsets)
    assert growth.exponent == pytest.approx(0.6, abs=0.02)
    assert growth.factor == pytest.approx(2, rel=0.15)
    assert growth.types[-1] == len(np.unique(places))
