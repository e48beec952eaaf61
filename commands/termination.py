"""Ends a command on SIGTERM in the same way as on Ctrl-C, with a message and a clean end, but exit code 143."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from contracts.interrupts import TerminationInterrupt


@contextmanager
def convert_termination() -> Iterator[None]:
    """Raises `TerminationInterrupt` in the main thread of this process on SIGTERM; forked processes end as usual.

    Lightning calls an existing handler after its own, which would end with exit code 0 after the current step. A job
    of Slurm keeps Lightning's handler, which ignores the SIGTERM of a job that is queued again.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or "SLURM_JOB_ID" in os.environ or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    process = os.getpid()

    def interrupt(number: int, frame: object) -> None:
        if os.getpid() != process:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        raise TerminationInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def find_interrupt(error: BaseException) -> type[KeyboardInterrupt] | None:
    """Returns the class of the interrupt that caused an error; None without.

    The trainer replaces it by `SystemExit`, and ending a run that is interrupted may raise an error of its own.

    >>> find_interrupt(TerminationInterrupt()).__name__
    'TerminationInterrupt'
    """
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, KeyboardInterrupt):
            return type(cause)
        seen.add(id(cause))  # errors that are raised again can refer to each other
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return None
