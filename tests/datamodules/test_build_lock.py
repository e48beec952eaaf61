"""One process builds and the others wait, whatever happens to the one that builds."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contracts.errors import DataError
from datamodules import build_lock
from datamodules.cache import is_complete, open_or_build

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys, time
from pathlib import Path
from contracts.errors import DataError
from datamodules.cache import open_or_build

root, seconds, fails = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3] == "fails"
def build(folder):
    with (root.parent / "builds").open("a") as file:
        file.write("x")
    (folder / "half").write_text("")
    time.sleep(seconds)
    if fails:
        raise DataError("the rows are of no use")
open_or_build(root, "key", build)
"""


def start(root, seconds=0.0, fails=False):
    """A process of its own that builds, for so long."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(root), str(seconds), "fails" if fails else ""],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def count_builds(root):
    return len((root.parent / "builds").read_text())


def write(folder):
    (folder / "data").write_text("one")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "cache"


def leave_lock(root, **changes):
    """A lock as a process of this machine writes it, with other values."""
    root.mkdir(exist_ok=True)
    scratch = root / ".key.1.abc"
    scratch.mkdir()
    holder = {
        "host": "node7",
        "machine": build_lock._identify_machine(),
        "pid": os.getpid(),
        "started": build_lock._find_start(os.getpid()),
        "scratch": str(scratch),
        "token": "old",
    }
    (root / ".key.lock").write_text(json.dumps(holder | changes))
    return scratch


def test_of_several_processes_one_builds(root):
    processes = [start(root, seconds=1.2) for _ in range(3)]
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert count_builds(root) == 1
    assert [entry.name for entry in root.iterdir()] == ["key"]
    messages = [out for out, _ in said if out]
    assert messages
    for message in messages:
        assert message.count("waiting for") == 1
        assert "/cache/key, which process " in message
        assert " is building; end that process, or delete " in message


def test_a_killed_builder_is_replaced_at_once_and_leaves_nothing(root):
    builder = start(root, seconds=60)
    wait_for(lambda: list(root.glob(".key.*/half")))
    waiter = start(root)
    time.sleep(0.2)
    builder.send_signal(signal.SIGKILL)  # not waited for: a zombie has ended too
    began = time.monotonic()
    out, err = waiter.communicate(timeout=60)
    assert waiter.returncode == 0, err
    assert time.monotonic() - began < 20
    builder.communicate()
    assert is_complete(root / "key")
    assert [entry.name for entry in root.iterdir()] == ["key"]
    assert f"process {builder.pid} on " in out
    assert "ended before it had built" in out


def test_the_failure_of_a_builder_is_not_inherited(root):
    failing = start(root, seconds=1, fails=True)
    wait_for(lambda: list(root.glob(".key.*/half")))
    folder = open_or_build(root, "key", write)
    assert (folder / "data").read_text() == "one"
    assert "the rows are of no use" in failing.communicate(timeout=30)[1]
    assert [entry.name for entry in root.iterdir()] == ["key"]


def test_a_failure_releases_the_lock(root):
    def fail(folder):
        raise DataError("the rows are of no use")

    for _ in range(2):
        with pytest.raises(DataError):
            open_or_build(root, "key", fail)
        assert list(root.iterdir()) == []


@pytest.mark.parametrize("changes", [{"pid": 2**22 + 1}, {"started": "1"}], ids=["gone", "another with its number"])
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are known by /proc")
def test_the_lock_of_an_ended_process_expires_at_once(root, changes, capsys):
    scratch = leave_lock(root, **changes)
    start = time.monotonic()
    open_or_build(root, "key", write)
    assert time.monotonic() - start < 5
    assert not scratch.exists()
    assert [entry.name for entry in root.iterdir()] == ["key"]
    assert "on node7 ended before it had built" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["other machine", "half written"])
def test_the_lock_of_another_machine_expires_when_it_is_not_touched(root, content, monkeypatch):
    monkeypatch.setattr(build_lock, "EXPIRY", 0.5)
    leave_lock(root, machine="another")
    if content == "half written":
        (root / ".key.lock").write_text('{"host"')
    start = time.monotonic()
    open_or_build(root, "key", write)
    assert 0.5 < time.monotonic() - start < 5
    assert not (root / ".key.lock").exists()


def _touch(lock, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        os.utime(lock)
        time.sleep(0.05)
    lock.unlink()


def test_the_lock_of_another_machine_holds_while_it_is_touched(root, monkeypatch):
    """Its clock may be an hour off: only changes of the time count."""
    monkeypatch.setattr(build_lock, "EXPIRY", 0.5)
    leave_lock(root, machine="another", pid=2**22 + 1)
    process = multiprocessing.get_context("fork").Process(target=_touch, args=(root / ".key.lock", 1.5))
    process.start()
    start = time.monotonic()
    open_or_build(root, "key", write)
    assert time.monotonic() - start > 1.3
    process.join()


def test_a_holder_touches_its_lock(root, monkeypatch):
    monkeypatch.setattr(build_lock, "HEARTBEAT", 0.05)
    lock = root / ".key.lock"

    def build(folder):
        os.utime(lock, (1, 1))
        wait_for(lambda: lock.stat().st_mtime > 1)
        assert json.loads(lock.read_text())["pid"] == os.getpid()

    open_or_build(root, "key", build)
    assert not lock.exists()


def test_a_lock_taken_since_is_put_back(root):
    leave_lock(root, token="new")
    lock = root / ".key.lock"
    holder = build_lock._read_holder(lock)
    old = build_lock.Holder(**vars(holder) | {"token": "old"})
    build_lock._remove_dead_lock(lock, old)
    assert build_lock._read_holder(lock) == holder
    assert (root / ".key.1.abc").is_dir()


def test_a_complete_folder_needs_no_lock(root):
    open_or_build(root, "key", write)
    leave_lock(root)
    assert open_or_build(root, "key", write) == root / "key"
