"""The command line of `predict.py`: options, checks and help."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import NoReturn

from commands.output_file import check_output
from contracts.errors import UsageError, suggest_name
from datamodules.sources.text_inputs import resolve_inputs

_FORMATS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
"""Output format by file suffix."""
_EXAMPLES = """\
examples:
  python predict.py runs/mine "a text" "another one"             texts as arguments
  python predict.py runs/mine new.csv --output labelled.csv      a CSV file with the text column of training
  python predict.py runs/mine new.csv --keep_columns --excel --output labelled.csv
                                                                 all columns of new.csv, for Excel
  python predict.py runs/mine new.jsonl --text_column review     the texts are in another column
  cat lines.txt | python predict.py runs/mine --format jsonl     one text per line

The output has the columns text, prediction, confidence (the probability of the prediction), and probability:NAME for
each class, in the order of the texts.
"""


def parse_prediction_options(arguments: list[str]) -> argparse.Namespace:
    """Parses and checks the command line; resolves `inputs` and sets `format`.

    Raises:
        UsageError: An option is unknown, out of range or contradicts another, a file is missing, or the output cannot
            be written.
    """
    options = _create_parser().parse_intermixed_args(arguments)  # options may stand between run and texts
    if options.batch_size < 1:
        raise UsageError(f"--batch_size must be at least 1, got {options.batch_size}")
    if options.tta is not None and options.tta < 1:
        raise UsageError(f"--tta counts the text itself and must be at least 1, got {options.tta}")
    options.inputs = resolve_inputs(options.inputs)
    if options.output is not None:
        check_output(Path(options.output), [source for source in options.inputs if isinstance(source, Path)])
    options.format = options.format or _choose_format(options.output)
    if options.excel and options.format == "jsonl":
        raise UsageError("--excel writes a byte order mark for Excel, which JSON lines must not have; use --format csv")
    return options


def _choose_format(output: str | None) -> str:
    """Returns the format for the suffix of the output, csv by default; raises `UsageError` for workbooks."""
    suffix = Path(output or "").suffix.lower()
    if suffix in (".xlsx", ".xls"):
        raise UsageError(f"--output {output}: workbooks cannot be written; name a .csv file and add --excel")
    return _FORMATS.get(suffix, "csv")


class _Parser(argparse.ArgumentParser):
    """Raises `UsageError` instead of printing the usage, and suggests the most similar option."""

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (-[^\s=]+)", message)
        if unknown:
            options = [option for action in self._actions for option in action.option_strings if option[:2] == "--"]
            near = suggest_name(unknown[1], options)
            message = f"there is no option {unknown[1]}.{near} A text that begins with - comes after --"
        elif message.startswith("the following arguments are required"):
            message = "name a run folder or a checkpoint: python predict.py runs/NAME new.csv"
        message = message.removeprefix("argument ").rstrip(".")
        raise UsageError(f"{message}; `python predict.py --help` lists every option")


def _create_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="predict.py",
        description="Labels new texts with a trained model.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("run", metavar="RUN", help="a run folder (its best checkpoint), runs/NAME (the newest run), or a checkpoint")
    add(
        "inputs", nargs="*", metavar="INPUT",
        help="a file (CSV, TSV, JSON lines, else one text per line; .gz too), a text, or - for the standard input "
        "(default)",
    )  # fmt: skip
    add("--output", metavar="FILE", help="where to write the predictions (default: standard output)")
    add("--format", choices=["csv", "tsv", "jsonl"], help="of the output (default: by the suffix of --output, or csv)")
    add("--keep_columns", action="store_true", help="write all columns of the input, before those of the prediction")
    add("--excel", action="store_true", help="begin CSV and TSV so that Excel reads them as UTF-8")
    add("--text_column", metavar="NAME", help="the column of the texts (default: as in training)")
    add("--text_pair_column", metavar="NAME", help="the column of the second texts (default: as in training)")
    add("--encoding", default="utf-8", help="of files and the standard input, such as gb18030 (default: utf-8)")
    add("--batch_size", type=int, default=256, metavar="N", help="texts per batch (default: 256)")
    add(
        "--tta",
        type=int,
        metavar="N",
        help="average over the text and N - 1 variants (default: --data.tta of the run)",
    )
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1 … (default: auto)")
    return parser
