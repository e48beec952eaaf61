"""Runs the command of a script, and turns errors that its user can fix into one message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from contracts.errors import DataError, UsageError


def run_script(
    command: Callable[[list[str]], object], arguments: list[str], *, ignore_broken_pipe: bool = False
) -> int:
    """Runs a command; prints the message of a `UsageError` or `DataError` to the standard error.

    Args:
        command: Does the whole work of a script.
        arguments: Those of the command line, without the script's name.
        ignore_broken_pipe: Whether it is a success if the reader of the output (`head`, say) closes it early.

    Returns:
        0 on success, 2 for options that cannot be used, 1 for data or folders that cannot be used, 130 if interrupted.
    """
    try:
        command(arguments)
    except (UsageError, DataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        print(f"interrupted{f'; {interrupt}' if interrupt.args else ''}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        if not ignore_broken_pipe:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
