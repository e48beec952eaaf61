"""A lock in the run folder: two processes never train the same run."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from callbacks.reporting.run_folder_logger import RunFolderLogger
from callbacks.reporting.run_logger import RunLogger
from contracts.errors import UsageError

FILE = "train.lock"
_BEAT = 30.0  # seconds between two signs of life
_EXPIRY = 300.0  # seconds without a sign of life after which the lock of another host is ignored


class RunLock:
    """Marks a run folder as being trained, with signs of life, until it is released or the process ends.

    A lock is ignored if its process is dead; on another host, where that cannot be seen, after five minutes without a
    sign of life.

    Args:
        folder: The run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self._stop = threading.Event()
        self._is_held = False

    def acquire(self) -> None:
        """Takes the lock.

        Raises:
            UsageError: Another process trains this run.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True)
        while not self._create():
            self._remove_stale(_check_owner(self.file))
        self._is_held = True
        threading.Thread(target=self._beat, daemon=True, name="run lock").start()

    def release(self) -> None:
        """Removes the lock, if it is held."""
        if self._is_held:
            self._stop.set()
            self._is_held = False
            self.file.unlink(missing_ok=True)

    def _create(self) -> bool:
        """Creates the file with its content in one step; returns whether there was none."""
        part = self.file.with_name(f".{FILE}.{os.getpid()}")
        part.write_text(json.dumps(_describe_process(os.getpid())), encoding="utf-8")
        try:
            os.link(part, self.file)
        except FileExistsError:
            return False
        finally:
            part.unlink()
        return True

    def _remove_stale(self, owner: dict[str, Any] | None) -> None:
        """Moves a stale lock away; of several processes only one succeeds, and a new lock is put back."""
        moved = self.file.with_name(f".{FILE}.stale.{os.getpid()}")
        try:
            self.file.rename(moved)
        except FileNotFoundError:
            return
        if _read_owner(moved) != owner:  # another process was faster
            with suppress(FileExistsError):
                os.link(moved, self.file)
        moved.unlink()

    def _beat(self) -> None:
        while not self._stop.wait(_BEAT):
            try:
                os.utime(self.file)
            except OSError:  # removed by the user
                return


def check_not_trained(folder: Path) -> None:
    """Raises `UsageError` if another process trains a run; does nothing in a process that this run has started."""
    if rank_zero_only.rank == 0:  # type: ignore[attr-defined]  # set when Lightning is imported
        _check_owner(folder / FILE)


def lock_run(folder: Path) -> RunLock | None:
    """Locks the folder of a resumed run, in the first process only; raises `UsageError` if it is being trained."""
    if rank_zero_only.rank != 0:  # type: ignore[attr-defined]  # set when Lightning is imported
        return None
    lock = RunLock(folder)
    lock.acquire()
    return lock


def lock_new_run(trainer: Trainer, version: str | None) -> RunLock | None:
    """Locks the folder of a new run, in the first process only; without a version, the next free one.

    Args:
        trainer: Its first logger names the folder.
        version: The version that the user chose; None for the next free one.

    Raises:
        UsageError: The chosen version is being trained.
    """
    logger = trainer.logger
    if not isinstance(logger, (RunLogger, RunFolderLogger)) or not trainer.is_global_zero:
        return None
    while True:
        folder = Path(logger.log_dir)
        try:
            if version is None and folder.exists():  # made while this run prepared its data
                raise UsageError
            return lock_run(folder)
        except UsageError:
            if version is not None:
                raise
            logger.choose_next_version()


def _describe_process(pid: int) -> dict[str, Any]:
    return {"pid": pid, "host": socket.gethostname(), "started": _read_start(pid)}


def _check_owner(file: Path) -> dict[str, Any] | None:
    """Returns who holds a stale lock, None if nobody is known; raises `UsageError` if it is not stale."""
    owner = _read_owner(file)
    if owner is not None and _is_alive(file, owner):
        raise UsageError(
            f"{file.parent} is being trained by process {owner['pid']} on {owner['host']}; wait for it or "
            f"end it; if there is no such process, remove {file}"
        )
    return owner


def _read_owner(file: Path) -> dict[str, Any] | None:
    """Reads who holds a lock; None if it is gone or not a lock of this project."""
    try:
        owner = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return owner if isinstance(owner, dict) and {"pid", "host", "started"} <= owner.keys() else None


def _is_alive(file: Path, owner: dict[str, Any]) -> bool:
    """Whether the process of a lock exists; on another host, whether it gave a sign of life lately."""
    if owner["host"] != socket.gethostname():
        try:
            return time.time() - file.stat().st_mtime < _EXPIRY
        except FileNotFoundError:
            return False
    try:
        os.kill(owner["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return owner["started"] is None or _read_start(owner["pid"]) == owner["started"]


def _read_start(pid: int) -> int | None:
    """Returns when a process started, in ticks, since numbers of processes are used again; None if unknown."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
