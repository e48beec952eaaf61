"""Runs the command of a script; converts errors that the user can fix into a message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext

from commands.closed_output import discard_closed_output
from commands.failed_ranks import claim_message, format_lost_rank, is_consequence, is_distributed
from commands.termination import convert_termination
from contracts.console import redirect_to_null
from contracts.control_characters import escape_control_characters
from contracts.errors import DataError, UsageError
from contracts.interrupts import TerminationInterrupt


def run_script(
    command: Callable[[list[str]], object], arguments: list[str], *, ignore_broken_pipe: bool = False
) -> int:
    """Runs a command and returns its exit code; prints usage and data errors to stderr.

    Args:
        command: The function that the script runs.
        arguments: Command-line arguments, without the script's name.
        ignore_broken_pipe: Whether to exit with 0 if the reader of the output, such as `head`, closes it early;
            otherwise the command goes on without output.

    Returns:
        0 on success, 2 for invalid options, 1 for invalid data or unusable folders, 130 if interrupted (by Ctrl-C),
        143 if terminated (by SIGTERM).
    """
    with convert_termination(), nullcontext() if ignore_broken_pipe else discard_closed_output():
        return _run_and_report_errors(command, arguments, ignore_broken_pipe)


def _run_and_report_errors(
    command: Callable[[list[str]], object], arguments: list[str], ignore_broken_pipe: bool
) -> int:
    """Runs a command; returns its exit code."""
    try:
        if ignore_broken_pipe:
            _run_and_flush(command, arguments)
        else:
            command(arguments)
    except (UsageError, DataError) as error:
        if claim_message(error):
            print(escape_control_characters(f"error: {error}"), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        if _is_first_process() and claim_message(interrupt):
            print(f"interrupted{f'; {interrupt}' if interrupt.args else ''}", file=sys.stderr)
        return 143 if isinstance(interrupt, TerminationInterrupt) else 130
    except BrokenPipeError:
        if not ignore_broken_pipe:
            raise
        redirect_to_null(sys.stdout)
    except Exception as error:
        if claim_message(error):
            if not (is_distributed() and is_consequence(error)):
                raise
            print(format_lost_rank(), file=sys.stderr)
        return 1
    return 0


def _is_first_process() -> bool:
    """Whether this is the first or only process of a run, as its launcher says."""
    rank = next((os.environ[name] for name in ("RANK", "SLURM_PROCID", "LOCAL_RANK") if name in os.environ), "0")
    return rank == "0"


def _run_and_flush(command: Callable[[list[str]], object], arguments: list[str]) -> None:
    """Runs a command and flushes the standard output, so that a closed pipe raises here and not when Python exits."""
    try:
        command(arguments)
    except SystemExit:  # jsonargparse exits after printing help
        sys.stdout.flush()
        raise
    sys.stdout.flush()
