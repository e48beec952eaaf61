"""Callbacks that watch training on a GPU: time, memory, losses, and steps that wait for the device."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.profilers import Profiler
from torch import Tensor

from benchmarks.gpu.flops import synchronize

_FETCH = "train_dataloader_next"


class FetchClock(Profiler):
    """Measures the time in which training waits for the loader, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self._start = 0.0

    def start(self, action_name: str) -> None:
        """Stores the start of a fetch."""
        if action_name.endswith(_FETCH):
            self._start = time.perf_counter()

    def stop(self, action_name: str) -> None:
        """Adds the duration of a fetch."""
        if action_name.endswith(_FETCH):
            self.seconds += time.perf_counter() - self._start


class Meter:
    """Measures training from the end of the warm-up to a stop: seconds, texts, tokens, peak memory.

    Args:
        device: Waited for at both ends, and in no step between them.
        warm_up: Steps before the measurement; kernels are chosen and compiled in them.
        seconds: The measurement ends after so many,
        steps: but not before so many steps.
    """

    def __init__(self, device: torch.device, warm_up: int, seconds: float, steps: int) -> None:
        self.device = device
        self.warm_up, self.limit, self.min_steps = warm_up, seconds, steps
        self.steps = self.texts = self.tokens = self.squared_tokens = 0
        self.seconds = self.warm_up_seconds = 0.0
        self.peak_bytes: int | None = None
        self.is_done = False
        self._first = time.perf_counter()
        self._start = 0.0

    @property
    def is_measuring(self) -> bool:
        """Whether the warm-up is over and the end not reached."""
        return bool(self._start) and not self.is_done

    def begin(self) -> None:
        """Starts the clock of the warm-up, right before the first step."""
        self._first = time.perf_counter()

    def add(self, texts: int, width: int) -> None:
        """Counts a step that has just been asked for, and ends the warm-up or the measurement when it is time."""
        self.steps += 1
        if self.is_measuring:
            self.texts += texts
            self.tokens += texts * width
            self.squared_tokens += texts * width**2
            enough = self.steps >= self.warm_up + self.min_steps
            if enough and time.perf_counter() - self._start >= self.limit:
                self._finish()
        elif self.steps == self.warm_up:
            synchronize(self.device)
            if self.device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(self.device)
            self._start = time.perf_counter()
            self.warm_up_seconds = self._start - self._first

    def _finish(self) -> None:
        synchronize(self.device)
        self.seconds = time.perf_counter() - self._start
        if self.device.type == "cuda":
            self.peak_bytes = torch.cuda.max_memory_allocated(self.device)
        self.is_done = True


class MeterCallback(Callback):
    """Lets a `Meter` measure training by Lightning, and stops it then."""

    meter: Meter
    """Set before training, on the class, since the command line creates the callback."""

    def __init__(self) -> None:
        self.fetches = FetchClock()
        self._before = 0.0

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Replaces the profiler, which is told of each fetch."""
        if stage == "fit":
            trainer.profiler = self.fetches  # type: ignore[attr-defined]  # what Lightning asks for

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock."""
        self.meter.begin()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Counts a step; the fetches of the warm-up do not count."""
        was_measuring = self.meter.is_measuring
        self.meter.add(len(batch.labels), batch.input_ids.shape[1])
        if self.meter.is_measuring and not was_measuring:
            self._before = self.fetches.seconds
        if self.meter.is_done:
            if was_measuring:
                self.fetches.seconds -= self._before
            trainer.should_stop = True


class LossRecorder(Callback):
    """Keeps the loss of each step on the device, so that no step waits for it."""

    def __init__(self) -> None:
        self.losses: list[Tensor] = []

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keeps the loss."""
        self.losses.append(outputs["loss"].detach().clone())


class SyncGuard(Callback):
    """Makes torch raise an error in each step that waits for the GPU, except where something is logged.

    The first steps are free: libraries are loaded and kernels chosen in them. With `16-mixed` the optimizer step is
    free too, since the scaler reads whether a gradient overflowed.
    """

    mode = "error"
    """`error`, or `warn` to count the waits; set before training, on the class."""

    _free_steps = 5

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Forbids waits, unless this step is logged."""
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]  # set by a part of the trainer
        step = trainer.global_step
        running = getattr(pl_module, "running_loss", None)
        is_logged = (step + 1) % every == 0 or step % every == 0 or (batch_idx + 1) % every == 0
        is_logged |= trainer.is_last_batch or (running is not None and running.num_steps + 1 >= every)
        is_free = step < self._free_steps or is_logged
        set_sync_mode("default" if is_free else self.mode)

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        """Allows the scaler of float16 to read its flag."""
        if trainer.precision == "16-mixed":
            set_sync_mode("default")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Allows waits at the end of an epoch and of training; the copy of the next batch must not wait either."""
        if trainer.is_last_batch or trainer.global_step >= trainer.max_steps:
            set_sync_mode("default")

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Allows waits."""
        set_sync_mode("default")


def set_sync_mode(mode: str) -> None:
    """Sets `torch.cuda.set_sync_debug_mode` where there is a GPU."""
    if torch.cuda.is_available():
        torch.cuda.set_sync_debug_mode(mode)


@contextmanager
def use_meter(meter: Meter) -> Iterator[list[str]]:
    """Provides the option that adds a `MeterCallback` with this meter to a run."""
    MeterCallback.meter = meter
    try:
        yield ["--trainer.callbacks", f"{MeterCallback.__module__}.{MeterCallback.__name__}"]
    finally:
        del MeterCallback.meter
