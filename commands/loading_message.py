"""The first line of a script, printed before the imports that take several seconds; imports nothing itself."""

from __future__ import annotations

import os
import sys


def print_loading_message(arguments: list[str]) -> None:
    """Prints on the standard error that libraries are being loaded; the standard output is left to results.

    Args:
        arguments: Those of the command line; a request for help is answered without loading.
    """
    asks_for_help = any(argument in ("-h", "--help") or ".help" in argument for argument in arguments)
    is_first_process = os.environ.get("LOCAL_RANK", "0") == "0"
    if is_first_process and not asks_for_help:
        print("Loading PyTorch and Lightning …", file=sys.stderr, flush=True)
