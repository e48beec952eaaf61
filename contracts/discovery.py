"""Makes a new member of a seam one file: every module of the seam's folder is imported with it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable


def import_members(package: str, path: Iterable[str]) -> None:
    """Imports each module of a package, so that its classes can be named in a config without a dotted path."""
    for module in pkgutil.iter_modules(list(path)):
        importlib.import_module(f"{package}.{module.name}")
