"""Output whose reader has gone is discarded, and the command goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = """
import sys
from commands.script import run_script
from contracts.console import announce, create_console

def train(arguments):
    for number in range(3):
        announce(f"epoch {number}")
        create_console().print("a table")
        print("a warning", file=sys.stderr)
    open(arguments[0], "w").write("trained")

sys.exit(run_script(train, sys.argv[1:]))
"""


@pytest.mark.parametrize("closed", [("stdout",), ("stdout", "stderr")], ids=" and ".join)
def test_a_command_whose_reader_has_gone_goes_on(closed, tmp_path):
    """`python train.py | head -3`: printing raised an error in the middle of training."""
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"stderr": subprocess.PIPE} | dict.fromkeys(closed, writer)
    try:
        command = [sys.executable, "-c", COMMAND, str(tmp_path / "result")]
        done = subprocess.run(command, cwd=ROOT, text=True, check=False, **streams)
    finally:
        os.close(writer)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "result").read_text() == "trained"
    assert done.stderr == (None if "stderr" in closed else 3 * "a warning\n")
