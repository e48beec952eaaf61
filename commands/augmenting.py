"""The command of `augment.py`: shows training texts before and after each augmentation, or writes augmented copies."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from commands.augmenting_help import AUGMENT_OPTIONS
from commands.implied_options import choose_tokenizer_by_texts
from commands.input_files import list_input_files
from commands.option_parser import OptionParser
from commands.output_file import check_output, is_special_file, open_output
from contracts.console import announce, create_console
from contracts.control_characters import escape_control_characters
from contracts.discovery import find_implementations
from contracts.errors import UsageError
from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import segment_by_characters
from datamodules.augmenting.added_copies import COPIES_FILE, find_rare_classes
from datamodules.augmenting.augmenter import list_label_ids
from datamodules.augmenting.options import AugmentOptions
from datamodules.augmenting.pipeline import Pipeline
from datamodules.text_datamodule import TextDataModule

_CHUNK = 64  # texts per batch


def augment(arguments: list[str]) -> None:
    """Shows augmented texts, or writes them if `--output` is given.

    Args:
        arguments: Command-line arguments.

    Raises:
        UsageError: An option is invalid.
        DataError: The data are invalid.
    """
    parser = build_parser()
    config = parser.parse_options(arguments)
    if config.rows < 1:
        raise UsageError(f"--rows must be at least 1, got {config.rows}")
    if config.epoch < 0:
        raise UsageError(f"--epoch is counted from 0, got {config.epoch}")
    reason = choose_tokenizer_by_texts(config, arguments, parser.get_defaults().data.tokenizer)
    if reason is not None:
        announce(reason)
    if config.output is None:
        _show_augmented_texts(parser, config)
    else:
        _write_copies(parser, config)


def build_parser() -> OptionParser:
    """Builds the parser of `augment.py`."""
    parser = OptionParser(
        prog="augment.py",
        description="Shows training texts before and after augmentation, or writes augmented copies.",
    )
    types: dict[str, Any] = {"rows": int, "seed": int, "epoch": int, "output": str | None}
    for doc in AUGMENT_OPTIONS:
        if doc.name == "config":
            parser.add_argument("--config", action="config", help=doc.meaning)
        else:
            default = None if doc.default == "null" else int(doc.default or 0)
            parser.add_argument(f"--{doc.name}", type=types[doc.name], default=default, help=doc.meaning)
    parser.add_lightning_class_args(TextDataModule, "data")
    return parser


def _show_augmented_texts(parser: OptionParser, config: Any) -> None:
    """Prints a table of texts before and after each augmentation, and after all of them in sequence."""
    options = AugmentOptions(**vars(config.data.augment))
    options.check()
    augmentations = _choose_augmentations(parser, config)
    without = config.clone()
    without.data.augmentations, without.data.augment = None, parser.get_defaults().data.augment
    data = parser.instantiate_classes(without).data
    data.setup()
    texts, labels = data.load_texts("train"), list_label_ids(data.get_split("train").labels)
    pipeline = Pipeline(augmentations)
    pipeline.fit(texts, labels)
    streams = RandomStreams.from_rows(config.seed, config.epoch, np.arange(len(texts)))
    console = create_console(width=120)
    rows = _select_rows(labels, options)
    if not len(rows):
        console.print("no class is rare by --data.augment.below and .up_to, so no copy would be added")
        return
    names = data.spec.label_names
    shown = _ShownTexts(texts, [", ".join(names[label] for label in of_row) for of_row in labels], rows)
    for number, augmentation in enumerate(augmentations):
        changes = _iterate_changes(shown, streams.derive(number), augmentation.augment)
        _print_table(console, type(augmentation).__name__, shown, changes, config.rows)
    if config.data.augmentations is not None and len(augmentations) > 1:
        changes = _iterate_changes(shown, streams, pipeline.augment)
        _print_table(console, "all of them in sequence", shown, changes, config.rows)


class _ShownTexts(NamedTuple):
    """The training texts.

    Args:
        texts: All of them.
        labels: The label names of each text.
        rows: Rows of the texts that may be shown.
    """

    texts: list[str]
    labels: list[str]
    rows: np.ndarray


def _select_rows(labels: list[list[int]], options: AugmentOptions) -> np.ndarray:
    """Returns the rows of rare classes in mode `targeted`, otherwise all rows."""
    if options.mode != "targeted":
        return np.arange(len(labels))
    assert options.below is not None
    counts = Counter(label for of_row in labels for label in of_row)
    rare = set(find_rare_classes(counts, options.below, options.up_to)[0])
    return np.array([row for row, of_row in enumerate(labels) if rare.intersection(of_row)], np.int64)


def _choose_augmentations(parser: OptionParser, config: Any) -> list[Augmentation]:
    """Returns the configured augmentations; if there are none, all that need no file and no model."""
    if config.data.augmentations is not None:
        return parser.instantiate_classes(config).data.augmenter.pipeline.augmentations
    augmentations = []
    for cls in find_implementations(Augmentation):  # type: ignore[type-abstract]  # only concrete classes are called
        if not cls.offline_only:
            try:
                augmentations.append(cls())
            except UsageError:  # it needs a file
                continue
    return augmentations


def _iterate_changes(
    shown: _ShownTexts, streams: RandomStreams, augment_texts: Callable[[list[str], RandomStreams], list[str]]
) -> Iterator[tuple[int, str]]:
    """Yields rows in random order with their augmented texts, computed as they are consumed."""
    texts, order = shown.texts, np.random.default_rng(0).permutation(shown.rows)
    for start in range(0, len(order), _CHUNK):
        rows = order[start : start + _CHUNK]
        changed = augment_texts([texts[row] for row in rows.tolist()], streams.select(rows))
        yield from zip(rows.tolist(), changed, strict=True)


def _print_table(
    console: Console, title: str, shown: _ShownTexts, changes: Iterator[tuple[int, str]], max_rows: int
) -> None:
    """Prints up to `max_rows` changed texts before and after, and the number of changed and of tried texts."""
    table = Table("row", "label", title=title, title_justify="left", expand=True, show_lines=True)
    for name in ("before", "after"):
        table.add_column(name, overflow="fold", ratio=1)
    texts = shown.texts
    num_tried = num_changed = 0
    for row, text in changes:
        num_tried += 1
        if text != texts[row]:
            before, after = _highlight_differences(texts[row], text)
            table.add_row(str(row), Text(escape_control_characters(shown.labels[row])), before, after)
            num_changed += 1
            if num_changed == max_rows:
                break
    if num_changed:
        console.print(table)
    console.print(f"{title}: {num_changed} of {num_tried} texts changed\n")


def _highlight_differences(before: str, after: str) -> tuple[Text, Text]:
    """Returns both texts, with the removed segments of the first and the added segments of the second in color."""
    old, new = segment_by_characters(before), segment_by_characters(after)
    sides = Text(), Text()
    for operation, *bounds in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for side, segments, start, end, style in (
            (sides[0], old, bounds[0], bounds[1], "bold red"),
            (sides[1], new, bounds[2], bounds[3], "bold green"),
        ):
            side.append(
                escape_control_characters("".join(segments[start:end])), None if operation == "equal" else style
            )
    return sides


def _write_copies(parser: OptionParser, config: Any) -> None:
    """Writes the augmented copies of all training texts to `--output`; on-the-fly augmentations are applied once."""
    if config.data.augmentations is None:
        raise UsageError("--output writes what augmentations add; name some with --data.augmentations")
    output = Path(config.output)
    check_output(output)
    if output.suffix.lower() != ".csv" and not is_special_file(output):
        raise UsageError(f"--output {output}: augmented copies are written as CSV; name a .csv file")
    if config.data.augment.mode == "on_the_fly":
        config.data.augment.mode, config.data.augment.seed = "offline", config.seed
    data = parser.instantiate_classes(config).data
    check_output(output, list_input_files(config, data.source))
    data.setup()
    copies = data.cache_dir / data.fingerprint / COPIES_FILE
    with copies.open(encoding="utf-8", newline="") as cached, open_output(output) as file:
        shutil.copyfileobj(cached, file)
    for note in data.notes:
        announce(note)
    print(f"written to {output}")
