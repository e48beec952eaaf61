"""Runs the command line of `train.py` in this process and measures the time of its training steps."""

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
    """Measures training from the start of the first step to the end of the last one, callbacks included."""

    def __init__(self) -> None:
        self.texts = 0
        self.tokens = 0
        self._start = self._end = 0.0

    @property
    def seconds(self) -> float:
        """Duration of all steps."""
        return self._end - self._start

    @property
    def texts_per_second(self) -> float:
        """Mean over all steps."""
        return self.texts / self.seconds

    @property
    def tokens_per_second(self) -> float:
        """Mean over all steps, padding included."""
        return self.tokens / self.seconds

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Stores the start of the first step."""
        if not self._start:
            self._start = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stores the end of the latest step and counts."""
        self.texts += len(batch.labels)
        self.tokens += batch.input_ids.numel()
        self._end = time.perf_counter()


def time_fit(arguments: list[str], folder: Path, steps: int, seed: int) -> tuple[TextCLI, Stopwatch]:
    """Trains for some steps as `python train.py` in a terminal, with all callbacks and the progress bar.

    Args:
        arguments: Options of `train.py`.
        folder: For caches and runs.
        steps: Optimizer steps.
        seed: Seed of the run; the same seed gives the same batches.
    """
    limits = ["--trainer.max_steps", str(steps), "--trainer.limit_test_batches", "1", "--seed_everything", str(seed)]
    stopwatch = ["--trainer.callbacks", f"{Stopwatch.__module__}.{Stopwatch.__name__}"]
    cli = run_train([*arguments, *limits, *stopwatch], folder)
    callbacks: list[Callback] = cli.trainer.callbacks  # type: ignore[attr-defined]  # set when it is made
    return cli, next(callback for callback in callbacks if isinstance(callback, Stopwatch))


def run_train(arguments: list[str], folder: Path) -> TextCLI:
    """Runs the command line with its terminal output hidden.

    Args:
        arguments: As after `python train.py`.
        folder: For caches and runs.
    """
    os.environ.setdefault("TERM", "xterm")
    runs = tempfile.mkdtemp(dir=folder)
    places = ["--data.cache_dir", str(folder / "cache"), "--trainer.default_root_dir", runs]
    with redirect_stdout(_Terminal()):
        return TextCLI([*arguments, *places])


class _Terminal(io.StringIO):
    """Receives output as a terminal does, colours and progress bars included."""

    def isatty(self) -> bool:
        """Returns true, so that the progress bar is drawn."""
        return True
