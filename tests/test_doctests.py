"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("contracts", "datamodules", "exploration", "lightning_modules", "callbacks", "commands", "benchmarks")
FILES = [
    file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")) if ">>>" in file.read_text("utf-8")
]
NAMES = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in FILES]


def test_examples_are_found():
    assert len(NAMES) > 5
    assert {"contracts.errors", "datamodules.splits.stratified_splits", "lightning_modules.losses.focal"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_true(name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried > 0
    assert failed == 0
