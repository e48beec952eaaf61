"""Run by `test_examples.py` in a copy of the project into which the complete examples of the pages were written."""

from __future__ import annotations

import markdown_pages as md
import pytest
from command_runner import CommandRunner

import predict
import train

EXAMPLES = [example.class_name for example in md.examples()]
COMMANDS = [command for command in md.commands() if any(name in command.line for name in EXAMPLES)]
OPTIONS = {
    "encoders": ("--model.encoder",),
    "losses": ("--model.loss",),
    "samplers": ("--data.sampler",),
    "augmentations": ("--data.augmentations",),
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.place}: {command.line}")
def test_a_command_is_accepted(command, runner: CommandRunner):
    runner.check(command.line)


@pytest.mark.parametrize("example", md.examples(), ids=lambda example: example.class_name)
def test_an_example_trains_for_a_step_and_predicts(example, stand_ins, tmp_path, capsys, untouched):
    options = OPTIONS[example.path.split("/")[1]]
    limits = ("--trainer.max_steps", "1", "--trainer.accelerator", "cpu")
    folders = ("--trainer.default_root_dir", str(tmp_path / "runs"), "--data.cache_dir", str(tmp_path / "cache"))
    data = ("--data.source", "Files", "--data.source.path", str(stand_ins / "splits"))
    assert train.main([*data, *options, example.class_name, *limits, *folders]) == 0
    (run,) = (tmp_path / "runs").glob("*/*")
    capsys.readouterr()
    assert predict.main([str(run), "a text of number 3"]) == 0
    assert "a text of number 3" in capsys.readouterr().out
