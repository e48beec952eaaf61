"""One message where one of several processes of a run fails: that of the process that failed.

A process that fails closes its connections, and all others then fail in what they compute together. They end without a
message of their own, unless the first one could not say anything, since it was killed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # slow to import
    from pytorch_lightning import Trainer

_SECONDS_TO_CLAIM = 3.0
_SECONDS_TO_END = 10.0
_CONNECTION_WORDS = ("gloo", "nccl", "connection closed by peer", "connection reset by peer", "broken pipe", "tcpstore")


def is_distributed() -> bool:
    """Whether this process is one of several of a run, started by Lightning, torchrun or SLURM."""
    return "LOCAL_RANK" in os.environ and "MASTER_PORT" in os.environ  # Lightning removes WORLD_SIZE at the end


def is_consequence(error: BaseException) -> bool:
    """Whether an error says that another process is gone.

    >>> is_consequence(RuntimeError("[gloo/transport/tcp/pair.cc:553] Connection closed by peer [127.0.0.1]:31918"))
    True
    """
    text = f"{type(error).__name__} {error}".lower()
    return isinstance(error, RuntimeError) and any(word in text for word in _CONNECTION_WORDS)


def claim_message(error: BaseException | None = None) -> bool:
    """Returns whether this process is to print the message of a failed run; true for one process of this machine.

    Args:
        error: What ended this process; None if another one was killed.
    """
    if not is_distributed():
        return True
    path = _find_claim()
    follows = error is None or is_consequence(error) or (isinstance(error, KeyboardInterrupt) and not _is_first())
    if follows:  # the process that failed first may be printing
        deadline = time.monotonic() + _SECONDS_TO_CLAIM
        with suppress(KeyboardInterrupt):  # torchrun ends the others at once
            while time.monotonic() < deadline and not path.exists():
                time.sleep(0.1)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def format_lost_rank() -> str:
    """Formats the message for a process that was killed and could not say why."""
    return (
        "error: another process of this run has ended without a message; it was killed, perhaps since the memory was "
        "full. Continue with --resume RUN if the run has a checkpoint"
    )


@lru_cache  # once
def report_lost_processes() -> None:
    """Makes Lightning print that a process was killed, before it ends all others for that."""
    from lightning_fabric.strategies.launchers.subprocess_script import _ChildProcessObserver

    terminate_all = _ChildProcessObserver._terminate_all

    def report_and_terminate_all(observer: _ChildProcessObserver) -> None:
        if claim_message():
            print(format_lost_rank(), file=sys.stderr, flush=True)
        terminate_all(observer)

    _ChildProcessObserver._terminate_all = report_and_terminate_all  # type: ignore[method-assign,assignment]  # no other way


def end_started_processes(trainer: Trainer | None) -> None:
    """Ends the processes that this one has started, if they do not end by themselves within 10 seconds.

    They may wait for this one in a computation on a GPU, which does not notice that it is gone.
    """
    processes = [] if trainer is None else getattr(trainer.strategy.launcher, "procs", [])
    deadline = time.monotonic() + _SECONDS_TO_END
    while time.monotonic() < deadline and any(process.poll() is None for process in processes):
        time.sleep(0.1)
    for process in processes:
        if process.poll() is None:
            process.kill()


def _find_claim() -> Path:
    """Returns the file that the first process to fail creates, the same for all processes of a run."""
    names = ("MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT", "SLURM_JOB_ID")
    key = "-".join(os.environ.get(name, "") for name in names)
    safe = "".join(character if character.isalnum() else "_" for character in f"{key}-{_find_start()}")
    return Path(tempfile.gettempdir(), f"failed_run_{safe}")


def _find_start() -> str:
    """Returns the process that has started the others: this one or its parent, as Lightning and torchrun do."""
    has_agent = "TORCHELASTIC_RUN_ID" in os.environ
    return str(os.getpid() if _is_first() and not has_agent else os.getppid())


def _is_first() -> bool:
    return os.environ.get("LOCAL_RANK", "0") == "0"
