from __future__ import annotations

import re
import shlex
from dataclasses import replace

import pytest
from small_corpus import corpus, replace_figure

from datamodules.tokenizers.characters import Characters
from datamodules.tokenizers.words import Words
from exploration.advice.all_advice import list_advice
from exploration.data_report import analyze_corpus


def test_faultless_texts_need_no_advice(faultless):
    assert list_advice(faultless) == []


def test_advice_to_remove_texts_names_the_list_of_their_rows(faultless):
    report = replace_figure(faultless, "duplicates.shared", {"test in train": 2})
    report = replace_figure(report, "duplicates.repeats", {"train": 11})
    texts = [item.text for item in list_advice(report) if "Remove them" in item.text]
    assert len(texts) == 2
    assert all("duplicates.removable_rows in the JSON file" in text for text in texts)
    assert report.to_dict()["duplicates"]["removable_rows"] == {"train": [], "validation": [], "test": []}


CONDITIONS = [
    ("duplicates.shared", {"test in train": 2}, "^2 of 100 test texts also occur in training.*by up to 2 points", ""),
    ("duplicates.shared", {"test in train": 100}, r"overestimated by up to 100 points \(test\)", ""),
    ("duplicates.repeats", {"train": 11}, r"11 of 2,200 training texts \(0.5%\) are duplicates of an earlier one", ""),
    ("duplicates.conflicts", {"train": 3}, "3 training texts occur with different labels", ""),
    ("duplicates.shared_conflicts", {"test in train": 1}, "1 test text has another label than the same text in", ""),
    ("near_duplicates.rows", {"test in train": 5}, "5 test texts are near-duplicates of training texts", ""),
    ("discriminative_terms.leaks", [("a", "id7", 0.95, 1.0)], "“id7” is in 95% of the texts of class a", ""),
    ("classes.few", ["a", "b"], "2 of 2 classes have fewer than 20 training texts", "ClassBalanced"),
    ("classes.ratio", 40.0, "The largest class has 40 times", "ClassBalanced"),
    ("classes.unseen", {"z": 3}, "3 labels of validation or test texts do not occur", "--data.unseen_labels drop"),
    ("classes.counts", {"test": [3, 0]}, r"1 class has no test text \(b\)", ""),
    ("classes.counts", {"validation": [99, 1]}, "^1 validation text decides the F1 of class b", "--data.num_folds 5"),
    ("classes.counts", {"validation": [3, 1]}, "^1 to 3 validation texts decide the F1 of each of 2", "--data.fold 0"),
    (
        "classes.counts",
        {"validation": [0, 4]},
        "^1 class has no val.* 4 validation texts decide the F1 of class b",
        "fold",
    ),
    ("extremes.empty", {"train": 3}, "3 texts are empty", "--data.empty refuse"),
    ("extremes.wordless", {"train": 1}, "1 text has symbols only", ""),
    ("extremes.very_long", {"train": 2}, "2 texts are longer than ten times the 99th percentile", ""),
    (
        "scripts.foreign",
        {"train": 70},
        "70 texts .* none of the Latin script",
        "multilingual",
    ),
    (
        "classes.texts",
        {"train": 300, "test": 9},
        "There are only 300 training texts",
        "bert-base-uncased",
    ),
    ("growth.once", 0.6, "60% of the distinct words occur only once", "min_frequency 2"),
]
KINDS = {
    "replacement characters (U+FFFD)": ("2 texts have replacement characters", ""),
    "UTF-8 read as GBK": ("characters of UTF-8 read as GBK", ""),
    "GBK read as Latin-1": ("characters of GBK", "--data.source.encoding gb18030"),
    "HTML entities": ("2 texts have HTML entities", ""),
}


@pytest.mark.parametrize(("path", "value", "words", "option"), CONDITIONS)
def test_each_advice_is_given_when_its_condition_holds(faultless, path, value, words, option):
    matching = [item for item in list_advice(replace_figure(faultless, path, value)) if re.search(words, item.text)]
    assert len(matching) == 1
    assert any(option in options for options in matching[0].options) if option else not matching[0].options


