"""Discards the output of a command whose reader, such as `head`, has closed it, so that training goes on to its end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from contracts.console import redirect_to_null


class DiscardingStream:
    """A text stream that writes to another one until that is closed by its reader, and then discards what is written.

    Args:
        stream: The stream to write to; all other attributes are its own.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_closed = False

    def write(self, text: str) -> int:
        """Writes text, or discards it."""
        self._run_unless_closed(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flushes the other stream."""
        self._run_unless_closed(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        """Returns an attribute of the other stream."""
        return getattr(self._stream, name)

    def _run_unless_closed(self, operation: Callable[[], object]) -> None:
        if self._is_closed:
            return
        try:
            operation()
        except BrokenPipeError:
            self._is_closed = True
            redirect_to_null(self._stream)


@contextmanager
def discard_closed_output() -> Iterator[None]:
    """Replaces standard output and standard error by streams that their readers may close."""
    streams = sys.stdout, sys.stderr
    replaced = DiscardingStream(sys.stdout), DiscardingStream(sys.stderr)
    sys.stdout, sys.stderr = replaced
    try:
        yield
    finally:
        for stream in replaced:
            stream.flush()
        sys.stdout, sys.stderr = streams
