"""Every command of the README and the pages is one that the scripts accept, up to the reading of data."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import markdown_pages as md
import pytest
from command_runner import CommandRunner

import train

EXAMPLES = [example.class_name for example in md.examples()]
COMMANDS = [
    command for command in md.commands() if not any(re.search(rf"\b{name}\b", command.line) for name in EXAMPLES)
]
"""All but those that name a class to be written first, which `test_examples.py` tries."""


def test_the_commands_are_found():
    assert len(COMMANDS) > 60
    scripts = {word for command in COMMANDS for word in command.line.split() if word.endswith(".py")}
    assert scripts == {"train.py", "explore.py", "augment.py", "predict.py"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.place}: {command.line}")
def test_a_command_is_accepted(command, runner: CommandRunner):
    runner.check(command.line)


SESSIONS = [block for page in md.ALL for block in md.blocks(page) if block.language == "console"]


@pytest.mark.parametrize("block", SESSIONS, ids=lambda block: block.place)
def test_a_message_is_what_the_command_prints(block: md.Block, capsys, runner: CommandRunner):
    for part in re.split(r"^\$ python train\.py ", block.text, flags=re.MULTILINE)[1:]:
        arguments, *shown = part.splitlines()
        assert train.main(shlex.split(arguments)) == 2
        printed = capsys.readouterr().err
        for line in shown:
            assert line in printed


@pytest.fixture(scope="module")
def known_options(runner_of_module: CommandRunner) -> set[str]:
    return runner_of_module.all_options()


@pytest.mark.parametrize("page", md.ALL, ids=lambda page: page.name)
def test_an_option_in_the_text_exists(page: Path, known_options: set[str]):
    """Written as `--data.batch_size`, or short as `.weighting` where the part before the dot has been named."""
    last_words = {option.rsplit(".", 1)[-1].removeprefix("--") for option in known_options}
    for code in md.inline_code(page):
        if md.is_command(code):
            continue
        for option in re.findall(r"(?:^|[ (])(--[a-z][\w.]*\w)(?![\w.…-])", code):
            if "…" not in code:
                assert option in known_options, f"{page.name}: {code}"
        short = re.match(r"^\.([a-z]\w*)( .*)?$", code)
        if short and code != ".inf" and not _is_a_file_ending(code):
            assert short[1] in last_words, f"{page.name}: {code}"


def _is_a_file_ending(code: str) -> bool:
    return code in (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".gz", ".txt", ".vec", ".npz", ".xlsx", ".parquet")
