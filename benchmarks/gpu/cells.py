"""Runs measurements one by one within a budget of time: the least important are dropped, a failure ends only itself."""

from __future__ import annotations

import gc
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch

_ROOT = Path(__file__).parents[2]
_PATIENCE = 4.0  # a cell may take so many times its estimate on a GPU, and so many seconds more:
_SPARE_SECONDS = 60.0


@dataclass(frozen=True)
class Cell:
    """One measurement.

    Args:
        part: `a`, `b` or `c`.
        name: What is measured, unique in its part.
        measure: Returns the result.
        priority: Cells with lower numbers run first, so those with the highest are dropped if time is short.
        seconds: Estimate of its duration on a GPU.
        labels: Columns of its row in the tables.
    """

    part: str
    name: str
    measure: Callable[[], dict[str, Any]]
    priority: int
    seconds: float
    labels: dict[str, Any] = field(default_factory=dict)


class CellTimeoutError(Exception):
    """Raised in a cell that takes too long; no `TimeoutError`, which the command line takes for a failed write."""


def run_cells(
    cells: Sequence[Cell], minutes: float, store: Callable[[list[dict[str, Any]]], None] | None = None
) -> list[dict[str, Any]]:
    """Measures the cells in the order of their priority until the budget is spent.

    Args:
        cells: In any order.
        minutes: Budget; a cell starts only if its estimate still fits.
        store: Called with all results after each cell, so that a killed run leaves what it has.

    Returns:
        For each cell its part, name, labels and `status`: `ok` with the result, `failed` with the message, `dropped`.
    """
    end = time.monotonic() + 60 * minutes
    results: list[dict[str, Any]] = []
    for cell in sorted(cells, key=lambda cell: cell.priority):
        left = end - time.monotonic()
        result: dict[str, Any] = {"part": cell.part, "name": cell.name, **cell.labels}
        if cell.seconds > left:
            results.append(result | {"status": "dropped"})
            continue
        start = time.monotonic()
        results.append(result | measure_safely(cell, min(_SPARE_SECONDS + _PATIENCE * cell.seconds, left + 10)))
        results[-1]["seconds"] = round(time.monotonic() - start, 2)
        print(format_progress(results[-1]), flush=True)
        if store is not None:
            store(results)
    return results


def measure_safely(cell: Cell, limit: float) -> dict[str, Any]:
    """Returns the result of a cell with its status; an error, lack of memory or `limit` seconds make it `failed`."""
    try:
        with _interrupt_after(limit):
            return {"status": "ok", **cell.measure()}
    except Exception as error:
        return {"status": "failed", "message": format_failure(error)}
    except SystemExit as error:
        return {"status": "failed", "message": f"exit with {error.code}"}
    finally:
        release_memory()


def format_failure(error: BaseException) -> str:
    """Formats the type, the first line and the innermost line of this project of an error.

    >>> format_failure(ValueError("too long"))
    'ValueError: too long'
    """
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_ROOT)
    ]
    inner = [frame for frame in frames if "benchmarks" not in Path(frame.filename).parts] or frames
    if not inner:
        return text
    return f"{text} ({Path(inner[-1].filename).relative_to(_ROOT)}:{inner[-1].lineno})"


def format_progress(result: dict[str, Any]) -> str:
    """Formats a finished cell as a line."""
    message = f": {result['message']}" if "message" in result else ""
    return f"{result['part']}  {result['name']}  {result['status']}  {result['seconds']:.1f} s{message}"


def release_memory() -> None:
    """Frees what a cell left on the GPU, allows waits again, and forgets compiled functions."""
    gc.collect()
    torch._dynamo.reset()
    if torch.cuda.is_available():
        torch.cuda.set_sync_debug_mode("default")
        try:
            torch.cuda.empty_cache()
        except RuntimeError:  # after an error that only a new process can clear; the next cells will say the same
            return


@contextmanager
def _interrupt_after(seconds: float) -> Iterator[None]:
    """Raises `CellTimeoutError` in the main thread after some seconds, where signals exist."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise CellTimeoutError(f"took more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
