"""Renders the HTML page, one self-contained file: advice first, then statistics, then checks."""

from __future__ import annotations

from exploration.advice.item import NO_ADVICE, Advice
from exploration.data_report import DataReport
from exploration.examples import ROW_BASE
from exploration.rendering.check_summaries import summarize_checks
from exploration.rendering.html_check_sections import (
    render_duplicates,
    render_encoding_errors,
    render_extreme_texts,
    render_label_errors,
    render_near_duplicates,
    render_scripts,
)
from exploration.rendering.html_elements import escape_html, render_command, render_sentence
from exploration.rendering.html_statistics_sections import (
    render_classes,
    render_discriminative_terms,
    render_lengths,
    render_vocabulary,
)
from exploration.rendering.html_style import STYLE

# no script runs even if escaping fails
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STATISTICS = (
    ("classes", "Classes", render_classes),
    ("lengths", "Lengths", render_lengths),
    ("vocabulary", "Vocabulary and unknown tokens", render_vocabulary),
    ("discriminative-terms", "Most discriminative terms", render_discriminative_terms),
)
_CHECKS = {
    "duplicates": render_duplicates,
    "near-duplicates": render_near_duplicates,
    "extreme-texts": render_extreme_texts,
    "encoding": render_encoding_errors,
    "suspected-labels": render_label_errors,
    "scripts": render_scripts,
}


def render_page(report: DataReport, advice: list[Advice], command: str) -> str:
    """Renders the page.

    Args:
        report: The results to show.
        advice: Shown first.
        command: The command that created the page.
    """
    checks = summarize_checks(report)
    sections = [(anchor, title, render(report)) for anchor, title, render in _STATISTICS]
    sections += [(check.section, check.title, _CHECKS[check.section](report)) for check in checks if check.has_findings]
    clean = [check.clean for check in checks if not check.has_findings]
    if clean:
        items = "".join(f"<li>{escape_html(sentence)}</li>" for sentence in clean)
        sections.append(("clean", "Checks without findings", f"<ul class='clean'>{items}</ul>"))
    titles = {anchor: title for anchor, title, _ in sections}
    links = " · ".join(f"<a href='#{anchor}'>{escape_html(title)}</a>" for anchor, title in titles.items())
    return "\n".join(
        [
            "<!doctype html>",
            "<html lang='en'><head><meta charset='utf-8'>",
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            "<meta name='viewport' content='width=device-width, initial-scale=1'>",
            f"<title>{escape_html(report.source)}: data exploration</title>",
            f"<style>{STYLE}</style></head><body>",
            f"<header><h1>{escape_html(report.source)}</h1>",
            f"<p>{escape_html(format_summary(report))}</p>",
            *(f"<p class='quiet'>{render_sentence(note)}</p>" for note in (*report.notes, ROW_BASE)),
            "</header><main>",
            f"<section id='advice'><h2>What to do</h2>{_render_advice(advice, titles)}</section>",
            f"<nav>{links}</nav>",
            *(
                f"<section id='{anchor}'><h2>{escape_html(title)}</h2>{body}</section>"
                for anchor, title, body in sections
            ),
            "</main><footer><p>Labels of the test split were read for counts, duplicates and conflicting "
            "labels only.</p>",
            f"<p>Made by {render_command(command)}</p></footer></body></html>\n",
        ]
    )


def format_summary(report: DataReport) -> str:
    """Formats the number of texts by split, the number of classes and the task in one line."""
    rows = ", ".join(f"{count:,} {split}" for split, count in report.classes.texts.items())
    task = "several labels per text" if report.task == "multi_label" else "one label per text"
    pairs = ", text pairs" if report.pairs else ""
    count = len(report.classes.names)
    return f"{rows} texts{pairs} · {count:,} {'class' if count == 1 else 'classes'}, {task}"


def _render_advice(advice: list[Advice], titles: dict[str, str]) -> str:
    """Renders the advice as a list, each item with a link to its section and its options."""
    if not advice:
        return f"<p>{escape_html(NO_ADVICE)}</p>"
    lines = ["<p>Each line of options is one experiment for <code>python train.py</code> on the same data.</p>"]
    lines.append("<ol class='advice'>")
    for item in advice:
        link = ""
        if item.section in titles:
            link = f" <a href='#{item.section}'>{escape_html(titles[item.section])}</a>"
        commands = "".join(render_command(option) for option in item.options)
        lines.append(f"<li>{render_sentence(item.text)}{link}{commands}</li>")
    return "\n".join([*lines, "</ol>"])
