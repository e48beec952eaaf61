from __future__ import annotations

import json
import re
import shlex
import xml.etree.ElementTree as ET
from dataclasses import fields, is_dataclass, replace

import pytest
from rich.console import Console
from small_corpus import corpus

from datamodules.tokenizers.characters import Characters
from datamodules.tokenizers.words import Words
from exploration.advice import give_advice
from exploration.data_report import analyze_corpus
from exploration.html_page import render_page
from exploration.plots import plot_classes
from exploration.terminal_report import print_report

EVIL = "<script>alert('x')</script> & \"quoted\" \u202e [bold]no markup[/bold]"


def sound(count=2400):
    """Texts with nothing to complain of: two classes, no repeats, known words, one script."""
    words = {"a": ["apple", "pear", "plum"], "b": ["iron", "zinc", "tin"]}
    names = ["red", "green", "blue", "dark", "pale", "old", "new", "big", "small", "long", "short", "odd"]
    rows = []
    for i in range(count):
        label = "ab"[i % 2]
        colours = [names[i // 12**k % 12] for k in range(4)]
        rows.append((" ".join([words[label][i % 3], *colours]), label))
    return rows


@pytest.fixture(scope="module")
def clean():
    rows = sound()
    return analyze_corpus(
        corpus(rows[:2200], rows[2200:2300], rows[2300:]), [Words(), Characters()], near_threshold=1.0
    )


def changed(found, path, value):
    """The findings with one figure put in place of another."""
    name, _, rest = path.partition(".")
    return replace(found, **{name: changed(getattr(found, name), rest, value) if rest else value})


def test_sound_texts_need_no_advice_but_a_length(clean):
    (only,) = give_advice(clean)
    assert only.text.startswith("99 % of training texts have 5 tokens or fewer (Words)")
    assert only.options == ("--data.max_length 5",)


CONDITIONS = [
    ("duplicates.shared", {"test in train": 2}, "2 of 100 test texts are also in training.*good by up to 2 points", ""),
    ("duplicates.repeats", {"train": 11}, r"11 of 2,200 training texts repeat an earlier one \(0.5 %\)", ""),
    ("duplicates.conflicts", {"train": 3}, "3 texts stand in training with different labels", ""),
    ("duplicates.shared_conflicts", {"test in train": 4}, "4 test texts carry another label", ""),
    ("near_duplicates.touched", {"test in train": 5}, "5 more test texts are nearly the same", ""),
    ("telling.leaks", [("a", "id7", 0.95, 1.0)], "“id7” is in 95 % of the texts of a", ""),
    ("classes.few", ["a", "b"], "2 of 2 classes have fewer than 20 training texts", "ClassBalanced"),
    ("classes.ratio", 40.0, "The largest class has 40 times", "ClassBalanced"),
    ("classes.unseen", {"z": 3}, "3 labels of validation or test texts", "--data.unseen_labels drop"),
    ("classes.counts", {"train": [5, 5], "test": [3, 0]}, "1 class has no test text", ""),
    ("extremes.empty", {"train": 3}, "3 texts are empty", "--data.empty refuse"),
    ("extremes.wordless", {"train": 1}, "1 text holds signs only", ""),
    ("extremes.very_long", {"train": 2}, "2 texts are ten times longer", ""),
    ("tokens.covering", {"train": [3, 5, 9, 50, 90]}, "99 % takes 50", "--data.max_length 0.95"),
    ("scripts.foreign", {"train": 70}, "70 texts .* none of the Latin script", "multilingual"),
    ("classes.texts", {"train": 300, "test": 9}, "There are 300 training texts only", "bert-base-uncased"),
    ("growth.once", 0.6, "60 % of the different words occur a single time", "min_frequency 2"),
]
KINDS = {
    "replacement characters (U+FFFD)": ("2 texts hold replacement characters", ""),
    "UTF-8 read as GBK": ("signs of UTF-8 read as GBK", ""),
    "GBK read as Latin-1": ("signs of GBK", "--data.source.encoding gb18030"),
    "HTML entities": ("2 texts hold HTML entities", ""),
}


@pytest.mark.parametrize(("path", "value", "words", "option"), CONDITIONS, ids=[path for path, *_ in CONDITIONS])
def test_each_advice_comes_when_its_condition_holds(clean, path, value, words, option):
    section, name = path.split(".")
    before = getattr(getattr(clean, section), name)
    if isinstance(before, dict):
        value = before | value
    given = [piece for piece in give_advice(changed(clean, path, value)) if re.search(words, piece.text)]
    assert len(given) == 1
    assert any(option in found for found in given[0].options) if option else not given[0].options


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_advised_on_by_kind(clean, kind):
    words, option = KINDS[kind]
    damage = replace(clean.damage, texts={kind: {"train": 2}}, examples={kind: []})
    first = give_advice(replace(clean, damage=damage))[0]
    assert words in first.text
    assert first.options == ((option,) if option else ())


def test_suspected_labels_are_advised_on_unless_the_model_knows_nothing(clean):
    wrong = replace(clean.suspected, agreement=0.9, suspected=50, confusions=[("a", "b", 50)])
    (piece,) = [a for a in give_advice(replace(clean, suspected=wrong)) if "perhaps wrong" in a.text]
    assert "50 training labels are perhaps wrong (2.3 % of 2,200 looked at)" in piece.text
    assert piece.options == ("--model.loss CrossEntropy --model.loss.label_smoothing 0.1",)
    assert not [a for a in give_advice(replace(clean, suspected=replace(wrong, agreement=0.3))) if "perhaps" in a.text]
    assert not [a for a in give_advice(replace(clean, suspected=replace(wrong, suspected=120))) if "perhaps" in a.text]


def unknown(found, rate, main="Latin"):
    first = found.tokenizers[0]
    splits = first.splits | {"test": first.splits["test"] | {"token_rate": rate, "text_share": 0.5}}
    scripts = replace(found.scripts, main=main)
    return replace(found, scripts=scripts, tokenizers=[replace(first, splits=splits), *found.tokenizers[1:]])


def test_unknown_words_are_advised_on_by_script(clean):
    assert "unknown" not in "".join(a.text for a in give_advice(unknown(clean, 0.01)))
    (words,) = [a for a in give_advice(unknown(clean, 0.03)) if "unknown" in a.text]
    assert words.options == ("--data.tokenizer Mixed", "--data.tokenizer Subwords")
    (runs,) = [a for a in give_advice(unknown(clean, 0.4, "Han")) if "unknown" in a.text]
    assert runs.options[0] == "--data.tokenizer Characters"


def all_options(clean):
    """Everything that advice can name, by way of every condition above."""
    found = [clean, unknown(clean, 0.4), unknown(clean, 0.4, "Han"), replace(clean, task="multi_label")]
    for path, value, *_ in CONDITIONS:
        section, name = path.split(".")
        before = getattr(getattr(clean, section), name)
        found.append(changed(clean, path, before | value if isinstance(before, dict) else value))
    found += [replace(changed(clean, "classes.ratio", 40.0), task="multi_label")]
    found += [replace(clean, damage=replace(clean.damage, texts={k: {"train": 2}}, examples={k: []})) for k in KINDS]
    wrong = replace(clean.suspected, suspected=50, confusions=[("a", "b", 50)])
    found += [replace(clean, suspected=wrong)]
    for main in ("Han", "Cyrillic"):
        small = replace(clean, classes=replace(clean.classes, texts={"train": 100, "validation": 5, "test": 5}))
        found.append(replace(small, scripts=replace(small.scripts, main=main)))
    return sorted({option for one in found for piece in give_advice(one) for option in piece.options})


def test_train_takes_every_option_that_advice_names(clean):
    from commands.option_parser import OptionParser
    from datamodules.text_datamodule import TextDataModule
    from lightning_modules.text_classifier import TextClassifier

    parser = OptionParser()
    parser.add_lightning_class_args(TextClassifier, "model")
    parser.add_lightning_class_args(TextDataModule, "data")
    options = all_options(clean)
    assert len(options) >= 14
    # one after the other on one line: each is checked as it comes, and the next one takes its place
    arguments = ["--data.source", "Files", "--data.source.path", ".", *shlex.split(" ".join(options))]
    parser.parse_options(arguments)


@pytest.fixture(scope="module")
def evil():
    """Labels and texts that would act on a page or a terminal if they could."""
    rows = [
        (f"{EVIL} word{i % 3} number{i}", f"<img src=x onerror=alert(1)> $x$ {'中文' * (i % 2)}") for i in range(60)
    ]
    return analyze_corpus(corpus(rows[:50], rows[:5], [(EVIL, rows[0][1]), *rows[40:]]), [Words()])


def test_nothing_of_the_data_can_act_on_the_page(evil):
    written = render_page(evil, give_advice(evil), f"python explore.py {EVIL}")
    assert "<script" not in written.lower()
    assert "<img" not in written
    assert "\u202e" not in written
    assert "&lt;script&gt;" in written
    assert "Content-Security-Policy" in written
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#)""", written)
    assert "@import" not in written


def test_the_page_has_what_its_contents_say(clean):
    written = render_page(clean, give_advice(clean), "python explore.py")
    anchors = re.findall(r"href='#([\w-]+)'", written)
    assert len(anchors) >= 11
    for anchor in anchors:
        assert written.count(f"id='{anchor}'") == 1
    assert written.count("<svg") == 3
    assert "Labels of the test split were read for counts, duplicates and conflicts only" in written


def test_pictures_are_whole_and_keep_labels_as_text(evil):
    drawn = plot_classes(evil.classes)
    ET.fromstring(drawn)
    assert "中文" in drawn
    assert "$x$" in drawn
    assert "var(--font)" in drawn


def test_many_classes_get_a_picture_as_high_as_they_need(clean):
    many = replace(clean.classes, names=[f"class {i}" for i in range(77)], counts={"train": list(range(100, 23, -1))})
    heights = [float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', plot_classes(c))[1]) for c in (clean.classes, many)]
    assert heights[1] >= 77 * 12
    assert heights[0] < 300


def test_the_terminal_shows_text_as_text(evil):
    console = Console(record=True, width=150, file=open("/dev/null", "w"))  # noqa: SIM115
    print_report(evil, give_advice(evil), console)
    said = console.export_text()
    assert "What to do" in said
    assert "\u202e" not in said
    assert "alert(1)" in said


def test_all_figures_are_plain_and_named(clean):
    plain = json.loads(json.dumps(clean.to_dict()))
    assert set(plain) == {field.name for field in fields(clean)}
    assert not [key for key, value in plain.items() if is_dataclass(value)]
    assert plain["tokenizers"][1]["name"] == "Characters"
