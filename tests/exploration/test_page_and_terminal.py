from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import fields, is_dataclass, replace

import pytest
from rich.console import Console
from small_corpus import corpus, replace_figure

from datamodules.tokenizers.words import Words
from exploration.advice.all_advice import list_advice
from exploration.data_report import analyze_corpus
from exploration.rendering.html_page import render_page
from exploration.rendering.html_statistics_sections import render_classes
from exploration.rendering.plots import plot_lengths, plot_vocabulary_growth
from exploration.rendering.terminal_report import print_report

EVIL = "<script>alert('x')</script> & \"quoted\" \u202e [bold]no markup[/bold]"


@pytest.fixture(scope="module")
def evil():
    """Labels and texts that would act on a page or a terminal if they could."""
    rows = [
        (f"{EVIL} word{i % 3} number{i}", f"<img src=x onerror=alert(1)> $x$ {'中文' * (i % 2)}") for i in range(60)
    ]
    return analyze_corpus(corpus(rows[:50], rows[:5], [(EVIL, rows[0][1]), *rows[40:]]), [Words()])


def render(report, command="python explore.py"):
    return render_page(report, list_advice(report), command)


def print_text(report, width=150):
    console = Console(markup=False, highlight=False, record=True, width=width, file=open("/dev/null", "w"))  # noqa: SIM115
    print_report(report, list_advice(report), console)
    return console.export_text()


def test_nothing_of_the_data_can_act_on_the_page(evil):
    page = render(evil, f"python explore.py {EVIL}")
    assert "<script" not in page.lower()
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page
    assert "Content-Security-Policy" in page
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#)""", page)
    assert "@import" not in page


def test_advice_comes_first_and_every_link_has_its_section(faultless):
    page = render(faultless)
    titles = re.findall(r"<h2>([^<]+)</h2>", page)
    assert titles[:2] == ["What to do", "Classes"]
    assert titles[-1] == "Checks without findings"
    anchors = re.findall(r"href='#([\w-]+)'", page)
    assert len(set(anchors)) == len(titles) - 1
    for anchor in anchors:
        assert page.count(f"id='{anchor}'") == 1
    assert "Labels of the test split were read for counts, duplicates and conflicting labels only" in page


CLEAN = [
    "No duplicates found.",
    "No near-duplicates found (Jaccard similarity at least 1).",
    "No empty, symbol-only or very long texts found.",
    "No encoding errors or markup found.",
    "No texts without a Latin letter found.",
]


@pytest.mark.parametrize("show", [render, print_text])
def test_a_check_without_findings_is_one_sentence(faultless, show):
    clean = replace_figure(faultless, "near_duplicates.rows", dict.fromkeys(faultless.near_duplicates.rows, 0))
    text = " ".join(show(clean).split())
    for sentence in CLEAN:
        assert sentence in text
    found = show(replace_figure(clean, "duplicates.repeats", {"train": 12_345}))
    assert CLEAN[0] not in found
    assert "12,345" in found


def test_a_weak_model_reports_no_label_errors(faultless):
    weak = replace(faultless, suspected=replace(faultless.suspected, agreement=0.43, suspected=7))
    for text in (render(weak), " ".join(print_text(weak).split())):
        assert "Suspected label errors: not reported, since the model that detects them is too weak" in text
        assert "(agreement 43%, 7 suspicions)" in text


def test_commands_break_between_options_only(faultless):
    page = render(replace_figure(faultless, "classes.ratio", 40.0), "python explore.py --data.source Demo")
    assert "<span>--data.sampler ClassBalanced</span> <span>--data.sampler.weighting sqrt</span>" in page
    assert "<span>python explore.py</span> <span>--data.source Demo</span>" in page
    assert ".command span { white-space: nowrap; }" in page


def test_bars_are_linear_and_carry_their_counts(evil, faultless):
    section = render_classes(replace_figure(faultless, "classes.counts", {"train": [1600, 400]}))
    assert '--ratio:1.0000"></span>1,600<' in section
    assert '--ratio:0.2500"></span>400<' in section
    section = render_classes(evil)
    ET.fromstring(f"<div>{section}</div>")
    assert "中文" in section
    assert "$x$" in section


