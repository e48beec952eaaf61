"""Console output: text is printed without interpreting markup, and independently of log levels.

Every table and message of the project is printed by these functions, so that labels such as `[bold]red` or `a [/b] c`
are printed unchanged, and announcements are printed at any log level.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from contracts.control_characters import escape_control_characters

if TYPE_CHECKING:
    from rich.console import Console


def create_console(width: int = 100) -> Console:
    """Creates a console on standard output that interprets no markup, no emoji codes, and highlights nothing.

    Args:
        width: Characters per line if standard output is not a terminal; otherwise the width of the terminal is used.
    """
    from rich.console import Console

    class PipeConsole(Console):
        """Prints nothing more once the reader of a pipe, such as `head`, has closed it; rich would exit with 1."""

        def on_broken_pipe(self) -> None:
            self.quiet = True
            redirect_to_null(sys.stdout)

    console = PipeConsole(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = width
    return console


def redirect_to_null(stream: TextIO) -> None:
    """Sends what a stream still buffers to nowhere; after a broken pipe it would raise again when Python exits."""
    with suppress(OSError):  # a stream without a file descriptor
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def announce(message: str) -> None:
    """Prints a message to standard output on rank 0 only and flushes it; control characters are escaped."""
    from pytorch_lightning.utilities.rank_zero import rank_zero_only

    if rank_zero_only.rank == 0:  # type: ignore[attr-defined]  # set when Lightning is imported
        print(escape_control_characters(message), flush=True)


def announce_on_every_rank(message: str) -> None:
    """Prints a message to standard output, also in processes other than rank 0; control characters are escaped."""
    print(escape_control_characters(message), flush=True)
