"""Whole runs in one process: tiny data, tiny models, and the state that a run leaves in the process put back."""

from __future__ import annotations

import csv
import json
import logging
import os
import random
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import predict
import train

TINY = ("--model.encoder.embedding_dim", "16", "--model.encoder.num_filters", "8")
TINY_RNN = ("--model.encoder", "RNN", "--model.encoder.embedding_dim", "8", "--model.encoder.hidden_size", "8")

WORDS = {
    "fruit": ["apple", "pear", "plum", "grape", "melon", "cherry", "fig", "quince"],
    "metal": ["iron", "zinc", "copper", "silver", "nickel", "lead", "tin", "gold"],
    "river": ["rhine", "nile", "danube", "volga", "thames", "loire", "tiber", "oder"],
}
FILLING = ["the", "a", "of", "under", "before", "very", "small", "large", "seen", "today", "again", "near"]

LEARNING_EPOCHS = 5
"""After these the shared run knows all three classes."""

Row = dict[str, Any]


def rows(count: int, seed: int, *, several: bool = False, pairs: bool = False) -> list[Row]:
    """Texts of three classes, 6 : 3 : 1, that a tiny model learns in a few steps; odd words make some hard."""
    rng = random.Random(seed)
    made: list[Row] = []
    for number in range(count):
        label = "fruit" if number % 10 < 6 else "metal" if number % 10 < 9 else "river"
        words = rng.choices(WORDS[label], k=3) + rng.choices(FILLING, k=rng.randrange(4))
        if rng.random() < 0.15:
            words.append(rng.choice(WORDS[rng.choice(list(WORDS))]))
        rng.shuffle(words)
        row: Row = {"text": " ".join(words)}
        if pairs:
            row["text_pair"] = " ".join(rng.choices(FILLING, k=2))
        if several:
            row["labels"] = [name for name, belonging in WORDS.items() if set(belonging) & set(words)]
        else:
            row["label"] = label
        made.append(row)
    return made


def write_table(path: Path, table: Sequence[Row], delimiter: str = ",") -> Path:
    """Writes CSV or TSV; lists as JSON."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows([{k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()} for row in table])
    return path


def write_splits(folder: Path, **more: bool) -> Path:
    """90 training, 30 validation and 41 test texts as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (split, count) in enumerate({"train": 90, "validation": 30, "test": 41}.items()):
        write_table(folder / f"{split}.csv", rows(count, seed, **more))
    return folder


@contextmanager
def untouched_process() -> Iterator[None]:
    """Puts back what a run changes for the whole process: the seed, the level of logs, the filters of warnings."""
    environment = dict(os.environ)
    levels = {name: logging.getLogger(name).level for name in ("pytorch_lightning", "lightning_fabric", "transformers")}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*LeafSpec.*")
        yield
    os.environ.clear()
    os.environ.update(environment)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


class Answer(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


@dataclass
class Workplace:
    """Runs the scripts with their folders in a temporary one."""

    folder: Path
    say: Callable[[], Any] | None = None

    @property
    def root(self) -> Path:
        """Of all runs."""
        return self.folder / "runs"

    def train(self, *arguments: Any) -> Answer:
        """`python train.py …`, in this process."""
        given = [str(argument) for argument in arguments]
        folders = ["--trainer.default_root_dir", str(self.root), "--data.cache_dir", str(self.folder / "cache")]
        return self.answer(train.main, [*given, *folders])

    def fit(self, *arguments: Any, epochs: int = 1) -> Path:
        """A run that must go well, on the CPU; gives its folder."""
        before = self.run_folders()
        limits = ("--trainer.max_epochs", epochs, "--trainer.accelerator", "cpu", "--data.batch_size", 16)
        answer = self.train(*limits, *arguments)
        assert answer.code == 0, answer.err
        (new,) = self.run_folders() - before
        return new

    def predict(self, *arguments: Any) -> Answer:
        """`python predict.py …`, in this process."""
        return self.answer(predict.main, [str(argument) for argument in arguments])

    def run_folders(self) -> set[Path]:
        """Every folder below a name."""
        return {folder for folder in self.root.glob("*/*") if folder.is_dir()}

    def answer(self, main: Callable[[list[str]], int], arguments: list[str]) -> Answer:
        """Runs a script in this process."""
        code = main(arguments)
        said = self.say() if self.say is not None else ("", "")
        return Answer(code, *said)


def report_of(run: Path) -> dict[str, Any]:
    """What the run reported."""
    return json.loads((run / "report.json").read_text(encoding="utf-8"))


def predictions_of(run: Path) -> list[dict[str, str]]:
    """The lines of `predictions.csv`."""
    with (run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


USAGE, DATA = 2, 1


def assert_refused(answer: Answer, work: Workplace, code: int, words: str) -> None:
    """The exit code, one message with these words (a regular expression), no traceback and no run folder."""
    assert re.search(words, answer.err), answer.err
    assert answer.code == code
    assert answer.err.startswith("error: ")
    assert answer.err.count("error:") == 1
    assert len(answer.err) < 800
    for noise in ("Traceback", "class_path", "Namespace", "NestedArg", "usage:"):
        assert noise not in answer.err + answer.out
    assert answer.out == ""
    assert not work.root.exists()
