"""Two processes never train the same run, and a lock of a dead process locks nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from commands.run_lock import RunLock
from contracts.errors import UsageError

FILE = "train.lock"


def test_the_second_of_two_is_refused_until_the_first_has_ended(tmp_path):
    first, second = RunLock(tmp_path), RunLock(tmp_path)
    first.acquire()
    words = rf"is being trained by process {os.getpid()} on {socket.gethostname()}; .* remove .*{FILE}"
    with pytest.raises(UsageError, match=words):
        second.acquire()
    second.release()
    assert (tmp_path / FILE).exists(), "who does not hold the lock does not remove it"
    first.release()
    assert not list(tmp_path.iterdir())
    second.acquire()
    second.release()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_file_that_is_no_lock_is_replaced(content, tmp_path):
    (tmp_path / FILE).write_text(content)
    lock = RunLock(tmp_path)
    lock.acquire()
    assert json.loads((tmp_path / FILE).read_text())["pid"] == os.getpid()
    lock.release()


def test_the_lock_of_a_killed_process_is_ignored(tmp_path):
    code = "import os, pathlib, sys; from commands.run_lock import RunLock\n"
    code += "RunLock(pathlib.Path(sys.argv[1])).acquire(); os._exit(1)"
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 1
    assert (tmp_path / FILE).exists()
    lock = RunLock(tmp_path)
    lock.acquire()
    lock.release()


def test_the_number_of_a_dead_process_may_be_that_of_another_one(tmp_path):
    owner = {"pid": os.getppid(), "host": socket.gethostname(), "started": 1}
    (tmp_path / FILE).write_text(json.dumps(owner))
    lock = RunLock(tmp_path)
    lock.acquire()
    lock.release()


def test_the_lock_of_another_host_counts_until_it_has_given_no_sign_of_life_for_five_minutes(tmp_path):
    file = tmp_path / FILE
    file.write_text(json.dumps({"pid": 1, "host": "elsewhere", "started": 1}))
    with pytest.raises(UsageError, match="by process 1 on elsewhere"):
        RunLock(tmp_path).acquire()
    os.utime(file, (time.time() - 400, time.time() - 400))
    lock = RunLock(tmp_path)
    lock.acquire()
    lock.release()
