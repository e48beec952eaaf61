"""Prints for people: text as it is, never as markup, and no log level in between.

Every table and message of the project goes through here, so that labels such as `[bold]red` or `a [/b] c` are shown as
they are, and so that announcements are seen whatever the level of any logger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def create_console(width: int = 100) -> Console:
    """Creates a console on standard output that interprets no markup, no emoji codes, and highlights nothing.

    Args:
        width: Characters per line where standard output is no terminal; a terminal has a width of its own.
    """
    from rich.console import Console

    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = width
    return console


def announce(message: str) -> None:
    """Prints a message on standard output at once, in the first process of a run only; above a progress bar."""
    from pytorch_lightning.utilities.rank_zero import rank_zero_only

    if rank_zero_only.rank == 0:  # type: ignore[attr-defined]  # set when Lightning is imported
        print(message, flush=True)
