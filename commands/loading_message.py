"""The first message of a script, printed before the slow imports; this module imports only the standard library."""

from __future__ import annotations

import os
import sys


def print_loading_message(arguments: list[str]) -> None:
    """Prints a loading message to stderr, on local rank 0 and unless help is requested.

    Args:
        arguments: Command-line arguments; help is printed without loading the libraries.
    """
    asks_for_help = any(argument in ("-h", "--help") or ".help" in argument for argument in arguments)
    is_first_process = os.environ.get("LOCAL_RANK", "0") == "0"
    if is_first_process and not asks_for_help:
        print("Loading PyTorch and Lightning …", file=sys.stderr, flush=True)
