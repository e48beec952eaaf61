"""Class discovery: one new file in a package is all it takes to add an implementation of an extension point."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_PACKAGES = ("datamodules", "lightning_modules", "callbacks")


def import_submodules(package: str, path: Iterable[str]) -> None:
    """Imports each module of a package, so that its classes can be named in a config without a dotted path.

    Args:
        package: Dotted name of the package.
        path: The package's `__path__`.
    """
    for module in pkgutil.iter_modules(list(path)):
        importlib.import_module(f"{package}.{module.name}")


def find_implementations(base: type[T]) -> Iterator[type[T]]:
    """Yields every concrete subclass of a base class that is defined in this project, sorted by name."""
    found: set[type[T]] = set()
    waiting = [base]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if not inspect.isabstract(child) and child.__module__.split(".")[0] in _PACKAGES:
                found.add(child)
    return iter(sorted(found, key=lambda cls: cls.__name__))
