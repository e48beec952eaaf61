"""Writes files atomically: an existing file is always complete."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO


def write_atomically(path: Path, write: Callable[[TextIO], Any]) -> None:
    """Writes a temporary file and renames it: readers see the old content or the complete new content."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        write(file)
    temporary.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Writes indented JSON; non-finite numbers, which JSON does not support, are written as null."""
    plain = replace_non_finite(value)
    write_atomically(path, lambda file: json.dump(plain, file, indent=2, ensure_ascii=False))


def replace_non_finite(value: Any) -> Any:
    """Replaces non-finite numbers by None, also in nested dictionaries, lists and tuples.

    >>> replace_non_finite({"auroc": float("nan"), "rows": (1, 2.5)})
    {'auroc': None, 'rows': [1, 2.5]}
    """
    if isinstance(value, dict):
        return {key: replace_non_finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [replace_non_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
