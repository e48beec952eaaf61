"""The command of `explore.py`: reads and analyzes the data, prints and writes the report."""

from __future__ import annotations

import json
import logging
import re
import shlex
import time
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml
from jsonargparse import Namespace

from commands.class_registry import format_unknown_class
from commands.exploration_options import EXPLORE_OPTIONS
from commands.implied_options import choose_tokenizer_by_texts
from commands.input_files import list_input_files
from commands.option_parser import OptionParser
from commands.output_file import check_output, open_output
from contracts.console import announce, create_console
from contracts.errors import UsageError
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.base import Tokenizer
from datamodules.vectors.files import open_vector_file
from exploration.advice.all_advice import list_advice
from exploration.corpus import read_corpus
from exploration.data_report import analyze_corpus
from exploration.rendering.html_page import render_page
from exploration.rendering.terminal_report import print_report
from exploration.statistics.tokenizer_reports import format_tokenizer_name


def explore(arguments: list[str]) -> None:
    """Analyzes the data, writes the page and the JSON file, and prints the report.

    Args:
        arguments: Command-line arguments, without the script's name.

    Raises:
        UsageError: An option is invalid.
        DataError: The data are invalid.
    """
    start = time.perf_counter()
    for noisy in ("pytorch_lightning", "lightning_fabric", "matplotlib.font_manager"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    parser = _create_parser()
    config = _parse_options(parser, arguments)
    if not 0 < config.near_threshold <= 1:
        raise UsageError(
            f"--near_threshold is a similarity and must be in (0, 1], got {config.near_threshold:g}; 0.8 is usual"
        )
    reason = choose_tokenizer_by_texts(config, _reduce_configs(arguments), parser.get_defaults().data.tokenizer)
    objects = parser.instantiate(config)
    data: TextDataModule = objects.data
    tokenizers = _remove_equal_tokenizers([data.tokenizer, *(create() for create in objects.compare)])
    vectors = None if config.vectors is None else open_vector_file(config.vectors)
    page_file = _choose_page_file(config.output, data.source.name)
    json_file = page_file.with_suffix(".json")
    inputs = list_input_files(config, data.source)
    for file in (page_file, json_file):
        check_output(file, inputs, create_folder=True)
    console = create_console(width=120)
    if reason is not None:
        announce(reason)
    with console.status("reading") as status:
        corpus = read_corpus(data.source, data.preparation_options)
        report = analyze_corpus(corpus, tokenizers, config.near_threshold, lambda step: status.update(step), vectors)
        advice = list_advice(report)
        page = render_page(report, advice, shlex.join(["python", "explore.py", *arguments]))
        plain_advice = [{"section": item.section, "text": item.text, "options": item.options} for item in advice]
        _write_text(page_file, page)
        _write_text(json_file, json.dumps(report.to_dict() | {"advice": plain_advice}, ensure_ascii=False, indent=1))
    print_report(report, advice, console)
    seconds = time.perf_counter() - start
    console.print(f"\nPage: {page_file}\nJSON: {json_file}\n{seconds:.0f} s", soft_wrap=True)
    if config.open:
        webbrowser.open(page_file.resolve().as_uri())


def _create_parser() -> OptionParser:
    """Creates the parser: all options of `train.py` below `--data`, and those of this command."""
    meanings = {option.name: option.meaning for option in EXPLORE_OPTIONS}
    parser = OptionParser(
        prog="explore.py",
        description="Statistics, checks and advice on labeled texts before any training. All options of train.py below "
        "--data are accepted; those that concern training only have no effect.",
    )
    parser.add_lightning_class_args(TextDataModule, "data")
    parser.add_argument("--config", action="config", help=meanings["config"])
    parser.add_argument("--compare", type=list[Callable[[], Tokenizer]], default=[], help=meanings["compare"])
    parser.add_argument("--vectors", type=str | None, default=None, help=meanings["vectors"])
    parser.add_argument("--near_threshold", type=float, default=0.8, help=meanings["near_threshold"])
    parser.add_argument("--output", type=str | None, default=None, help=meanings["output"])
    parser.add_argument("--open", action="store_true", help=meanings["open"])
    return parser


def _parse_options(parser: OptionParser, arguments: list[str]) -> Namespace:
    """Parses the command line; errors on `--compare` get a message with the syntax of a list of tokenizers."""
    try:
        return parser.parse_options(_reduce_configs(arguments))
    except UsageError as error:
        raise UsageError(_format_compare_error(str(error))) from error


def _format_compare_error(message: str) -> str:
    """Converts a parser message on `--compare` to one for a list of tokenizers; returns other messages unchanged."""
    unknown = re.match(r"--compare names nothing that is there: '(.+)'", message)
    if unknown:
        return format_unknown_class("data.tokenizer", unknown[1]).replace("--data.tokenizer", "--compare", 1)
    wrong = re.match(r"--compare must be .*, got (.+)$|Parser key \"compare\": Expected a .* Got value: (.+)$", message)
    if wrong:
        return f"--compare takes a list of tokenizers, such as '[Words, Characters]', got {wrong[1] or repr(wrong[2])}"
    return message


def _reduce_configs(arguments: list[str]) -> list[str]:
    """Replaces each `--config FILE` of `train.py` by its `data` part; the parser reports unreadable files."""
    reduced: list[str] = []
    for position, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        previous = arguments[position - 1] if position else ""
        if previous == "--config" or (name == "--config" and equals):
            path = value if equals else argument
            try:
                content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            except (OSError, ValueError, yaml.YAMLError):
                content = None
            if isinstance(content, dict):
                argument = json.dumps({"data": content["data"]} if isinstance(content.get("data"), dict) else {})
                argument = f"--config={argument}" if equals else argument
        reduced.append(argument)
    return reduced


def _remove_equal_tokenizers(tokenizers: Sequence[Tokenizer]) -> list[Tokenizer]:
    """Removes tokenizers with the class and arguments of an earlier one."""
    different: dict[tuple[str, str], Tokenizer] = {}
    for tokenizer in tokenizers:
        different.setdefault((format_tokenizer_name(tokenizer), tokenizer.fingerprint()), tokenizer)
    return list(different.values())


def _choose_page_file(output: str | None, name: str) -> Path:
    """Returns the path of the page: `--output` if it is a page, otherwise NAME.html in that folder.

    Raises:
        UsageError: `--output` is an existing file that is no page.
    """
    path = Path("runs", "explore") if output is None else Path(output)
    is_page = path.suffix.lower() in (".html", ".htm")
    if not is_page and path.is_file():
        raise UsageError(f"--output {path} is a file; name a .html file or a folder")
    return path if is_page else path / f"{name}.html"


def _write_text(file: Path, text: str) -> None:
    """Writes a text file; lone surrogates become question marks."""
    with open_output(file, errors="replace") as stream:
        stream.write(text)
