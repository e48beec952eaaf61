"""Calls the constructors of callbacks, loggers and other classes of the trainer; names the option of one that fails.

jsonargparse tries the types of an option one after another and reports the last failure only, which is rarely that of
the constructor. The first failure is kept here, to be raised in its place.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytorch_lightning.cli import LightningArgumentParser

from contracts.errors import UsageError


class Constructors:
    """Calls the constructors of some base classes, and keeps the first failure as a `UsageError`.

    Args:
        bases: Base classes by option, without dashes.
        groups: Classes whose arguments are a group of options, by the name of the group; they come first.
    """

    def __init__(self, bases: Mapping[str, tuple[type, ...]], groups: Mapping[str, type]) -> None:
        self._bases = bases
        self._groups = groups
        self._error: UsageError | None = None

    def register(self, parser: LightningArgumentParser) -> None:
        """Makes a parser call these constructors."""
        for bases in self._bases.values():
            for base in bases:
                parser.add_instantiator(self._instantiate, base)

    @contextmanager
    def raise_first_error(self) -> Iterator[None]:
        """Raises the failure of a constructor in place of the error that jsonargparse makes of it."""
        try:
            yield
        except Exception as error:
            if self._error is not None and self._error is not error:
                raise self._error from error
            raise

    def _instantiate(self, cls: type, *args: Any, **kwargs: Any) -> Any:
        """Calls a constructor.

        Raises:
            UsageError: The constructor fails.
        """
        try:
            return cls(*args, **kwargs)
        except Exception as error:  # of any type: the constructor of a user's class runs
            usage_error = UsageError(self._format(cls, error))
            self._error = self._error or usage_error
            raise usage_error from error

    def _format(self, cls: type, error: Exception) -> str:
        """Returns the message for the failure of a constructor: its option and, if it is a user's, file and line."""
        groups = [name for name, group in self._groups.items() if group is cls]
        words = " ".join(str(error).split())
        if groups:
            first = words.split(" ")[0]
            if len(groups) == 1 and first in inspect.signature(cls).parameters:
                return f"--{groups[0]}.{words}"
            return f"{' or '.join(f'--{group}' for group in groups)}: {words}"
        keys = [key for key, bases in self._bases.items() if issubclass(cls, bases)]
        message = f"--{keys[0]} {cls.__name__}: its constructor raises {type(error).__name__}: {words}"
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
        return f"{message} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else message
