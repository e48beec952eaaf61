"""Printing into a pipe whose reader has left, such as `head`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
from contracts.console import create_console
console = create_console()
for number in range(100_000):
    console.print(f"line {number}")
import sys
print("came to its end", file=sys.stderr)
"""


def test_a_console_goes_on_when_its_reader_has_left():
    """Rich ended the program with code 1 and without a word."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "line 0\n"
        process.stdout.close()
        assert process.stderr.read() == "came to its end\n"
    assert process.returncode == 0
