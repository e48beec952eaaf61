"""Prints the report on one or two screens of a terminal, in the order and wording of the page."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from contracts.control_characters import escape_control_characters
from exploration.advice.item import NO_ADVICE, Advice
from exploration.data_report import DataReport
from exploration.examples import ROW_BASE
from exploration.number_format import format_number
from exploration.rendering.check_summaries import summarize_checks
from exploration.rendering.html_page import format_summary
from exploration.rendering.tokenizer_table import TITLE, build_tokenizer_table
from exploration.statistics.lengths import PERCENTILES

_MAX_CLASSES = 30
_MAX_TERMS = 6

Value = str | int | float


def print_report(report: DataReport, advice: list[Advice], console: Console) -> None:
    """Prints the advice, the statistics and the checks.

    Args:
        report: The results to show.
        advice: Shown first.
        console: A console that does not interpret markup.
    """
    console.print(escape_control_characters(f"{report.source}: {format_summary(report)}"))
    for note in (*report.notes, ROW_BASE):
        console.print(escape_control_characters(note))
    _print_advice(advice, console)
    _print_classes(report, console)
    splits = list(report.classes.counts)
    lengths: list[list[Value]] = [
        [f"{statistics.unit}, {split}", *statistics.percentiles[split].values()]
        for statistics in (report.tokens, report.characters)
        for split in splits
    ]
    _print_table(console, f"Lengths (tokens of {report.tokenizers[0].name})", ["length in", *PERCENTILES], lengths)
    head, rows = build_tokenizer_table(report.tokenizers)
    _print_table(console, TITLE, head, rows)
    _print_checks(report, splits, console)


def _print_advice(advice: list[Advice], console: Console) -> None:
    if not advice:
        console.print(f"\nWhat to do\n  {NO_ADVICE}")
        return
    console.print("\nWhat to do (each line of options is one experiment for train.py on the same data)")
    for number, item in enumerate(advice, 1):
        grid = Table.grid(padding=(0, 1))
        grid.add_row(f"{number:2}.", escape_control_characters(item.text))
        console.print(grid)
        for option in item.options:
            console.print(f"      {option}", soft_wrap=True)


def _print_classes(report: DataReport, console: Console) -> None:
    """Prints the counts and the most discriminative terms of each class; of many classes, the largest and smallest."""
    classes, terms = report.classes, report.discriminative_terms.terms
    splits = list(classes.counts)
    title = f"Classes (imbalance ratio {format_number(classes.ratio)})"
    indexes = list(range(len(classes.names)))
    if len(indexes) > _MAX_CLASSES:
        half = _MAX_CLASSES // 2
        indexes = indexes[:half] + indexes[-half:]
        title = f"{title}, the {half} largest and {half} smallest of {len(classes.names):,}"
    rows: list[list[Value]] = []
    for index in indexes:
        name = classes.names[index]
        best = " ".join(term for term, _ in terms.get(name, [])[:_MAX_TERMS])
        rows.append([name, *(classes.counts[split][index] for split in splits), best])
    _print_table(console, title, ["class", *splits, "most discriminative terms"], rows)


def _print_checks(report: DataReport, splits: list[str], console: Console) -> None:
    """Prints the counts above zero of all checks by split, and the checks without findings in one paragraph."""
    checks = summarize_checks(report)
    rows: list[list[Value]] = [
        [what, *(format_number(counts[split]) if split in counts else "" for split in splits)]
        for check in checks
        for what, counts in check.counts
        if any(counts.values())
    ]
    _print_table(console, "Checks (number of texts)", ["found", *splits], rows, right=len(splits))
    clean = [check.clean for check in checks if not check.has_findings]
    if clean:
        console.print(escape_control_characters(f"Checks without findings: {' '.join(clean)}"))


def _print_table(console: Console, title: str, head: list[str], rows: list[list[Value]], right: int = 0) -> None:
    """Prints a table if it has rows; columns of numbers, and the last `right` columns, are aligned right."""
    if not rows:
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for index, name in enumerate(head):
        is_number = index >= len(head) - right or all(isinstance(row[index], int | float) for row in rows)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        cells = (escape_control_characters(value) if isinstance(value, str) else format_number(value) for value in row)
        table.add_row(*cells)
    console.print(f"\n{title}")
    console.print(Padding(table, (0, 0, 0, 2)))
