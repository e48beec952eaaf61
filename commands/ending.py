"""How every script ends: quietly, or with one message for a fault that its user can mend."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from contracts.errors import DataError, UsageError


def exit_code(command: Callable[[list[str]], object], arguments: list[str], *, may_be_cut: bool = False) -> int:
    """Runs a command and says what a user can mend.

    Args:
        command: Does the whole work of a script.
        arguments: Of the command line, without the script's name.
        may_be_cut: Whether it has done its work when the reader of its output, `head` say, has seen enough.

    Returns:
        0 when all went well, 2 for a choice that cannot be, 1 for data or folders that cannot be used.
    """
    try:
        command(arguments)
    except (UsageError, DataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        if not may_be_cut:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