def test_folds_are_offered_only_where_they_can_be_chosen(faultless):
    few = replace_figure(faultless, "classes.counts", {"validation": [99, 1]})
    for report in (replace(few, folds_available=False), replace_figure(few, "classes.texts", {"train": 9})):
        (item,) = [item for item in list_advice(report) if "decides the F1" in item.text]
        assert (item.text, item.options) == ("1 validation text decides the F1 of class b.", ())


@pytest.mark.parametrize("kind", KINDS)
def test_encoding_errors_are_advised_on_by_kind(faultless, kind):
    words, option = KINDS[kind]
    damage = replace(faultless.damage, texts={kind: {"train": 2}}, examples={kind: []})
    first = list_advice(replace(faultless, damage=damage))[0]
    assert words in first.text
    assert first.options == ((option,) if option else ())


def test_label_errors_are_advised_on_unless_the_model_is_too_weak(faultless):
    suspected = replace(faultless.suspected, agreement=0.9, suspected=50, confusions=[("a", "b", 50)])
    (item,) = [a for a in list_advice(replace(faultless, suspected=suspected)) if "suspected" in a.text]
    assert "50 suspected label errors in training (2.3% of 2,200 texts checked)" in item.text
    assert item.options == ("--model.loss CrossEntropy --model.loss.label_smoothing 0.1",)
    for changes in ({"agreement": 0.3}, {"suspected": 120}):
        report = replace(faultless, suspected=replace(suspected, **changes))
        assert not [a for a in list_advice(report) if "suspected" in a.text]


def with_unknown_tokens(report, ratio, main="Latin"):
    first = report.tokenizers[0]
    splits = first.splits | {"test": first.splits["test"] | {"token_rate": ratio, "text_share": 0.5}}
    scripts = replace(report.scripts, main=main)
    return replace(report, scripts=scripts, tokenizers=[replace(first, splits=splits), *report.tokenizers[1:]])


def test_unknown_tokens_are_advised_on_by_script(faultless):
    assert "unknown" not in "".join(a.text for a in list_advice(with_unknown_tokens(faultless, 0.01)))
    (item,) = [a for a in list_advice(with_unknown_tokens(faultless, 0.03)) if "unknown" in a.text]
    assert item.options == ("--data.tokenizer Mixed", "--data.tokenizer Subwords")
    (item,) = [a for a in list_advice(with_unknown_tokens(faultless, 0.4, "Han")) if "unknown" in a.text]
    assert item.options[0] == "--data.tokenizer Characters"


CHINESE = [
    (f"{a}{b}市场今天大涨{c}", label) for label in "ab" for a in "东西南北" for b in "上下左右" for c in "春夏秋冬"
]


@pytest.mark.parametrize("rows", [CHINESE, [(text, label) for text, label in CHINESE[:4] for _ in range(9)]])
def test_length_of_words_is_never_advised_beside_another_tokenizer(rows):
    """Chinese without spaces is one token for `Words`: `--data.max_length 1` would ruin the advised `Characters`.

    The second case has no unknown token in its test split.
    """
    made = corpus(rows, rows[:8], rows[-8:])
    items = list_advice(analyze_corpus(made, [Words()]))
    assert [item for item in items if "--data.tokenizer Characters" in item.options]
    assert not [option for item in items for option in item.options if "max_length" in option]
    report = analyze_corpus(made, [Words(), Characters()])
    long = report.tokenizers[1].length_percentiles | {"p99": 50}
    report = replace(report, tokenizers=[report.tokenizers[0], replace(report.tokenizers[1], length_percentiles=long)])
    options = [option for item in list_advice(report) for option in item.options]
    assert [option for option in options if "max_length" in option] == [
        "--data.tokenizer Characters --data.max_length 0.95"
    ]


