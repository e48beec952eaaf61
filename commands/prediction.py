"""The command of `predict.py`: predicts the labels of texts and writes them, chunk by chunk while texts are read."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO, cast

from commands.output_file import open_output
from commands.prediction_writers import DelimitedWriter, JsonLinesWriter, PredictionWriter
from contracts.control_characters import escape_control_characters
from contracts.errors import UsageError
from datamodules.sources.text_inputs import is_table
from datamodules.sources.text_stream import NewText, NewTexts, TextColumns
from lightning_modules.checkpoints import find_checkpoint, find_run_folder
from lightning_modules.predictor import BATCHES_PER_CHUNK, Prediction, Predictor, load


def predict(options: argparse.Namespace) -> None:
    """Predicts the labels of all texts and writes the predictions.

    Args:
        options: The result of `parse_prediction_options`.

    Raises:
        UsageError: An option does not fit the model or the inputs.
        DataError: A checkpoint or a text is invalid.
    """
    predictor = _load_predictor(options)
    texts = _open_texts(options, predictor)
    chunks = _predict_chunks(predictor, iter(texts), options)
    first = next(chunks, [])  # before the output is opened, so that an error in the first texts creates no file
    with _open_destination(options.output) as file:
        writer = _create_writer(file, options, predictor, texts.first_texts)
        num_texts = 0
        for chunk in chain([first], chunks):
            for text, prediction in chunk:
                writer.write(_select_columns(text, predictor.pairs), prediction)
            num_texts += len(chunk)
            file.flush()
    if options.output is not None:
        print(f"{options.output}: {num_texts:,} text{'s' * (num_texts != 1)}", file=sys.stderr)


def _load_predictor(options: argparse.Namespace) -> Predictor:
    """Loads the checkpoint; prints its path if the newest of several runs was selected."""
    path = Path(options.run)
    checkpoint = find_checkpoint(path)
    if path.is_dir() and find_run_folder(path) != path:
        print(f"newest run of {path}: {checkpoint}", file=sys.stderr)
    return load(checkpoint, options.device, options.tta)


def _open_texts(options: argparse.Namespace, predictor: Predictor) -> NewTexts:
    """Opens the inputs; their text columns default to those of training."""
    if options.text_pair_column is not None and not predictor.pairs:
        raise UsageError("--text_pair_column: the model was trained on single texts; leave the option out")
    if options.keep_columns:
        _check_tables(options.inputs)
    trained = predictor.bundle.text_columns or TextColumns()
    pair = (options.text_pair_column or trained.text_pair) if predictor.pairs else None
    note = "" if predictor.bundle.text_columns is None else f"The run was trained on {trained.format(predictor.pairs)}."
    if "-" in options.inputs and isinstance(sys.stdin, io.TextIOWrapper) and sys.stdin.isatty():
        print("reading one text per line from the terminal; Ctrl-D ends", file=sys.stderr)
    columns = TextColumns(options.text_column or trained.text, pair)
    return NewTexts(options.inputs, columns, options.encoding, options.keep_columns, note)


def _check_tables(inputs: list[Path | str]) -> None:
    """Raises `UsageError` for `--keep_columns` with an input that has no columns."""
    plain = next((source for source in inputs if not is_table(source)), None)
    if plain is not None:
        name = "the standard input" if plain == "-" else repr(plain[:60]) if isinstance(plain, str) else str(plain)
        raise UsageError(
            f"--keep_columns keeps the columns of CSV, TSV and JSON lines, and {name} is plain text without columns; "
            "leave the option out"
        )


def _predict_chunks(
    predictor: Predictor, texts: Iterator[NewText], options: argparse.Namespace
) -> Iterator[list[tuple[NewText, Prediction]]]:
    """Yields chunks of texts with their predictions."""
    size = options.batch_size if "-" in options.inputs else options.batch_size * BATCHES_PER_CHUNK
    while chunk := list(islice(texts, size)):
        predictions = predictor.predict([(text.text, text.pair) for text in chunk], options.batch_size)
        yield list(zip(chunk, predictions, strict=True))


def _open_destination(output: str | None) -> AbstractContextManager[TextIO]:
    """Opens the output file, or the standard output in UTF-8."""
    if output is not None:
        return open_output(Path(output))
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")  # escapes characters that the terminal cannot encode
            return nullcontext(cast(TextIO, _TerminalOutput(sys.stdout)))
        sys.stdout.reconfigure(encoding="utf-8")
    return nullcontext(sys.stdout)


class _TerminalOutput:
    """Writes to a terminal, which control characters in a label or a text cannot affect; files have them unchanged."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        """Writes a text, its control characters escaped."""
        return self._terminal.write(escape_control_characters(text))

    def flush(self) -> None:
        """Flushes the terminal's buffer."""
        self._terminal.flush()


def _create_writer(
    file: TextIO, options: argparse.Namespace, predictor: Predictor, first_texts: list[NewText]
) -> PredictionWriter:
    """Creates the writer of the output format; its columns are those of the input, or the texts alone."""
    if options.keep_columns:
        columns = list(dict.fromkeys(name for text in first_texts for name in text.row or ()))
    else:
        columns = ["text", "text_pair"] if predictor.pairs else ["text"]
    if options.format == "jsonl":
        return JsonLinesWriter(file, columns)
    delimiter = "\t" if options.format == "tsv" else ","
    return DelimitedWriter(file, columns, predictor.label_names, delimiter, options.excel)


def _select_columns(text: NewText, pairs: bool) -> dict[str, Any]:
    """Returns all columns of a text with `--keep_columns`, otherwise its text columns only."""
    if text.row is not None:
        return text.row
    return {"text": text.text, "text_pair": text.pair} if pairs else {"text": text.text}
