"""The findings on one or two screens of a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exploration.advice import Advice, format_percent
from exploration.control_characters import escape_control_characters
from exploration.data_report import DataReport
from exploration.html_elements import Cell, Ratio
from exploration.tokenizer_table import build_tokenizer_table

_MOST_CLASSES = 30


def print_report(found: DataReport, advised: list[Advice], console: Console) -> None:
    """Prints tables and the advice.

    Args:
        found: What to show.
        advised: What to do about it.
        console: Where to.
    """
    for note in found.notes:
        console.print(escape(note), highlight=False)
    splits = list(found.classes.counts)
    classes = found.classes
    names = classes.names[: _MOST_CLASSES // 2] + classes.names[-_MOST_CLASSES // 2 :]
    names = classes.names if len(classes.names) <= _MOST_CLASSES else names
    title = f"classes, largest : smallest {classes.ratio:,.1f} : 1"
    title += "" if names is classes.names else f" (the largest and smallest of {len(classes.names)})"
    telling = found.telling.terms
    rows: list[list[Cell]] = []
    for name in names:
        place = classes.names.index(name)
        terms = " ".join(term for term, _ in telling.get(name, [])[:6])
        rows.append([name, *(classes.counts[split][place] for split in splits), terms])
    _table(console, title, ["class", *splits, "most telling"], rows)
    lengths: list[list[Cell]] = [
        [found.tokens.unit if unit is found.tokens else unit.unit, split, unit.mean[split], *unit.covering[split]]
        for unit in (found.tokens, found.characters)
        for split in splits
    ]
    head = ["length in", "split", "mean", "half", "90 %", "95 %", "99 %", "all"]
    _table(console, f"lengths (tokens of {found.tokenizers[0].name})", head, lengths)
    _table(
        console,
        "unknown words, or spelled in characters or bytes where none is",
        *build_tokenizer_table(found.tokenizers),
    )
    same, near = found.duplicates, found.near_duplicates
    checks: list[list[Cell]] = [[f"repeats in {split}", count] for split, count in same.repeats.items()]
    checks += [[f"texts of {pair} (rows)", count] for pair, count in same.shared.items()]
    checks += [[f"texts of {pair} (different texts)", count] for pair, count in same.shared_texts.items()]
    checks += [[f"texts with two labels in {split}", count] for split, count in same.conflicts.items()]
    checks += [[f"near-duplicates, {pair}", count] for pair, count in near.touched.items()]
    checks += [[f"empty, {split}", count] for split, count in found.extremes.empty.items()]
    checks += [[kind, sum(counts.values())] for kind, counts in found.damage.texts.items()]
    if found.suspected is not None and found.suspected.trusted:
        checks.append([f"training labels perhaps wrong, of {found.suspected.texts:,}", found.suspected.suspected])
    checks.append([f"texts with no {found.scripts.main} letter", sum(found.scripts.foreign.values())])
    _table(console, "checks", ["what", "texts"], [row for row in checks if row[1]])
    console.print("What to do (options of train.py, beside those that chose the data)", highlight=False)
    for number, piece in enumerate(advised, 1):
        console.print(f"{number:2}. {escape(escape_control_characters(piece.text))}", highlight=False)
        for option in piece.options:
            console.print(f"      {escape(option)}", highlight=False, soft_wrap=True)


def _table(console: Console, title: str, head: list[str], rows: list[list[Cell]]) -> None:
    if not rows:
        return
    table = Table(title=title, title_style="", title_justify="left")
    for place, name in enumerate(head):
        right = all(isinstance(row[place], int | float) for row in rows)
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_plain(value)) for value in row))
    console.print(table)


def _plain(value: Cell) -> str:
    if isinstance(value, Ratio):
        return format_percent(value)
    if isinstance(value, str):
        return escape_control_characters(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
