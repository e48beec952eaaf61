"""One process builds a cache folder, the others wait for it: several ranks, several runs, also on several machines.

A lock is a file that is created exclusively, which file systems shared by machines support, unlike `fcntl` locks. Its
holder touches it every few seconds. The lock of a process that has died is removed: on the same machine as soon as the
process is gone, on another one when the file has not been touched for two minutes, by the clock of the one that waits.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from contracts.console import announce_on_every_rank
from contracts.errors import UsageError

HEARTBEAT = 5.0  # seconds between two touches of a lock
EXPIRY = 120.0  # seconds without a touch, after which the holder on another machine is taken for dead
_POLL = 0.1  # seconds
_PATIENCE = 0.5  # seconds of waiting without a message


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock.

    Args:
        host: Name of its machine.
        machine: Identifies boot and process namespace of the machine: process numbers of equal ones can be compared.
        pid: Process number.
        started: When the process was started, as the system counts it; empty if unknown.
        scratch: Folder that it builds in.
        token: Differs for each lock.
    """

    host: str
    machine: str
    pid: int
    started: str
    scratch: str
    token: str

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine."""
        return bool(self.machine) and self.machine == _identify_machine()

    @property
    def has_ended(self) -> bool:
        """Whether the process is known to have ended; always false for one of another machine."""
        return self.is_here and _find_start(self.pid) != self.started


def build_once(folder: Path, is_complete: Callable[[Path], bool], build: Callable[[Path], None]) -> None:
    """Builds a folder in this process, or waits until another process has built it.

    Args:
        folder: The folder; the lock and the scratch folder lie beside it.
        is_complete: Whether the folder is complete.
        build: Gets a new name beside the folder, and completes the folder. If it fails elsewhere, it is tried here.
    """
    lock = folder.with_name(f".{folder.name}.lock")
    watch = _Watch(lock)
    start, announced = time.monotonic(), ""
    while not is_complete(folder):
        scratch = folder.with_name(f".{folder.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
        with _try_to_lock(lock, scratch) as is_held:
            if is_held and not is_complete(folder):  # it may have been completed since
                build(scratch)
        if is_held:
            return
        holder = _read_holder(lock)
        if watch.is_dead(holder):
            _remove_dead_lock(lock, holder)
            continue
        if holder is not None and holder.token != announced and time.monotonic() - start > _PATIENCE:
            announced = holder.token
            announce_on_every_rank(
                f"waiting for {folder}, which process {holder.pid} on {holder.host} is building; end that process, or "
                f"delete {lock}, to build it here"
            )
        time.sleep(_POLL)


def create_write_error(root: Path, error: OSError) -> UsageError:
    """Returns a message on a folder of caches that cannot be written to."""
    return UsageError(f"--data.cache_dir {root} cannot be written to ({error.strerror}); name another")


class _Watch:
    """Notices when a lock is no longer touched."""

    def __init__(self, lock: Path) -> None:
        self._lock = lock
        self._last: tuple[float, float] | None = None  # time of change by its clock, and when it was seen by ours

    def is_dead(self, holder: Holder | None) -> bool:
        """Whether the holder of the lock has ended, or seems to have."""
        if holder is not None and holder.is_here:
            return holder.has_ended
        try:
            touched = self._lock.stat().st_mtime
        except OSError:  # released
            self._last = None
            return False
        if self._last is None or self._last[0] != touched:
            self._last = touched, time.monotonic()
        return time.monotonic() - self._last[1] > EXPIRY


@contextmanager
def _try_to_lock(lock: Path, scratch: Path) -> Iterator[bool]:
    """Creates the lock, touches it while the block runs and removes it; yields false if another process holds it."""
    token = uuid.uuid4().hex
    holder = Holder(
        socket.gethostname(), _identify_machine(), os.getpid(), _find_start(os.getpid()), str(scratch), token
    )
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        yield False
        return
    except OSError as error:
        raise create_write_error(lock.parent, error) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(holder)))
    done = threading.Event()
    thread = threading.Thread(target=_touch_until, args=(lock, done), daemon=True)
    thread.start()
    try:
        yield True
    finally:
        done.set()
        thread.join()
        shutil.rmtree(scratch, ignore_errors=True)
        held = _read_holder(lock)
        if held is not None and held.token == token:  # else taken for dead by another machine, which holds its own
            lock.unlink(missing_ok=True)


def _touch_until(lock: Path, done: threading.Event) -> None:
    """Updates the time of change of the lock until `done` is set."""
    while not done.wait(HEARTBEAT):
        with suppress(OSError):
            os.utime(lock)


def _read_holder(lock: Path) -> Holder | None:
    """Reads who holds the lock; None if nobody does, or if it is being written."""
    try:
        return Holder(**json.loads(lock.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _remove_dead_lock(lock: Path, holder: Holder | None) -> None:
    """Removes the lock of a dead process with what it had built; a lock that was taken since is put back."""
    aside = lock.with_name(f"{lock.name}.{uuid.uuid4().hex[:8]}")
    try:
        lock.rename(aside)
    except OSError:  # another process was faster
        return
    if _read_holder(aside) != holder:
        with suppress(OSError):
            os.link(aside, lock)
    elif holder is not None:
        if Path(holder.scratch).parent == lock.parent and Path(holder.scratch).name.startswith("."):
            shutil.rmtree(holder.scratch, ignore_errors=True)
        name = lock.name.removesuffix(".lock").removeprefix(".")
        announce_on_every_rank(f"process {holder.pid} on {holder.host} ended before it had built {lock.parent / name}")
    aside.unlink(missing_ok=True)


@cache
def _identify_machine() -> str:
    """Identifies the machine, its boot and the namespace of process numbers; empty if these are unknown."""
    host = socket.gethostname()
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{host} {boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{host} {uuid.getnode()}" if os.name == "posix" else ""


def _find_start(pid: int) -> str:
    """Returns when a process was started, which tells it from a later one with its number; empty if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]  # the state: zombie, dead; the time since boot
    except OSError:
        return "unknown" if os.name == "posix" and not Path("/proc/self/stat").exists() and _is_running(pid) else ""


def _is_running(pid: int) -> bool:
    """Whether there is a process with this number; only asked where there is no `/proc`."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True
