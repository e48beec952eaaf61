"""The help of `train.py`: short, quick, made of the constructors, and true to what the parser takes."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import train
from commands import help as help_page
from commands.class_docs import list_implementations, read_classes
from commands.class_registry import CLASS_OPTIONS, get_parameters, get_registered_classes
from lightning_modules.text_classifier import TextClassifier

ROOT = Path(__file__).parents[2]
PAGE = help_page.format_first_page()
GROUPS = [group for groups in help_page.FIRST_PAGE.values() for group in groups]


@pytest.fixture(scope="module")
def option_names(tmp_path_factory):
    """All options of `train.py`, as its parser has them."""
    from commands.option_parser import OptionParser
    from commands.selected_classes import SelectedClasses

    names: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:

        def keep(self, arguments, checked=None):
            names.update(SelectedClasses(checked).option_names)
            raise SystemExit(0)

        patch.setattr(OptionParser, "parse_options", keep)
        with pytest.raises(SystemExit):
            train.main([])
    return names


def test_the_first_page_has_at_most_80_lines_of_at_most_120_characters():
    lines = PAGE.splitlines()
    assert len(lines) <= 80
    assert max(map(len, lines)) <= 120
    assert [line for line in lines if line.endswith(":") and not line.startswith(" ")] == [
        *("data:", "model:", "training:", "callbacks:", "run:", "more help:")
    ]


def test_help_comes_at_once_without_torch():
    code = "import sys, train; train.main(['--help']); sys.exit('torch' in sys.modules)"
    start = time.perf_counter()
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert len(answer.stdout.splitlines()) == len(PAGE.splitlines())
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.prefix)
def test_each_option_on_the_page_exists_and_has_a_meaning(group, option_names):
    parameters = {doc.name: doc for doc in read_classes(group.file)[group.class_name].parameters}
    for name in group.options:
        assert parameters[name].meaning, name
        owner, _, _ = group.prefix.rpartition(".")
        assert f"{group.prefix}.{name}" in option_names or (owner and name in parameters)
        assert f"--{group.prefix}.{name}" in PAGE


def test_the_learning_rate_is_that_of_the_default_optimizer():
    (doc,) = help_page.OPTIMIZER_OPTIONS
    optimizer = TextClassifier().factories.optimizer([torch.nn.Parameter(torch.zeros(1))])
    assert doc.name in get_parameters(type(optimizer))
    assert float(doc.default) == optimizer.defaults[doc.name]
    assert f"--model.optimizer.{doc.name} {doc.default}" in PAGE


def test_options_of_the_run_exist(option_names):
    for doc in (*help_page.RUN_OPTIONS, *help_page.LIGHTNING_OPTIONS):
        assert doc.name in option_names


@pytest.mark.parametrize("key", help_page.CLASS_FOLDERS)
def test_the_classes_found_in_the_source_are_those_that_the_option_takes(key):
    docs = {doc.name: doc for doc in list_implementations(*help_page.CLASS_FOLDERS[key])}
    classes = {n: cls for n, cls in get_registered_classes(key).items() if not cls.__module__.startswith("torch")}
    assert docs.keys() == classes.keys()
    for name, cls in classes.items():
        parameters = get_parameters(cls)
        assert [doc.name for doc in docs[name].parameters] == list(parameters)
        for doc in docs[name].parameters:
            default = parameters[doc.name].default
            assert (doc.default is None) == (default is inspect.Parameter.empty)
            if default is None or isinstance(default, bool):
                assert doc.default == {None: "null", True: "true", False: "false"}[default], (name, doc.name)
            elif isinstance(default, int | float | str):
                assert doc.default == str(default), (name, doc.name)


@pytest.mark.parametrize("key", [key for key in CLASS_OPTIONS if key != "compare"])
def test_an_option_that_names_a_class_lists_its_classes(key, capsys):
    assert train.main([f"--{key}.help"]) == 0
    printed = capsys.readouterr().out
    for name in get_registered_classes(key):
        (line,) = (line for line in printed.splitlines() if line.startswith(f"  {name} "))
        assert len(line.split(maxsplit=1)[1]) > 10, line


def test_the_options_of_one_class_are_shown_with_types_defaults_and_meanings(capsys):
    assert train.main(["--model.encoder.help", "RNN"]) == 0
    printed = capsys.readouterr().out
    assert "--model.encoder.cell  (Literal['lstm', 'gru']; default lstm)" in printed
    assert "--model.encoder.hidden_size  (int; default 128)" in printed
    assert train.main(["--model.lr_scheduler.help=StepLR"]) == 0
    assert "--model.lr_scheduler.step_size  (int; required)" in capsys.readouterr().out


def test_help_on_an_unknown_class_is_refused(capsys):
    assert train.main(["--model.loss.help", "Focla"]) == 2
    assert 'no choice named Focla. Did you mean "Focal"?' in capsys.readouterr().err


def test_all_options_are_printed_on_demand(capsys, option_names):
    with pytest.raises(SystemExit) as ended:
        train.main(["--help_all"])
    assert ended.value.code in (0, None)
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 800
    for name in {name for name in option_names if name[0] != "-"}:
        assert f"--{name}" in printed, name


def test_the_first_line_comes_before_the_imports_and_leaves_the_standard_output_alone(tmp_path):
    command = [sys.executable, str(ROOT / "train.py"), "--print_config"]
    environment = {key: value for key, value in os.environ.items() if key != "LOCAL_RANK"}
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        first = process.stderr.readline()
        seconds = time.perf_counter() - start
        printed = process.stdout.read()
    assert first.startswith("Loading PyTorch")
    assert seconds < 1
    assert printed.startswith(("seed_everything:", "# "))


@pytest.mark.parametrize("arguments", [["--help"], ["--model.encoder.help", "RNN"], ["--help_all"]], ids=" ".join)
def test_help_whose_reader_has_gone_ends_without_a_traceback(arguments):
    """`python train.py --help | head -1`: the reader closes the pipe before all of it is written."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [sys.executable, "train.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writer)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize("argument", ["fit", "--data.source.path=help", "x.help", "--name=--help_all"])
def test_a_run_whose_reader_has_gone_is_no_success(argument, monkeypatch):
    def fail(arguments):
        raise BrokenPipeError

    monkeypatch.setattr(train, "_train", fail)
    with pytest.raises(BrokenPipeError):
        train.main([argument])
