"""HTML elements of the page; all text of the data passes through `escape_html`, so that none of it is interpreted."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from contracts.control_characters import escape_control_characters
from exploration.examples import Example
from exploration.number_format import Ratio, format_number


class Markup(str):
    """HTML made by this package; all other strings are escaped."""

    __slots__ = ()


Cell = str | int | float | Ratio | Markup


def escape_html(text: str) -> str:
    r"""Escapes HTML, and shows control and invisible characters as code points.

    >>> escape_html('<b>\x07')
    '&lt;b&gt;⟨U+0007⟩'
    """
    return html.escape(escape_control_characters(text))


def render_command(command: str) -> Markup:
    """Renders a command that wraps between its options only, never at hyphens.

    >>> render_command("--data.fold 0 --open")
    '<code class="command"><span>--data.fold 0</span> <span>--open</span></code>'
    """
    parts = re.split(r" (?=--)", command)
    return Markup(f'<code class="command">{" ".join(f"<span>{escape_html(part)}</span>" for part in parts)}</code>')


def render_sentence(text: str) -> Markup:
    """Renders text with its option names as code that does not wrap.

    >>> render_sentence("Check --data.source.path.")
    'Check <code>--data.source.path</code>.'
    """
    return Markup(re.sub(r"--[a-z][\w.]*\w", r"<code>\g<0></code>", escape_html(text)))


def render_table(head: Sequence[str], rows: Sequence[Sequence[Cell]], caption: str = "") -> str:
    """Renders a table; columns of numbers are aligned right. Without rows it is an empty string."""
    if not rows:
        return ""
    is_numeric = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(head))]
    lines = ["<div class='scroll'><table>"]
    if caption:
        lines.append(f"<caption>{escape_html(caption)}</caption>")
    heads = (f"<th{_align(right)}>{escape_html(name)}</th>" for name, right in zip(head, is_numeric, strict=True))
    lines.append(f"<thead><tr>{''.join(heads)}</tr></thead><tbody>")
    for row in rows:
        cells = (f"<td{_align(right)}>{render_cell(value)}</td>" for value, right in zip(row, is_numeric, strict=True))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    lines.append("</tbody></table></div>")
    return "\n".join(lines)


def render_cell(value: Cell) -> str:
    """Renders one value of a table."""
    if isinstance(value, Markup):
        return value
    return escape_html(value) if isinstance(value, str) else format_number(value)


def render_bar(count: int, largest: int) -> Markup:
    """Renders a horizontal bar on a linear scale with its count beside it.

    >>> render_bar(50, 200)
    '<span class="bar" style="--ratio:0.2500"></span>50'
    """
    return Markup(f'<span class="bar" style="--ratio:{count / max(1, largest):.4f}"></span>{count:,}')


def render_example(example: Example, highlight: str = "") -> Markup:
    """Renders a text of the data with its split, row and labels.

    Args:
        example: The text.
        highlight: Characters of the text to highlight.
    """
    text = escape_html(example.text)
    if highlight:
        marked = escape_html(highlight)
        text = text.replace(marked, f"<mark>{marked}</mark>", 1)
    labels = f" · {escape_html(', '.join(example.labels))}" if example.labels else ""
    return Markup(
        f"<bdi class='text'>{text}</bdi> <small>{escape_html(example.split)} row {example.row}{labels}</small>"
    )


def render_figure(svg: str, caption: str) -> str:
    """Renders a plot with its caption."""
    return f"<figure>{svg}<figcaption>{escape_html(caption)}</figcaption></figure>"


def render_paragraph(text: str) -> str:
    """Renders a paragraph of text."""
    return f"<p>{escape_html(text)}</p>"


def render_details(title: str, body: str) -> str:
    """Renders a part that is folded until it is clicked."""
    return f"<details><summary>{escape_html(title)}</summary>{body}</details>"


def _align(right: bool) -> str:
    return " class='number'" if right else ""
