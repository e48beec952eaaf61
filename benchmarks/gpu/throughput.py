"""Part c: texts/s, peak memory and MFU of `train.py`, compared with a plain loop and `transformers.Trainer`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch

from benchmarks.gpu.cells import Cell
from benchmarks.gpu.flops import count_forward_flops, find_peak
from benchmarks.gpu.peer import train_with_transformers
from benchmarks.gpu.probes import Meter, MeterCallback, use_meter
from benchmarks.gpu.workload import MODELS, Workplace
from benchmarks.timed_fit import run_train
from commands.cli import TextCLI
from contracts.batch import TextBatch
from lightning_modules.text_classifier import TextClassifier

BATCH_SIZES = (32, 64, 128, 256, 512)
_FIRST_SIZE = 128
_SECOND_SIZES = (32, 512)
_QUICK_SIZES = (4, 8)
OURS, COMPILED, FULL, PLAIN = "train.py", "train.py, compiled", "train.py, fp32", "plain loop"
PEERS = {"Trainer": "random", "Trainer, group_by_length": "group_by_length"}
"""Orders of `transformers.Trainer`: its default, and batches of like length."""
METHODS = (OURS, PLAIN, *PEERS, COMPILED, FULL)


def list_cells(place: Workplace) -> list[Cell]:
    """Lists the cells of part c; in a rehearsal all methods with one size, and one model compiled."""
    cells = []
    for model in MODELS:
        for size in _QUICK_SIZES if place.quick else BATCH_SIZES:
            is_first = size in (_QUICK_SIZES[0], _FIRST_SIZE)
            for method in METHODS:
                if not is_first and (method in (COMPILED, FULL) or (place.quick and method != OURS)):
                    continue
                if place.quick and method == COMPILED and model != "MiniLM":
                    continue
                seconds = 30.0 if method == COMPILED else 5.0
                labels = {"model": model, "batch_size": size, "method": method}
                measure = partial(measure_throughput, place, model, size, method)
                priority = find_priority(model, size, method)
                cells.append(Cell("c", f"{model}, batch {size}, {method}", measure, priority, seconds, labels))
    return cells


def find_priority(model: str, size: int, method: str) -> int:
    """Returns the priority of a cell: what the goals are about comes first, and sizes between the others last."""
    if method in (COMPILED, FULL):
        return 9 if model == "RNN" else 7
    if size in (_FIRST_SIZE, *_QUICK_SIZES):
        return 5
    if size in _SECOND_SIZES:
        return 8 if method == PLAIN else 6
    return 10 if method == OURS else 11


def measure_throughput(place: Workplace, model: str, size: int, method: str) -> dict[str, Any]:
    """Trains a model by a method and returns its speed and the share of the GPU that it uses."""
    meter = Meter(place.device, *((2, 0.0, 2) if place.quick else (10, 1.5, 20)))
    precision = "32-true" if method == FULL else "bf16-mixed"
    fetched = None
    if method in (OURS, COMPILED, FULL):
        options = [
            *("--data.batch_size", str(size), "--trainer.precision", precision, "--trainer.max_steps", "1000000")
        ]
        if method == COMPILED:
            options += ["--model.compile", "true"]
        with use_meter(meter) as callback:
            cli = run_train([*list_options(place, model), *options, *callback], place.folder)
        fetched = next(one for one in cli.trainer.callbacks if isinstance(one, MeterCallback)).fetches.seconds  # type: ignore[attr-defined]  # set when it is made
        order = plan_own_order(cli)
    else:
        cli = set_up(place, model)
        if method == PLAIN:
            order = plan_random_order(cli, size)
            fetched = train_plainly(cli, order, meter)
        else:
            pretrained = None if model in ("TextCNN", "RNN") else cli.config.fit.data.tokenizer.init_args.model
            order = train_with_transformers(cli, PEERS[method], size, pretrained, meter, place.folder)
    if not meter.is_done:
        raise AssertionError(f"training ended after {meter.steps} steps, before the measurement did")
    return summarize(meter, cli, order, fetched, precision)


def list_options(place: Workplace, model: str) -> list[str]:
    """Returns the options of `train.py` for a model and its data, without an end of training."""
    data, options = MODELS[model]
    return place.shrink([
        *("--data.source", "Files", "--data.source.path", str(place.find_data(data)), *options, *place.accelerator),
        *("--trainer.limit_val_batches", "0", "--trainer.limit_test_batches", "1", "--trainer.max_epochs", "-1"),
        *("--trainer.enable_checkpointing", "false"),
    ])  # fmt: skip


@lru_cache(maxsize=1)
def set_up(place: Workplace, model: str) -> TextCLI:
    """Runs one step of `train.py`, which prepares data and model for the loops that are compared with it."""
    options = [*list_options(place, model), "--data.batch_size", "8", "--trainer.max_steps", "1"]
    cli = run_train(options, place.folder)
    cli.model.cpu()
    return cli


def plan_own_order(cli: TextCLI) -> list[np.ndarray]:
    """Returns the rows of each batch of an epoch of `train.py`."""
    loader = cli.datamodule.train_dataloader()
    loader.sampler.set_epoch(1)
    return list(loader.sampler.plan_remaining_batches())


def plan_random_order(cli: TextCLI, size: int) -> list[np.ndarray]:
    """Returns the rows of each batch of an epoch in random order."""
    rows = np.random.default_rng(0).permutation(len(cli.datamodule.get_split("train")))
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def train_plainly(cli: TextCLI, order: list[np.ndarray], meter: Meter) -> float:
    """Trains by the usual loop of a few lines, in bfloat16; returns the seconds spent on making batches."""
    model: TextClassifier = cli.model.to(meter.device).train()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-4)
    split = cli.datamodule.get_split("train")
    clock = _LoaderClock(meter)
    meter.begin()
    for batch in clock.watch(split.__getitems__(rows) for rows in _repeat(order)):
        batch = batch.to(meter.device)
        optimizer.zero_grad()
        with torch.autocast(meter.device.type, torch.bfloat16):
            loss = model.loss(model(batch), batch.labels).mean()
        loss.backward()
        optimizer.step()
        meter.add(len(batch.labels), batch.input_ids.shape[1])
        if meter.is_done:
            break
    model.cpu()  # it is used again, and what is measured next has the GPU for itself
    return clock.seconds


def summarize(
    meter: Meter, cli: TextCLI, order: list[np.ndarray], fetched: float | None, precision: str
) -> dict[str, Any]:
    """Returns the figures of a measurement.

    Texts/s are those of a whole epoch: tokens/s, padding included, over the mean tokens per text of all batches in this
    order, since a window of some steps may hold longer or shorter texts than the average.
    """
    lengths = cli.datamodule.get_split("train").lengths
    texts = sum(len(rows) for rows in order)
    tokens = sum(len(rows) * int(max(lengths[rows].max(initial=0), 1)) for rows in order)
    tokens_per_second = meter.tokens / meter.seconds
    flops = count_forward_flops(cli.model.encoder, cli.model.head)
    per_second = 3 * flops.count(meter.texts, meter.tokens, meter.squared_tokens) / meter.seconds
    result: dict[str, Any] = {
        "texts_per_second": tokens_per_second * texts / tokens,
        "tokens_per_second": tokens_per_second,
        "width": tokens / texts,
        "milliseconds_per_step": 1000 * meter.seconds / (meter.steps - meter.warm_up),
        "warm_up_seconds": meter.warm_up_seconds,
        "peak_gib": None if meter.peak_bytes is None else meter.peak_bytes / 2**30,
        "tflops": per_second / 1e12,
        "mfu": None,
        "loader_ratio": None if fetched is None else fetched / meter.seconds,
    }
    if meter.device.type == "cuda":
        peak = find_peak(torch.cuda.get_device_name(meter.device), "fp32" if precision == "32-true" else "bf16")
        result["mfu"] = None if peak is None else per_second / peak
    return result


class _LoaderClock:
    """Measures the time spent on making batches while a meter measures."""

    def __init__(self, meter: Meter) -> None:
        self.seconds = 0.0
        self._meter = meter

    def watch(self, batches: Iterator[TextBatch]) -> Iterator[TextBatch]:
        """Yields the batches."""
        while True:
            start = time.perf_counter()
            batch = next(batches)
            if self._meter.is_measuring:
                self.seconds += time.perf_counter() - start
            yield batch


def _repeat(order: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Yields the batches of an epoch again and again."""
    while True:
        yield from order
