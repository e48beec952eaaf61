"""The complete classes of the pages work where the pages put them; data, configs and snippets that are shown work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import markdown_pages as md
import pytest
import yaml
from command_runner import CommandRunner

from datamodules.sources.files import Files

KINDS = {"encoders", "losses", "samplers", "augmentations"}


def test_there_is_a_complete_example_of_each_kind():
    kinds = [example.path.split("/")[1] for example in md.examples()]
    assert set(kinds) == KINDS
    for example in md.examples():
        assert not (md.ROOT / example.path).exists(), f"{example.place}: {example.path} exists already"
        compile(example.text, example.path, "exec")


def test_the_examples_pass_the_tests_of_their_extension_point_and_train(tmp_path: Path):
    """In another process and a copy of the project, since classes are found by being there."""
    copy = tmp_path / "project"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "runs", "*.egg-info", "build")
    shutil.copytree(md.ROOT, copy, ignore=ignored)
    for example in md.examples():
        (copy / example.path).write_text(example.text, encoding="utf-8")
    names = [example.class_name for example in md.examples()]
    files = ["tests/docs/examples_in_place.py", *map(str, sorted((copy / "tests" / "contracts").glob("test_*.py")))]
    options = ["-p", "no:cacheprovider", "-n", "0", "-rpf", "--show-capture=no", "-W", "ignore"]
    environment = os.environ | {"PYTHONPATH": str(copy)}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files, "-k", " or ".join(["examples_in_place", *names])],
        cwd=copy, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, re.sub(r"^PASSED .*\n", "", ended.stdout, flags=re.MULTILINE)[-9000:]
    for name in names:
        passed = re.findall(rf"^PASSED (tests/\w+)/.*{name}", ended.stdout, flags=re.MULTILINE)
        assert {"tests/contracts", "tests/docs"} <= set(passed), f"{name} was not tested"


CONFIGS = [block for page in md.ALL for block in md.blocks(page) if block.language == "yaml"]


@pytest.mark.parametrize("block", CONFIGS, ids=lambda block: block.place)
def test_a_config_of_the_pages_is_accepted(block: md.Block, runner: CommandRunner):
    assert isinstance(yaml.safe_load(block.text), dict)
    (runner.folder / "shown.yaml").write_text(block.text, encoding="utf-8")
    runner.check("python train.py --config shown.yaml")


TABLES = [block for page in md.ALL for block in md.blocks(page) if block.language in ("csv", "tsv")]


@pytest.mark.parametrize("block", TABLES, ids=lambda block: block.place)
def test_a_table_of_the_pages_is_read(block: md.Block, tmp_path: Path):
    file = tmp_path / f"table.{block.language}"
    file.write_text(block.text + "\n", encoding="utf-8")
    rows = Files(str(file)).read()["train"]
    assert len(rows.texts) == len(block.text.splitlines()) - 1
    assert all(rows.texts)
    assert all(rows.labels)


SNIPPETS = [
    block
    for page in md.ALL
    for block in md.blocks(page)
    if block.language == "python" and block.place not in {example.place for example in md.examples()}
]


@pytest.mark.parametrize("page", dict.fromkeys(block.page for block in SNIPPETS), ids=lambda page: page.name)
def test_the_snippets_of_a_page_run_one_after_the_other(page: Path, runner: CommandRunner, monkeypatch):
    monkeypatch.chdir(runner.folder)
    names: dict[str, object] = {"__name__": "__main__"}
    for block in SNIPPETS:
        if block.page == page:
            text = re.sub(r'"RUN\b', f'"{runner.run}', block.text)
            text = text.replace('"DIR"', '"splits"')
            exec(compile(text, block.place, "exec"), names)
