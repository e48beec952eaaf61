"""SIGINT and SIGTERM during training: a request that is honoured after the step; a second Ctrl-C ends at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType
from typing import Any

_SAME_KEYSTROKE = 0.2  # seconds: a launcher may pass on a Ctrl-C that the process has received already


class TerminationInterrupt(KeyboardInterrupt):
    """Raised in place of `KeyboardInterrupt` if the process receives SIGTERM, as from `kill` or a scheduler."""


class StopRequest:
    """Records SIGINT and SIGTERM instead of raising at an arbitrary point; a second SIGINT ends the process at once.

    Args:
        is_silent: Whether nothing is printed, as in every process but the first.
        keeps_termination: Whether the handler of SIGTERM stays, as that of a job of Slurm.
    """

    number = 0
    """The signal that was received; 0 if none."""

    def __init__(self, is_silent: bool = False, keeps_termination: bool = False) -> None:
        self.is_silent = is_silent
        self.signals = (signal.SIGINT,) if keeps_termination else (signal.SIGINT, signal.SIGTERM)
        self._previous: dict[int, Any] = {}
        self._time = 0.0
        self._process = os.getpid()

    def install(self) -> None:
        """Replaces the handlers; does nothing outside the main thread."""
        if threading.current_thread() is threading.main_thread() and not self._previous:
            self._previous = {number: signal.signal(number, self._record) for number in self.signals}

    def uninstall(self) -> None:
        """Restores the handlers."""
        if threading.current_thread() is threading.main_thread():
            for number, handler in self._previous.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
            self._previous = {}

    def _record(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # a forked process of a loader ends as usual
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif not self.number:
            self.number, self._time = number, time.monotonic()
            self._write("stopping after this step; Ctrl-C (again) ends at once, without saving\n")
            _exit_on_interrupt(self._time + _SAME_KEYSTROKE)

    def _write(self, message: str) -> None:
        if not self.is_silent:
            os.write(2, message.encode())  # print is not safe in a handler of signals


def raise_interrupt(number: int) -> None:
    """Raises the exception of a signal."""
    raise TerminationInterrupt if number == signal.SIGTERM else KeyboardInterrupt


def _exit_on_interrupt(earliest: float) -> None:
    """Ends the process at the next SIGINT, even if the main thread waits in code other than Python.

    Args:
        earliest: Time before which a signal belongs to the first keystroke.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def wait() -> None:
        while True:
            received = os.read(reading, 1)
            if received and received[0] == signal.SIGINT and time.monotonic() > earliest:
                os.write(2, b"interrupted; ended at once\n")
                os._exit(130)

    threading.Thread(target=wait, daemon=True, name="exit on interrupt").start()
