"""What `augment.py` does: training texts before and after each augmentation, or a table of all changed ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from commands.class_choice import plain_class_choice
from commands.messages import ShortErrorParser, with_full_names
from commands.unknown_names import refuse_unknown_names
from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.draws import Draws
from datamodules.augmentations.pieces import by_characters
from datamodules.augmentations.pipeline import Pipeline
from datamodules.errors import UsageError
from datamodules.rebuildable import final_subclasses
from datamodules.text_datamodule import TextDataModule


def augment(arguments: list[str]) -> None:
    """Runs the whole command.

    Raises:
        UsageError: A choice that cannot be.
        DataError: Data that cannot be used.
    """
    parser = _parser()
    if not {"-h", "--help"} & set(arguments):
        refuse_unknown_names(parser, arguments)
    try:
        with plain_class_choice():
            config = parser.parse_args(arguments)
    except UsageError as error:
        raise UsageError(with_full_names(str(error), arguments)) from error
    if config.rows < 1:
        raise UsageError(f"--rows must be at least 1, got {config.rows}")
    if config.epoch < 0:
        raise UsageError(f"--epoch is counted from 0, got {config.epoch}")
    if config.output is None:
        _show(parser, config)
    else:
        _write(parser, config)


def _parser() -> ShortErrorParser:
    parser = ShortErrorParser(
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


def _show(parser: ShortErrorParser, config: Any) -> None:
    kinds = _chosen(parser, config)
    plain = config.clone()
    plain.data.augmentations, plain.data.augment = None, parser.get_defaults().data.augment
    data = parser.instantiate_classes(plain).data
    data.setup()
    texts = data.texts("train")
    pipeline = Pipeline(kinds)
    pipeline.fit(texts)
    draws = Draws.of_rows(config.seed, config.epoch, np.arange(len(texts)))
    console = Console(highlight=False)
    for number, kind in enumerate(kinds):
        _table(console, type(kind).__name__, texts, _lazily(texts, draws.branch(number), kind.augment), config.rows)
    if config.data.augmentations is not None and len(kinds) > 1:
        _table(console, "all in turn", texts, _lazily(texts, draws, pipeline.augment), config.rows)


def _chosen(parser: ShortErrorParser, config: Any) -> list[Augmentation]:
    if config.data.augmentations is not None:
        return parser.instantiate_classes(config).data.augmenter.pipeline.kinds
    kinds = []
    for kind in final_subclasses(Augmentation):  # type: ignore[type-abstract]  # final classes of the seam
        if not kind.offline_only:
            try:
                kinds.append(kind())
            except UsageError:  # it needs a file
                continue
    return kinds


_CHUNK = 64


def _lazily(texts: list[str], draws: Draws, change: Callable[[list[str], Draws], list[str]]) -> Any:
    """Rows spread over the texts with what becomes of each, as far as they are asked for."""
    order = np.random.default_rng(0).permutation(len(texts))
    for start in range(0, len(order), _CHUNK):
        places = order[start : start + _CHUNK]
        changed = change([texts[place] for place in places.tolist()], draws.take(places))
        yield from zip(places.tolist(), changed, strict=True)


def _table(console: Console, title: str, texts: list[str], changed: Any, rows: int) -> None:
    table = Table("row", "before", "after", title=title, title_justify="left", expand=True, show_lines=True)
    looked = shown = 0
    for place, text in changed:
        looked += 1
        if text != texts[place]:
            before, after = _highlighted(texts[place], text)
            table.add_row(str(place), before, after)
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
            side.append("".join(pieces[start:end]), None if what == "equal" else style)
    return sides


def _write(parser: ShortErrorParser, config: Any) -> None:
    if config.data.augmentations is None:
        raise UsageError("--output writes what augmentations add; name some with --data.augmentations")
    output = Path(config.output)
    if not output.parent.is_dir():
        raise UsageError(f"--output {output}: there is no folder {output.parent}")
    if config.data.augment.how == "on_the_fly":
        config.data.augment.how, config.data.augment.seed = "offline", config.seed
    data = parser.instantiate_classes(config).data
    data.setup()
    shutil.copyfile(data.cache_dir / data.fingerprint / "augmented.csv", output)
    for note in data.notes:
        print(note)
    print(f"written to {output}")