def test_truncation_at_p95_is_advised_if_few_texts_are_much_longer(faultless):
    lengths = {"min": 1, "median": 3, "p90": 5, "p95": 9, "p99": 50, "max": 90}
    tokenizers = [replace(faultless.tokenizers[0], length_percentiles=lengths)]
    (item,) = list_advice(replace(faultless, tokenizers=tokenizers))
    assert "p99 of 50 (Words), but a p95 of 9" in item.text
    assert item.options == ("--data.max_length 0.95",)


def test_a_pretrained_model_is_advised_with_its_learning_rate(faultless):
    options = sorted({o for report in make_reports(faultless) for item in list_advice(report) for o in item.options})
    pretrained = [option for option in options if "--model.encoder Pretrained" in option]
    assert len(pretrained) == 3  # English, Chinese, other scripts
    assert all("--model.optimizer.lr 2e-5 --model.lr_scheduler WarmupLinear" in option for option in pretrained)


def make_reports(faultless):
    """Reports that together give rise to all advice."""
    yield from (faultless, with_unknown_tokens(faultless, 0.4), replace(faultless, task="multi_label"))
    han = with_unknown_tokens(faultless, 0.4, "Han")
    yield from (han, replace(han, tokenizers=han.tokenizers[:1]))
    yield replace_figure(faultless, "classes.counts", {"train": [5, 0]})
    for path, value, *_ in CONDITIONS:
        yield replace_figure(faultless, path, value)
    yield replace(replace_figure(faultless, "classes.ratio", 40.0), task="multi_label")
    for kind in KINDS:
        yield replace(faultless, damage=replace(faultless.damage, texts={kind: {"train": 2}}, examples={kind: []}))
    yield replace(faultless, suspected=replace(faultless.suspected, suspected=50, confusions=[("a", "b", 50)]))
    lengths = {"min": 1, "median": 3, "p90": 5, "p95": 9, "p99": 50, "max": 90}
    yield replace(faultless, tokenizers=[replace(faultless.tokenizers[0], length_percentiles=lengths)])
    for main in ("Han", "Cyrillic"):
        small = replace_figure(faultless, "classes.texts", {"train": 100, "validation": 5, "test": 5})
        yield replace(small, scripts=replace(small.scripts, main=main))


def test_every_advised_option_is_parsed_by_train(faultless):
    from commands.option_names import check_option_names
    from commands.option_parser import OptionParser
    from datamodules.text_datamodule import TextDataModule
    from lightning_modules.text_classifier import TextClassifier

    items = [item for report in make_reports(faultless) for item in list_advice(report)]
    options = sorted({option for item in items for option in item.options})
    named_in_text = {name for item in items for name in re.findall(r"--[\w.]+\w", item.text)}
    assert len(options) >= 15
    assert named_in_text == {"--data.fold", "--data.source.label_column"}
    source = ["--data.source", "Files", "--data.source.path", "."]
    parser = OptionParser()
    parser.add_lightning_class_args(TextClassifier, "model")
    parser.add_lightning_class_args(TextDataModule, "data")
    for option in options:
        parser.parse_options([*source, *shlex.split(option)])
    for name in named_in_text:
        check_option_names(parser, [*source, name, "0"])


def test_no_number_is_in_scientific_notation(faultless):
    large = replace_figure(faultless, "classes.ratio", 3e7)
    large = replace_figure(large, "duplicates.shared", {"test in train": 100, "validation in train": 100})
    texts = [item.text for report in (large, *make_reports(faultless)) for item in list_advice(report)]
    assert "30,000,000 times" in " ".join(texts)
    assert not [text for text in texts if re.search(r"\de[+-]\d", text)]


def test_words_of_jieba_are_not_phrases_and_mixed_keeps_jieba():
    pytest.importorskip("jieba")
    texts = [f"昨天看的画面很精彩{number}" for number in range(40)]
    made = corpus([(text, "ab"[number % 2]) for number, text in enumerate(texts)])
    report = analyze_corpus(made, [Words(segment="jieba", vocab_size=4)])
    items = [item for item in list_advice(report) if "unknown to Words" in item.text]
    assert [item.options[0] for item in items] == ["--data.tokenizer Mixed --data.tokenizer.segment jieba"]
