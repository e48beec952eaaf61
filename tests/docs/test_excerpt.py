"""The README shows lines that `python train.py` prints."""

from __future__ import annotations

import re

import markdown_pages as md

import train


def to_pattern(line: str) -> str:
    """The line with each number as one sign, and without its margin; the folders of a run are all alike."""
    line = re.sub(r"(/\S+/)?runs\b", "runs", line)
    return re.sub(r"\s+", " ", re.sub(r"\d[\d,.]*", "0", line)).strip()


def test_the_excerpt_is_what_the_demo_prints(tmp_path, capsys, untouched):
    (excerpt,) = [block for block in md.blocks(md.README) if block.text.startswith("data: ")]
    folders = ("--trainer.default_root_dir", str(tmp_path / "runs"), "--data.cache_dir", str(tmp_path / "cache"))
    assert train.main(["--trainer.max_epochs", "2", "--trainer.accelerator", "cpu", *folders]) == 0
    printed = {to_pattern(line) for line in capsys.readouterr().out.splitlines()}
    shown = [to_pattern(line) for line in excerpt.text.splitlines()]
    assert len(shown) > 10
    assert [line for line in shown if line not in printed] == []
