"""Runs `train.py`'s own command line in this process and times its training steps."""

from __future__ import annotations

import io
import os
import tempfile
import time
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from commands.cli import TextCLI

warnings.filterwarnings("ignore", message=".*LeafSpec.*")  # as `train.py` does


class Stopwatch(Callback):
    """Times training from the start of its first step to the end of its last one, with every callback between."""

    def __init__(self) -> None:
        self.texts = 0
        self.tokens = 0
        self._start = self._end = 0.0

    @property
    def seconds(self) -> float:
        """Of all steps together."""
        return self._end - self._start

    @property
    def texts_per_second(self) -> float:
        """Over all steps."""
        return self.texts / self.seconds

    @property
    def tokens_per_second(self) -> float:
        """Over all steps, padding counted."""
        return self.tokens / self.seconds

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Starts at the first step."""
        if not self._start:
            self._start = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Moves the end of what is timed to here."""
        self.texts += len(batch.labels)
        self.tokens += batch.input_ids.numel()
        self._end = time.perf_counter()


def timed_fit(arguments: list[str], folder: Path, steps: int, seed: int) -> tuple[TextCLI, Stopwatch]:
    """Trains for a few steps as `python train.py` at a terminal would, with all its callbacks and the progress bar.

    Args:
        arguments: Of the command line.
        folder: Takes caches and runs.
        steps: Optimizer steps.
        seed: Of the run; the same seed gives the same batches.
    """
    limits = ["--trainer.max_steps", str(steps), "--trainer.limit_test_batches", "1", "--seed_everything", str(seed)]
    stopwatch = ["--trainer.callbacks", f"{Stopwatch.__module__}.{Stopwatch.__name__}"]
    cli = run([*arguments, *limits, *stopwatch], folder)
    callbacks: list[Callback] = cli.trainer.callbacks  # type: ignore[attr-defined]  # set when it is made
    return cli, next(callback for callback in callbacks if isinstance(callback, Stopwatch))


def run(arguments: list[str], folder: Path) -> TextCLI:
    """Runs the command line, with its terminal out of sight.

    Args:
        arguments: As after `python train.py`.
        folder: Takes caches and runs.
    """
    os.environ.setdefault("TERM", "xterm")
    runs = tempfile.mkdtemp(dir=folder)
    places = ["--data.cache_dir", str(folder / "cache"), "--trainer.default_root_dir", runs]
    with redirect_stdout(_Terminal()):
        return TextCLI([*arguments, *places])


class _Terminal(io.StringIO):
    """Takes what is printed as a terminal would, colours and moving bars included."""

    def isatty(self) -> bool:
        """So that the progress bar is drawn."""
        return True
