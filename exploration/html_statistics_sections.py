"""What each section of the page shows; a section with nothing to show is an empty string and is left out."""

from __future__ import annotations

from collections.abc import Callable

from exploration.data_report import DataReport
from exploration.html_check_sections import (
    damage_section,
    duplicate_section,
    near_section,
    odd_section,
    script_section,
    suspected_section,
)
from exploration.html_elements import Cell, Markup, Ratio, escape_html, render_figure, render_paragraph, render_table
from exploration.plots import plot_classes, plot_lengths, plot_vocabulary_growth
from exploration.tokenizer_table import build_tokenizer_table

_MOST_CLASSES = 150  # bars in the picture, and rows in tables of classes


def _classes(found: DataReport) -> str:
    classes = found.classes
    splits = list(classes.counts)
    parts = [
        render_paragraph(
            f"The largest class has {classes.ratio:,.1f} times the training texts of the smallest; in evenness they "
            f"are like {classes.effective_classes:,.1f} classes of one size (exponential of the entropy)."
        )
    ]
    if len(classes.names) <= _MOST_CLASSES:
        parts.append(
            render_figure(plot_classes(classes), "Texts of each class: bars for training, dots for the other splits.")
        )
    carried = sum(classes.counts["train"])
    rows: list[list[Cell]] = [
        [
            name,
            *(classes.counts[split][place] for split in splits),
            Ratio(classes.counts["train"][place] / max(1, carried)),
        ]
        for place, name in enumerate(classes.names[:_MOST_CLASSES])
    ]
    parts.append(_folded("Counts", render_table(["class", *splits, "share of train"], rows)))
    if classes.labels_per_text:
        most = max(map(len, classes.labels_per_text.values()))
        numbers: list[list[Cell]] = [
            [f"{number}", *(_at(classes.labels_per_text[split], number) for split in splits)] for number in range(most)
        ]
        parts.append(render_table(["labels", *splits], numbers, "Labels a text"))
        pairs: list[list[Cell]] = [[first, second, count, lift] for first, second, count, lift in classes.together]
        parts.append(
            render_table(
                ["label", "with", "training texts", "times chance"], pairs, "Labels that come together most often"
            )
        )
    return "".join(parts)


def _lengths(found: DataReport) -> str:
    parts = [
        render_figure(
            plot_lengths(found.characters, found.tokens),
            f"Shares of texts by length; tokens are those of {found.tokenizers[0].name}. The longest half of a percent "
            "lies beyond the right edge.",
        )
    ]
    for lengths in (found.tokens, found.characters):
        rows: list[list[Cell]] = [
            [split, lengths.mean[split], *covering] for split, covering in lengths.covering.items()
        ]
        head = ["split", "mean", "half", "90 %", "95 %", "99 %", "all"]
        parts.append(render_table(head, rows, f"The length in {lengths.unit} that covers …"))
    return "".join(parts)


def _vocabulary(found: DataReport) -> str:
    parts = []
    growth = found.growth
    if growth is not None:
        parts.append(
            render_figure(
                plot_vocabulary_growth(growth).replace('class="picture"', 'class="picture small"', 1),
                "Different tokens among the first tokens of training, texts in random order "
                f"({found.tokenizers[0].name}).",
            )
        )
        parts.append(
            render_paragraph(
                f"{Ratio(growth.once) * 100:.0f} % of the different tokens occur a single time. By Heaps' law, reading "
                f"as much again would bring a new one every {1 / max(growth.next_new, 1e-9):,.0f} tokens."
            )
        )
    parts.append(render_table(*build_tokenizer_table(found.tokenizers), "Unknown words, and how long texts become"))
    parts.append(
        render_paragraph(
            "Where nothing is ever unknown to a tokenizer, the shares are those of words spelled in characters or "
            "bytes."
        )
    )
    for look in found.tokenizers:
        split = next((name for name in ("test", "validation") if name in look.splits), "train")
        common = look.splits[split]["commonest"][:15]
        if common:
            words = ", ".join(f"{word} ({count:,})" for word, count in common)
            parts.append(render_paragraph(f"{look.name}, commonest unknown in {split}: {words}"))
    return "".join(parts)


def _telling(found: DataReport) -> str:
    telling = found.telling
    rows: list[list[Cell]] = [
        [
            name,
            Markup(
                f"<span class='terms'>{' · '.join(f'<span>{escape_html(term)}</span>' for term, _ in terms)}</span>"
            ),
        ]
        for name, terms in telling.terms.items()
        if terms
    ]
    words = (
        f"Terms ({telling.kind}) that are likelier in a class than elsewhere, most telling first: log-odds with an "
        f"informative Dirichlet prior (Monroe et al. 2008), over {telling.texts:,} training texts."
    )
    parts = [render_paragraph(words), render_table(["class", "terms"], rows)]
    leaks: list[list[Cell]] = [[a, term, Ratio(share), Ratio(purity)] for a, term, share, purity in telling.leaks]
    parts.append(
        render_table(
            ["class", "term", "of its texts", "of texts with it"], leaks, "Terms that nearly give the class away"
        )
    )
    return "".join(parts)


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{escape_html(title)}</summary>{body}</details>"


def _at(counts: list[int], place: int) -> int:
    return counts[place] if place < len(counts) else 0


SECTIONS: tuple[tuple[str, str, Callable[[DataReport], str]], ...] = (
    ("classes", "Classes", _classes),
    ("lengths", "Lengths", _lengths),
    ("vocabulary", "Vocabulary and unknown words", _vocabulary),
    ("telling-words", "Most telling words", _telling),
    ("duplicates", "Texts that occur twice", duplicate_section),
    ("near-duplicates", "Nearly the same texts", near_section),
    ("odd-texts", "Empty and very long texts", odd_section),
    ("encoding", "Traces of wrong encoding", damage_section),
    ("suspected-labels", "Labels that are perhaps wrong", suspected_section),
    ("scripts", "Scripts", script_section),
)
"""Anchor, title, and what makes the body."""
