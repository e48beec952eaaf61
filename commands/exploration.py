"""What `explore.py` does: the data that `train.py` would train on, looked at from all sides."""

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
from rich.console import Console

from commands.class_registry import format_unknown_class
from commands.option_parser import OptionParser
from commands.output_file import check_output, open_output
from contracts.errors import UsageError
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.base import Tokenizer
from datamodules.vectors.files import open_vector_file
from exploration.advice import give_advice
from exploration.corpus import read_corpus
from exploration.data_report import analyze_corpus
from exploration.html_page import render_page
from exploration.terminal_report import print_report
from exploration.tokenizer_reports import format_tokenizer_name


def explore(arguments: list[str]) -> None:
    """Runs the whole command.

    Raises:
        UsageError: A choice that cannot be.
        DataError: Data that cannot be used.
    """
    start = time.perf_counter()
    for noisy in ("pytorch_lightning", "lightning_fabric", "matplotlib.font_manager"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    parser = _parser()
    given = _without_the_model(arguments)
    chosen = _parsed(parser, given)
    if not 0 < chosen.near_threshold <= 1:
        raise UsageError(
            f"--near_threshold is a similarity and must be in (0, 1], got {chosen.near_threshold:g}; 0.8 is usual"
        )
    made = parser.instantiate(chosen)
    data: TextDataModule = made.data
    tokenizers = _different([data.tokenizer, *(make() for make in made.compare)])
    vectors = None if chosen.vectors is None else open_vector_file(chosen.vectors)
    file = _page_file(chosen.output, data.source.name)
    check_output(file, create_folder=True)
    console = Console(width=None if Console().is_terminal else 120)
    with console.status("reading") as status:
        corpus = read_corpus(data.source, data.choices)
        found = analyze_corpus(corpus, tokenizers, chosen.near_threshold, lambda what: status.update(what), vectors)
        advised = give_advice(found)
        written = render_page(found, advised, shlex.join(["python", "explore.py", *arguments]))
        plain = found.to_dict() | {
            "advice": [{"about": a.about, "text": a.text, "options": a.options} for a in advised]
        }
        _write(file, written)
        _write(file.with_suffix(".json"), json.dumps(plain, ensure_ascii=False, indent=1))
    print_report(found, advised, console)
    console.print(f"{time.perf_counter() - start:.0f} s; all figures: {file.with_suffix('.json')}", highlight=False)
    console.print(f"page: {file}", highlight=False, soft_wrap=True)
    if chosen.open:
        webbrowser.open(file.resolve().as_uri())


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="explore.py", description="Looks at labelled texts before any training. All options of train.py that "
        "choose data are taken; those that only matter for training change nothing."
    )  # fmt: skip
    parser.add_lightning_class_args(TextDataModule, "data")
    parser.add_argument("--config", action="config", help="A config of train.py; what it says of the data is read.")
    parser.add_argument(
        "--compare", type=list[Callable[[], Tokenizer]], default=[],
        help="More tokenizers to report on, side by side: '[Words, Characters, Mixed, Subwords]'.",
    )  # fmt: skip
    parser.add_argument(
        "--vectors", type=str | None, default=None,
        help="A file of word vectors; how many tokens of each tokenizer it has. Read once for each of them.",
    )  # fmt: skip
    parser.add_argument(
        "--near_threshold", type=float, default=0.8, help="Least similarity of near-duplicates, in (0, 1]."
    )
    parser.add_argument(
        "--output", type=str | None, default=None,
        help="The page, or a folder for it; runs/explore/NAME.html where not given. The figures are beside it as JSON.",
    )  # fmt: skip
    parser.add_argument("--open", action="store_true", help="Shows the page in the browser.")
    return parser


def _parsed(parser: OptionParser, arguments: list[str]) -> Namespace:
    try:
        return parser.parse_options(arguments)
    except UsageError as error:
        raise UsageError(_about_compare(str(error))) from error


def _about_compare(message: str) -> str:
    """Says what a list of tokenizers takes, where the parser only knows that it is none."""
    unknown = re.match(r"--compare names nothing that is there: '(.+)'", message)
    if unknown:
        return format_unknown_class("data.tokenizer", unknown[1]).replace("--data.tokenizer", "--compare", 1)
    wrong = re.match(r"--compare must be .*, got (.+)$", message)
    if wrong:
        return f"--compare takes a list of tokenizers, such as '[Words, Characters]', got {wrong[1]}"
    return message


def _without_the_model(arguments: list[str]) -> list[str]:
    """Takes from configs of `train.py` what they say of data; what cannot be read is the parser's to refuse."""
    left: list[str] = []
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        before = arguments[place - 1] if place else ""
        if before == "--config" or (name == "--config" and equals):
            path = value if equals else argument
            try:
                plain = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            except (OSError, ValueError, yaml.YAMLError):
                plain = None
            if isinstance(plain, dict):
                argument = json.dumps({"data": plain["data"]} if isinstance(plain.get("data"), dict) else {})
                argument = f"--config={argument}" if equals else argument
        left.append(argument)
    return left


def _different(tokenizers: Sequence[Tokenizer]) -> list[Tokenizer]:
    """Each once, in the order given; made with the same arguments they are the same."""
    found: dict[tuple[str, str], Tokenizer] = {}
    for tokenizer in tokenizers:
        found.setdefault((format_tokenizer_name(tokenizer), tokenizer.fingerprint()), tokenizer)
    return list(found.values())


def _page_file(output: str | None, name: str) -> Path:
    """Where the page goes."""
    path = Path("runs", "explore") if output is None else Path(output)
    is_page = path.suffix.lower() in (".html", ".htm")
    return path if is_page else path / f"{name}.html"


def _write(file: Path, text: str) -> None:
    with open_output(file, errors="replace") as stream:
        stream.write(text)
