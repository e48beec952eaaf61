"""Checks of what a benchmark needs, before it starts: packages that nothing else needs, and its data."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from contracts.errors import UsageError


def require_package(name: str, user: str) -> None:
    """Raises an error if a package is missing.

    Args:
        name: Its name for `import` and `pip`.
        user: What needs it.

    Raises:
        UsageError: It is missing; the message has the command that installs it.
    """
    if find_spec(name) is None:
        raise UsageError(
            f"{user} needs the package {name}, which is not installed: "
            "python -m pip install -c constraints.txt -e '.[benchmarks]'"
        )


def check_folder(path: str) -> None:
    """Raises an error if there is no folder of data.

    Raises:
        UsageError: `path` is no folder.
    """
    if not Path(path).is_dir():
        raise UsageError(f"--path {path} is no folder; give the one that holds the data (train.csv, …)")
