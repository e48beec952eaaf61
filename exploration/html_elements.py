"""Pieces of a page; every word of the data goes through `escaped`, so that none of it can act."""

from __future__ import annotations

import html
from collections.abc import Sequence

from exploration.advice import format_percent
from exploration.control_characters import escape_control_characters
from exploration.examples import Example


class Ratio(float):
    """A share, shown in percent."""


class Markup(str):
    """HTML made here; all other strings are escaped."""

    __slots__ = ()


Cell = str | int | float | Ratio | Markup


def escape_html(text: str) -> str:
    r"""Text as text; characters that cannot be seen, or that turn others around, are shown by their number.

    >>> escape_html('<b>\x07')
    '&lt;b&gt;⟨U+0007⟩'
    """
    return html.escape(escape_control_characters(text))


def render_table(head: Sequence[str], rows: Sequence[Sequence[Cell]], caption: str = "") -> str:
    """Numbers stand to the right, in their column's head as well."""
    if not rows:
        return ""
    right = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(head))]
    lines = ["<div class='scroll'><table>"]
    if caption:
        lines.append(f"<caption>{escape_html(caption)}</caption>")
    heads = (f"<th{_class(is_right)}>{escape_html(name)}</th>" for name, is_right in zip(head, right, strict=True))
    lines.append(f"<thead><tr>{''.join(heads)}</tr></thead><tbody>")
    for row in rows:
        cells = (f"<td{_class(is_right)}>{format_cell(value)}</td>" for value, is_right in zip(row, right, strict=True))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    lines.append("</tbody></table></div>")
    return "\n".join(lines)


def format_cell(value: Cell) -> str:
    """One value as HTML."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return escape_html(value)
    if isinstance(value, Ratio):
        return format_percent(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def render_example(shown: Example, mark: str = "") -> Markup:
    """A text of the data with where it stands.

    Args:
        shown: The text.
        mark: A piece of it to stand out.
    """
    text = escape_html(shown.text)
    if mark:
        piece = escape_html(mark)
        text = text.replace(piece, f"<mark>{piece}</mark>", 1)
    labels = f" · {escape_html(', '.join(shown.labels))}" if shown.labels else ""
    return Markup(f"<bdi class='text'>{text}</bdi> <small>{escape_html(shown.split)} row {shown.row}{labels}</small>")


def render_figure(svg: str, words: str) -> str:
    """A picture with what it shows below."""
    return f"<figure>{svg}<figcaption>{escape_html(words)}</figcaption></figure>"


def render_paragraph(words: str) -> str:
    """Plain words."""
    return f"<p>{escape_html(words)}</p>"


def _class(right: bool) -> str:
    return " class='number'" if right else ""
