"""What `augment.py` does: training texts before and after each augmentation, or a table of all changed ones."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from commands.option_parser import OptionParser
from commands.output_file import check_output, open_output
from contracts.discovery import find_implementations
from contracts.errors import UsageError
from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import by_characters
from datamodules.augmenting.added_copies import COPIES_FILE, find_rare_classes
from datamodules.augmenting.augmenter import list_label_ids
from datamodules.augmenting.options import AugmentOptions
from datamodules.augmenting.pipeline import Pipeline
from datamodules.text_datamodule import TextDataModule
from exploration.control_characters import escape_control_characters


def augment(arguments: list[str]) -> None:
    """Runs the whole command.

    Raises:
        UsageError: A choice that cannot be.
        DataError: Data that cannot be used.
    """
    parser = _parser()
    config = parser.parse_options(arguments)
    if config.rows < 1:
        raise UsageError(f"--rows must be at least 1, got {config.rows}")
    if config.epoch < 0:
        raise UsageError(f"--epoch is counted from 0, got {config.epoch}")
    if config.output is None:
        _show(parser, config)
    else:
        _write(parser, config)


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="augment.py", description="Shows training texts before and after augmentation, or writes the changed ones."
    )
    parser.add_argument("--config", action="config", help="A config file with some of these options.")
    parser.add_argument("--rows", type=int, default=8, help="Changed texts to show of each augmentation.")
    parser.add_argument("--seed", type=int, default=0, help="Of all chance, as --seed_everything.")
    parser.add_argument("--epoch", type=int, default=0, help="Whose texts are shown, from 0.")
    parser.add_argument(
        "--output", type=str | None, default=None, help="A CSV file for the changed copies of all training texts."
    )
    parser.add_lightning_class_args(TextDataModule, "data")
    return parser


def _show(parser: OptionParser, config: Any) -> None:
    AugmentOptions(**vars(config.data.augment)).check()
    kinds = _chosen(parser, config)
    plain = config.clone()
    plain.data.augmentations, plain.data.augment = None, parser.get_defaults().data.augment
    data = parser.instantiate_classes(plain).data
    data.setup()
    texts, labels = data.load_texts("train"), list_label_ids(data.get_split("train").labels)
    pipeline = Pipeline(kinds)
    pipeline.fit(texts, labels)
    streams = RandomStreams.from_rows(config.seed, config.epoch, np.arange(len(texts)))
    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    places = _places(labels, config.data.augment)
    if not len(places):
        console.print("no class is rare by --data.augment.below and .up_to, so no copy would be added")
        return
    names = data.spec.label_names
    sides = _Sides(texts, [", ".join(names[number] for number in of_one) for of_one in labels], places)
    for number, kind in enumerate(kinds):
        _table(console, type(kind).__name__, sides, _lazily(sides, streams.derive(number), kind.augment), config.rows)
    if config.data.augmentations is not None and len(kinds) > 1:
        _table(console, "all in turn", sides, _lazily(sides, streams, pipeline.augment), config.rows)


class _Sides(NamedTuple):
    """What is shown.

    Args:
        texts: Of training.
        labels: The names of each.
        places: Of the texts that may be shown.
    """

    texts: list[str]
    labels: list[str]
    places: np.ndarray


def _places(labels: list[list[int]], options: Any) -> np.ndarray:
    """The texts of rare classes where only these are to be augmented, else all."""
    if options.mode != "targeted":
        return np.arange(len(labels))
    rare = set(
        find_rare_classes(Counter(label for of_one in labels for label in of_one), options.below, options.up_to)[0]
    )
    return np.array([place for place, of_one in enumerate(labels) if rare.intersection(of_one)], np.int64)


def _chosen(parser: OptionParser, config: Any) -> list[Augmentation]:
    if config.data.augmentations is not None:
        return parser.instantiate_classes(config).data.augmenter.pipeline.augmentations
    kinds = []
    for kind in find_implementations(Augmentation):  # type: ignore[type-abstract]  # final classes of the seam
        if not kind.offline_only:
            try:
                kinds.append(kind())
            except UsageError:  # it needs a file
                continue
    return kinds


_CHUNK = 64


def _lazily(sides: _Sides, streams: RandomStreams, change: Callable[[list[str], RandomStreams], list[str]]) -> Any:
    """Rows spread over the texts with what becomes of each, as far as they are asked for."""
    texts, order = sides.texts, np.random.default_rng(0).permutation(sides.places)
    for start in range(0, len(order), _CHUNK):
        places = order[start : start + _CHUNK]
        changed = change([texts[place] for place in places.tolist()], streams.select(places))
        yield from zip(places.tolist(), changed, strict=True)


def _table(console: Console, title: str, sides: _Sides, changed: Any, rows: int) -> None:
    table = Table("row", "label", title=title, title_justify="left", expand=True, show_lines=True)
    for name in ("before", "after"):
        table.add_column(name, overflow="fold", ratio=1)
    texts = sides.texts
    looked = shown = 0
    for place, text in changed:
        looked += 1
        if text != texts[place]:
            before, after = _highlighted(texts[place], text)
            table.add_row(str(place), Text(escape_control_characters(sides.labels[place])), before, after)
            shown += 1
            if shown == rows:
                break
    if shown:
        console.print(table)
    console.print(f"{title}: {shown} of the {looked} texts looked at were changed\n")


def _highlighted(before: str, after: str) -> tuple[Text, Text]:
    old, new = by_characters(before), by_characters(after)
    sides = Text(), Text()
    for what, *bounds in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for side, pieces, start, end, style in (
            (sides[0], old, bounds[0], bounds[1], "bold red"),
            (sides[1], new, bounds[2], bounds[3], "bold green"),
        ):
            side.append(escape_control_characters("".join(pieces[start:end])), None if what == "equal" else style)
    return sides


def _write(parser: OptionParser, config: Any) -> None:
    if config.data.augmentations is None:
        raise UsageError("--output writes what augmentations add; name some with --data.augmentations")
    output = Path(config.output)
    check_output(output)
    if config.data.augment.mode == "on_the_fly":
        config.data.augment.mode, config.data.augment.seed = "offline", config.seed
    data = parser.instantiate_classes(config).data
    data.setup()
    copies = data.cache_dir / data.fingerprint / COPIES_FILE
    with copies.open(encoding="utf-8", newline="") as cached, open_output(output) as file:
        shutil.copyfileobj(cached, file)
    for note in data.notes:
        print(note)
    print(f"written to {output}")
