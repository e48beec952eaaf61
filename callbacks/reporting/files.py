"""Writes files that are complete whenever they are there."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO


def write_atomically(path: Path, write: Callable[[TextIO], Any]) -> None:
    """Writes a new file beside the old one and replaces it: a reader sees the old content or all of the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        write(file)
    temporary.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Writes indented JSON; numbers that are not finite, which JSON has not, become null."""
    plain = replace_non_finite(value)
    write_atomically(path, lambda file: json.dump(plain, file, indent=2, ensure_ascii=False))


def replace_non_finite(value: Any) -> Any:
    """Replaces each number that is not finite by None, in dictionaries, lists and tuples too.

    >>> replace_non_finite({"auroc": float("nan"), "rows": (1, 2.5)})
    {'auroc': None, 'rows': [1, 2.5]}
    """
    if isinstance(value, dict):
        return {key: replace_non_finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [replace_non_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
