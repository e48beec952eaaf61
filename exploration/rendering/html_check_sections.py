"""Renders the sections of the page for checks with findings, with examples."""

from __future__ import annotations

from exploration.data_report import DataReport
from exploration.number_format import Ratio, format_percentage
from exploration.rendering.html_elements import Cell, render_example, render_paragraph, render_table


def render_duplicates(report: DataReport) -> str:
    """Renders duplicates within and across splits, and conflicting labels."""
    duplicates, texts = report.duplicates, report.classes.texts
    parts = [render_paragraph("Texts are compared after stripping white space and composing characters (NFC).")]
    within: list[list[Cell]] = [
        [
            split,
            texts[split],
            count,
            Ratio(count / texts[split]),
            duplicates.conflicts[split],
            duplicates.conflict_rows[split],
        ]
        for split, count in duplicates.repeats.items()
    ]
    head = ["split", "texts", "duplicates", "% of the split", "texts with conflicting labels", "their rows"]
    parts.append(render_table(head, within, "Within a split"))
    across: list[list[Cell]] = [
        [
            pair,
            count,
            Ratio(count / texts[pair.split(" ")[0]]),
            duplicates.shared_texts[pair],
            duplicates.shared_conflicts[pair],
        ]
        for pair, count in duplicates.shared.items()
    ]
    head = ["texts of a split in another", "rows", "% of the first split", "distinct texts", "rows with another label"]
    parts.append(render_table(head, across, "Across splits"))
    frequent: list[list[Cell]] = [[render_example(shown), count] for shown, count in duplicates.repeated]
    parts.append(render_table(["text", "occurrences"], frequent, "Most frequent"))
    conflicts: list[list[Cell]] = [
        [render_example(one), render_example(other)] for one, other in duplicates.conflict_examples
    ]
    parts.append(render_table(["row", "other row"], conflicts, "Conflicting labels"))
    shared: list[list[Cell]] = [
        [render_example(one), render_example(other)] for one, other in duplicates.shared_examples
    ]
    parts.append(render_table(["row", "row of the other split"], shared, "Texts that occur in two splits"))
    return "".join(parts)


def render_near_duplicates(report: DataReport) -> str:
    """Renders near-duplicates by pair of splits."""
    near, texts = report.near_duplicates, report.classes.texts
    parts = [
        render_paragraph(
            f"Pairs among {near.texts:,} distinct texts whose sets of character {near.shingle_size}-grams "
            f"have a Jaccard similarity of at least {near.threshold:g}. At that similarity "
            f"{format_percentage(near.recall)} of the pairs are found, above it nearly all."
        )
    ]
    rows: list[list[Cell]] = [
        [pair, count, Ratio(count / texts[pair.split(" ")[0]])] for pair, count in near.rows.items()
    ]
    parts.append(render_table(["near-duplicates of a split in another", "texts", "% of the first split"], rows))
    pairs: list[list[Cell]] = [
        [render_example(one), render_example(other), similarity] for one, other, similarity in near.examples
    ]
    parts.append(
        render_table(["text", "near-duplicate", "similarity"], pairs, "Most similar pairs, across splits first")
    )
    return "".join(parts)


def render_extreme_texts(report: DataReport) -> str:
    """Renders empty, symbol-only and very long texts."""
    extremes = report.extremes
    rows: list[list[Cell]] = [
        [split, extremes.empty.get(split, 0), extremes.wordless[split], extremes.very_long[split]]
        for split in extremes.wordless
    ]
    parts = [render_table(["split", "empty", "symbols only", "longer than 10 × p99"], rows)]
    longest: list[list[Cell]] = [[render_example(shown), length] for shown, length in extremes.longest]
    parts.append(render_table(["text", "characters"], longest, "Longest"))
    wordless: list[list[Cell]] = [[render_example(shown)] for shown in extremes.wordless_examples]
    parts.append(render_table(["text"], wordless, "Symbols only"))
    return "".join(parts)


def render_encoding_errors(report: DataReport) -> str:
    """Renders encoding errors and markup, each type with examples."""
    splits = list(report.classes.counts)
    rows: list[list[Cell]] = [
        [kind, *(counts.get(split, 0) for split in splits)] for kind, counts in report.damage.texts.items()
    ]
    parts = [render_table(["texts with", *splits], rows)]
    for kind, examples in report.damage.examples.items():
        shown: list[list[Cell]] = [[render_example(example, match), match[:40]] for example, match in examples]
        parts.append(render_table(["text", "found"], shown, kind))
    return "".join(parts)


def render_label_errors(report: DataReport) -> str:
    """Renders suspected label errors."""
    suspected = report.suspected
    if suspected is None:
        return ""
    parts = [
        render_paragraph(
            f"A linear model on tf-idf of {report.discriminative_terms.kind} predicts {suspected.texts:,} training "
            f"texts out of fold; it agrees with {format_percentage(suspected.agreement)} of the labels. "
            f"{suspected.suspected:,} labels are suspected: another label is at least as likely as on average for its "
            "own texts (confident learning, Northcutt et al. 2021). Check them before changing any."
        )
    ]
    confusions: list[list[Cell]] = [list(row) for row in suspected.confusions]
    parts.append(render_table(["given label", "suggested label", "texts"], confusions, "Most frequent"))
    rows: list[list[Cell]] = [
        [render_example(shown), name, Ratio(given), Ratio(other)] for shown, name, given, other in suspected.examples
    ]
    head = ["text and given label", "suggested label", "P(given)", "P(suggested)"]
    parts.append(render_table(head, rows, "Most confident"))
    return "".join(parts)


def render_scripts(report: DataReport) -> str:
    """Renders writing scripts, and texts without the main one."""
    scripts = report.scripts
    rows: list[list[Cell]] = [
        [split, name, Ratio(ratio), scripts.texts[split][name]]
        for split, ratios in scripts.letters.items()
        for name, ratio in ratios.items()
    ]
    parts = [render_table(["split", "script", "% of all letters", "texts with a letter of it"], rows)]
    foreign: list[list[Cell]] = [[render_example(shown)] for shown in scripts.examples]
    parts.append(render_table(["text"], foreign, f"Texts without a {scripts.main} letter"))
    return "".join(parts)
