"""Lists the files that a command reads, so that its output replaces none of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonargparse import Namespace

from datamodules.sources.base import Source


def list_input_files(config: Namespace, source: Source) -> list[Path]:
    """Lists the files of a source, and every existing file that another option names (`--output` excepted).

    Args:
        config: The parsed options, such as `data.augmentations` with a list of synonyms.
        source: The source of the labelled texts.
    """
    named = (Path(value) for key, option in vars(config).items() if key != "output" for value in _iterate_paths(option))
    return [*source.list_files(), *(path for path in named if _is_file(path))]


def _iterate_paths(value: Any) -> Iterator[str]:
    """Yields every string and path in nested options."""
    if isinstance(value, (str, os.PathLike)):
        yield os.path.expanduser(value)
    elif isinstance(value, (Namespace, Mapping)):
        for item in (vars(value) if isinstance(value, Namespace) else value).values():
            yield from _iterate_paths(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _iterate_paths(item)


def _is_file(path: Path) -> bool:
    """Whether a path is a file; false for a string that can be no path."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