def test_of_very_many_classes_the_largest_and_smallest_are_shown(faultless):
    names, counts = [f"class {i}" for i in range(400)], list(range(500, 100, -1))
    classes = replace(faultless.classes, names=names, counts={"train": counts})
    section = render_classes(replace(faultless, classes=classes))
    assert section.count('class="bar"') == 150
    assert "The 75 largest and the 75 smallest of 400 classes" in section
    assert "class 399" in section


def test_length_tables_have_these_columns(faultless):
    heads = "".join(f"<th class='number'>{name}</th>" for name in ("min", "median", "p90", "p95", "p99", "max"))
    assert render(faultless).count(heads) == 2
    assert re.search(r"length in +min +median +p90 +p95 +p99 +max", print_text(faultless))


def test_plots_are_valid_and_keep_text_as_text(faultless):
    for svg, text in ((plot_lengths(faultless.tokens), "p99: 5"), (plot_vocabulary_growth(faultless.growth), "Heaps")):
        ET.fromstring(svg)
        assert text in svg
        assert "var(--font)" in svg


def test_tick_labels_of_lengths_are_exact_integers(faultless):
    """A histogram up to 12.4% would have ticks at 2.5, and 2.5 was labelled 2."""
    edges = list(range(8))
    histogram = {"train": [0.124, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005]}
    svg = plot_lengths(replace(faultless.tokens, edges=edges, histogram=histogram))
    ticks = [float(tick) for tick in re.findall(r"<text[^>]*>([\d.]+)</text>", svg)]
    assert ticks
    assert all(tick.is_integer() for tick in ticks)
    x_ticks = ticks[: ticks.index(0.0, 1)]
    y_ticks = ticks[len(x_ticks) :]
    for axis in (x_ticks, y_ticks):
        assert len({second - first for first, second in itertools.pairwise(axis)}) == 1


@pytest.mark.parametrize("show", [render, print_text])
def test_the_base_of_row_numbers_is_stated_before_the_advice(evil, show):
    text = " ".join(show(evil).split())
    base = text.index("Rows are counted from 0 in their source, without the header line")
    assert base < text.index("What to do")


@pytest.mark.parametrize("show", [render, print_text])
def test_without_advice_a_sentence_says_so(faultless, show):
    assert "No finding calls for a change of the data or of the options." in show(faultless)
    assert "Each line of options" not in show(faultless)


def test_the_terminal_shows_text_as_text(evil):
    text = print_text(evil)
    assert "\u202e" not in text
    assert "alert(1)" in text


def test_the_terminal_has_the_order_of_the_page(faultless):
    text = print_text(replace_figure(faultless, "duplicates.repeats", {"train": 5}))
    titles = [
        "What to do",
        "Classes",
        "Lengths",
        "Unknown tokens",
        "Checks (number of texts)",
        "Checks without findings",
    ]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)
    assert len(text.splitlines()) < 60


@pytest.mark.parametrize("show", [render, print_text])
def test_no_number_is_in_scientific_notation(faultless, show):
    large = replace_figure(faultless, "classes.ratio", 1.5e9)
    large = replace_figure(large, "classes.counts", {"train": [123_456_789_012, 1], "test": [10**17, 1]})
    large = replace_figure(large, "duplicates.shared", {"test in train": 100})
    large = replace(large, tokenizers=[replace(large.tokenizers[0], splits={"test": tiny_ratios(large)})])
    text = show(large)
    assert not re.search(r"\de[+-]\d", text)
    assert "1,500,000,000" in text
    assert "0.01%" in text


def tiny_ratios(report):
    return report.tokenizers[0].splits["test"] | {"token_rate": 1e-9, "ids_per_text": 1e12}


def test_all_figures_are_plain_and_named(faultless):
    plain = json.loads(json.dumps(faultless.to_dict()))
    assert set(plain) == {field.name for field in fields(faultless)}
    assert not [key for key, value in plain.items() if is_dataclass(value)]
    assert plain["tokenizers"][1]["name"] == "Characters"
