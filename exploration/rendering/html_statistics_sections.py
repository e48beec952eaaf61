"""Renders the sections of the page for the statistics: classes, lengths, vocabulary, discriminative terms."""

from __future__ import annotations

from exploration.data_report import DataReport
from exploration.number_format import Ratio, format_number, format_percentage
from exploration.rendering.html_elements import (
    Cell,
    Markup,
    escape_html,
    render_bar,
    render_details,
    render_figure,
    render_paragraph,
    render_table,
)
from exploration.rendering.plots import plot_lengths, plot_vocabulary_growth
from exploration.rendering.tokenizer_table import TITLE, build_tokenizer_table
from exploration.statistics.lengths import PERCENTILES

MAX_CLASSES = 150  # rows in tables of classes
_MAX_UNKNOWN = 15


def render_classes(report: DataReport) -> str:
    """Renders a bar and the counts of each class, and the label pairs of multi-label data."""
    classes = report.classes
    splits = [split for split in classes.counts if split != "train"]
    train = classes.counts["train"]
    parts = [
        render_paragraph(
            f"Imbalance ratio (largest to smallest class) {format_number(classes.ratio)}; effective number of classes "
            f"(exponential of the entropy) {classes.effective_classes:,.1f}. The bars are on a linear scale."
        )
    ]
    total = max(1, sum(train))
    rows: list[list[Cell]] = [
        [
            name,
            render_bar(train[index], max(train)),
            Ratio(train[index] / total),
            *(classes.counts[split][index] for split in splits),
        ]
        for index, name in enumerate(classes.names)
    ]
    if len(rows) > MAX_CLASSES:
        half = MAX_CLASSES // 2
        parts.append(render_paragraph(f"The {half} largest and the {half} smallest of {len(rows):,} classes."))
        rows = rows[:half] + rows[-half:]
    table = render_table(["class", "train", "% of train", *splits], rows)
    parts.append(table.replace("<table>", "<table class='bars'>", 1))
    if classes.labels_per_text:
        names = list(classes.counts)
        max_labels = max(map(len, classes.labels_per_text.values()))
        numbers: list[list[Cell]] = [
            [f"{number}", *(_get_count(classes.labels_per_text[split], number) for split in names)]
            for number in range(max_labels)
        ]
        parts.append(render_table(["labels", *names], numbers, "Labels per text"))
        pairs: list[list[Cell]] = [list(pair) for pair in classes.together]
        parts.append(
            render_table(["label", "other label", "training texts", "lift"], pairs, "Most frequent label pairs")
        )
    return "".join(parts)


def render_lengths(report: DataReport) -> str:
    """Renders histograms and percentiles of lengths in tokens and in characters."""
    plots = "".join(plot_lengths(lengths) for lengths in (report.tokens, report.characters))
    parts = [
        render_figure(
            f"<div class='plots'>{plots}</div>",
            f"Length distributions, in tokens of {report.tokenizers[0].name} and in characters, up to p99.5 "
            f"of training.",
        )
    ]
    for lengths in (report.tokens, report.characters):
        rows: list[list[Cell]] = [[split, *values.values()] for split, values in lengths.percentiles.items()]
        parts.append(render_table(["split", *PERCENTILES], rows, f"Length in {lengths.unit}"))
    return "".join(parts)


def render_vocabulary(report: DataReport) -> str:
    """Renders unknown tokens by tokenizer, the most frequent of them, and vocabulary growth."""
    parts = [render_table(*build_tokenizer_table(report.tokenizers), TITLE)]
    parts.append(
        render_paragraph(
            "Mixed and Subwords have no unknown tokens; for them the table counts words spelled in characters or bytes."
        )
    )
    for tokenizer in report.tokenizers:
        split = next((name for name in ("test", "validation") if name in tokenizer.splits), "train")
        unknown = tokenizer.splits[split]["commonest"][:_MAX_UNKNOWN]
        if unknown:
            words = ", ".join(f"{word} ({count:,})" for word, count in unknown)
            parts.append(render_paragraph(f"Most frequent unknown tokens of {tokenizer.name} in {split}: {words}"))
    growth = report.growth
    if growth is not None:
        new = f"1 in {1 / growth.next_new:,.0f} further tokens" if growth.next_new > 0 else "none of the further tokens"
        plot = plot_vocabulary_growth(growth)
        parts.append(
            render_figure(
                f"<div class='plots'>{plot}</div>",
                f"Vocabulary growth with {report.tokenizers[0].name}, texts in random order. "
                f"{format_percentage(growth.once)} of the types occur only once; by Heaps' law {new} would be a new "
                "type.",
            )
        )
    return "".join(parts)


def render_discriminative_terms(report: DataReport) -> str:
    """Renders the most discriminative terms of each class, and terms that may leak the label."""
    statistics = report.discriminative_terms
    rows: list[list[Cell]] = [
        [
            name,
            Markup(
                f"<span class='terms'>{' · '.join(f'<span>{escape_html(term)}</span>' for term, _ in terms)}</span>"
            ),
        ]
        for name, terms in statistics.terms.items()
        if terms
    ]
    text = (
        f"Terms ({statistics.kind}) by the z-score of their log-odds ratio between a class and all others, with an "
        f"informative Dirichlet prior (Monroe et al. 2008), over {statistics.texts:,} training texts."
    )
    table = render_table(["class", "terms"], rows)
    parts = [render_paragraph(text), table]
    if len(rows) > MAX_CLASSES // 3:
        parts[1] = render_details(f"Terms of {len(rows):,} classes", table)
    leaks: list[list[Cell]] = [
        [name, term, Ratio(recall), Ratio(precision)] for name, term, recall, precision in statistics.leaks
    ]
    head = ["class", "term", "% of the class with the term", "% of texts with the term in the class"]
    parts.append(render_table(head, leaks, "Terms that may leak the label"))
    return "".join(parts)


def _get_count(counts: list[int], index: int) -> int:
    """Returns the count at an index; 0 beyond the end."""
    return counts[index] if index < len(counts) else 0
