"""README.md and the pages of docs/, taken apart: fenced blocks, commands, headings, links, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").glob("*.md"))
ALL = [README, *PAGES]


class Block(NamedTuple):
    """A fenced block.

    Args:
        page: Where it stands.
        line: Of its opening fence, from 1.
        language: As named after the fence, or "".
        before: The last line of text before it.
        text: What is inside.
    """

    page: Path
    line: int
    language: str
    before: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, as the name of a test."""
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Every fenced block of a page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    opened: int | None = None
    for number, line in enumerate(lines):
        if line.startswith("```"):
            if opened is None:
                opened = number
                continue
            before = next((text for text in reversed(lines[:opened]) if text.strip()), "")
            yield Block(page, opened + 1, lines[opened][3:].strip(), before, "\n".join(lines[opened + 1 : number]))
            opened = None
    assert opened is None, f"{page.name}: the block of line {opened} is not closed"


def prose(page: Path) -> str:
    """A page without its fenced blocks and comments."""
    return re.sub(r"^```.*?^```$|<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def inline_code(page: Path) -> list[str]:
    """What stands between single backticks outside fenced blocks."""
    return re.findall(r"`([^`\n]+)`", prose(page))


_COMMAND = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:python|tensorboard|cat|ruff|mypy|git) ")


def is_command(text: str) -> bool:
    """Whether the text is a command line."""
    return _COMMAND.match(text) is not None


class Command(NamedTuple):
    """A command line and where it stands first."""

    place: str
    line: str


def commands() -> list[Command]:
    """Each different command of all pages, in fenced blocks and in backticks, without its comment."""
    found: dict[str, str] = {}
    for page in ALL:
        for block in blocks(page):
            if block.language in ("", "bash"):
                for offset, line in enumerate(block.text.splitlines(), start=1):
                    if is_command(line):
                        found.setdefault(re.sub(r"\s+# .*$", "", line).strip(), f"{page.name}:{block.line + offset}")
        for code in inline_code(page):
            if is_command(code):
                found.setdefault(code.replace("\\|", "|").strip(), page.name)
    return [Command(place, line) for line, place in found.items()]


class Example(NamedTuple):
    """A complete Python file of the pages: a block after a line that ends with its path in backticks and a colon."""

    place: str
    path: str
    text: str

    @property
    def class_name(self) -> str:
        """The class that the file defines."""
        (name,) = re.findall(r"^class (\w+)\(", self.text, flags=re.MULTILINE)
        return name


def examples() -> list[Example]:
    """All of them."""
    found = []
    for page in ALL:
        for block in blocks(page):
            path = re.search(r"`([\w/]+\.py)`:$", block.before)
            if block.language == "python" and path:
                found.append(Example(block.place, path[1], block.text + "\n"))
    return found


def slug(heading: str) -> str:
    """The anchor that a heading has on GitHub.

    >>> slug("What is `class_path`?")
    'what-is-class_path'
    """
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def headings(page: Path) -> list[tuple[int, str]]:
    """Level and text of each heading."""
    return [(len(marks), text) for marks, text in re.findall(r"^(#+) (.+)$", prose(page), flags=re.MULTILINE)]


def links(page: Path) -> list[str]:
    """The targets of all links and images."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", prose(page), flags=re.DOTALL | re.MULTILINE)
    assert found, f"{page.name} has no heading {heading!r}"
    return found[1]


def first_column(text: str) -> list[list[str]]:
    """What stands in backticks in the first cell of each row of a table, the heading left out."""
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [re.findall(r"`([^`]+)`", row.split("|")[1]) for row in rows]
