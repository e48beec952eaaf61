"""The tree of folders in docs/design.md is what lies on disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHOUT_SUBFOLDERS = ("docs", "tests")
"""Folders whose own folders need no line in the tree."""


def test_the_tree_in_the_design_page_equals_the_folders_on_disk():
    listed = set(folders_in_tree((ROOT / "docs" / "design.md").read_text(encoding="utf-8")))
    on_disk = set(folders_below(ROOT))
    assert len(on_disk) > 20
    assert on_disk - listed == set(), "docs/design.md leaves out folders"
    assert listed - on_disk == set(), "docs/design.md lists folders that do not exist"


def folders_below(root: Path) -> Iterator[str]:
    """Folders with files that belong to the project, as relative paths; hidden and ignored ones are left out."""
    lines = (root / ".gitignore").read_text(encoding="utf-8").split()
    ignored = {line.strip("/") for line in lines} | {"__pycache__"}
    for folder in sorted(path for path in root.rglob("*") if path.is_dir()):
        parts = folder.relative_to(root).parts
        hidden = any(part.startswith(".") or part in ignored or part.endswith(".egg-info") for part in parts)
        if hidden or (len(parts) > 1 and parts[0] in WITHOUT_SUBFOLDERS):
            continue
        if any(path.is_file() and "__pycache__" not in path.parts for path in folder.rglob("*")):
            yield "/".join(parts)


def folders_in_tree(page: str) -> Iterator[str]:
    """The paths of the first fenced block that lists `contracts/`; two more spaces go one folder down."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    block = next(block for block in blocks if re.search(r"^contracts/\s", block, flags=re.MULTILINE))
    above: list[tuple[int, str]] = []
    for line in block.splitlines():
        found = re.match(r"^(?P<indent> *)(?P<name>[\w.-]+)/\s+\S", line)
        assert found is not None, f"not a folder with a description: {line!r}"
        indent = len(found["indent"])
        while above and above[-1][0] >= indent:
            above.pop()
        above.append((indent, found["name"]))
        yield "/".join(name for _, name in above)


def test_the_tree_is_parsed_by_indentation():
    tree = ["contracts/   shared", "models/   trained", "  deep/   below", "    deeper/   further", "end/   last"]
    page = "\n".join(["text", "```", *tree, "```", "more text"])
    expected = ["contracts", "models", "models/deep", "models/deep/deeper", "end"]
    assert list(folders_in_tree(page)) == expected
