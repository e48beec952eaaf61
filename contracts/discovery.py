"""Class discovery: an implementation of an extension point is added by one new file in its package.

The package of an extension point calls `import_submodules` when it is imported; from then on every concrete subclass of
its base class is known, can be named in a config, and is found by `find_implementations`.
"""

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
        package: Dotted name of the package, its `__name__`.
        path: The package's `__path__`.
    """
    for module in pkgutil.iter_modules(list(path)):
        importlib.import_module(f"{package}.{module.name}")


def find_implementations(base: type[T]) -> Iterator[type[T]]:
    """Yields every concrete subclass of a base class that is defined in this project, sorted by name.

    Args:
        base: The base class of an extension point, such as `Source`, whose package has been imported.
    """
    implementations: set[type[T]] = set()
    pending = [base]
    while pending:
        for subclass in pending.pop().__subclasses__():
            pending.append(subclass)
            if not inspect.isabstract(subclass) and subclass.__module__.split(".")[0] in _PACKAGES:
                implementations.add(subclass)
    return iter(sorted(implementations, key=lambda cls: cls.__name__))
