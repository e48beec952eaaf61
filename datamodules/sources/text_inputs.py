"""Inputs of new texts as named on the command line: files, the standard input, or texts themselves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from contracts.errors import UsageError, suggest_name
from datamodules.sources.folders import EXTENSIONS, get_extension

Input = Path | str
"""A file, a text itself, or `-`: one text per line of the standard input."""


def resolve_inputs(names: Sequence[str]) -> list[Input]:
    """Resolves names on the command line to files, the standard input and texts.

    Args:
        names: Files, `-` for the standard input, or texts themselves; none at all stand for `-`.

    Raises:
        UsageError: A name that looks like a file or folder does not exist, or is a folder.
    """
    return [_resolve_input(name) for name in names or ["-"]]


def is_table(source: Input) -> bool:
    """Whether an input is a file of rows with named columns."""
    return isinstance(source, Path) and get_extension(source) != ""


def _resolve_input(name: str) -> Input:
    """Resolves one name; names of missing files and of folders raise an error."""
    path = Path(name)
    if name == "-":
        return name
    if _is_file(path):
        return path
    if os.sep in name and path.is_dir():
        raise UsageError(f"{name} is a folder; name the files in it")
    if " " not in name and name.lower().removesuffix(".gz").endswith((*EXTENSIONS, ".txt")):
        near = suggest_name(path.name, [entry.name for entry in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise UsageError(f"there is no file {name}.{near}")
    return name


def _is_file(path: Path) -> bool:
    """Returns whether a path exists and is not a folder."""
    try:
        return path.exists() and not path.is_dir()  # a pipe such as /dev/fd/63 is read as well
    except (OSError, ValueError):  # a long text is no path
        return False
