"""Measures contestants in turn and shows their medians: what else the machine does then falls on all of them alike."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import torch
from rich.console import Console
from rich.table import Table


def interleaved(contestants: Mapping[str, Callable[[int], float]], repeats: int) -> dict[str, list[float]]:
    """Calls each contestant `repeats` times, the order turned round each time.

    Args:
        contestants: By name; each takes the number of the repeat, from 0, and returns its measurement.
        repeats: At least 1.
    """
    measured: dict[str, list[float]] = {name: [] for name in contestants}
    for repeat in range(repeats):
        turns = list(contestants)[:: 1 if repeat % 2 == 0 else -1]
        for name in turns:
            measured[name].append(contestants[name](repeat))
            print(f"repeat {repeat + 1} of {repeats}: {name} {measured[name][-1]:,.3g}", flush=True)
    return measured


def show(benchmark: str, unit: str, measured: Mapping[str, list[float]], against: str, **more: Any) -> None:
    """Prints a table and one line of JSON.

    Args:
        benchmark: Its name.
        unit: Of the measurements.
        measured: From `interleaved`.
        against: The contestant whose median is 1 in the column of ratios.
        more: Goes into the JSON line.
    """
    medians = {name: median(values) for name, values in measured.items()}
    ratios = {name: value / medians[against] for name, value in medians.items()}
    table = Table("", f"{unit} (median)", "lowest to highest", f"against {against}", title=benchmark)
    for name, values in measured.items():
        table.add_row(name, _number(medians[name]), f"{_number(min(values))} to {_number(max(values))}",
                      f"{ratios[name]:.3f}")  # fmt: skip
    Console().print(table)
    machine = {"threads": torch.get_num_threads(), "processor": platform.machine(), "torch": torch.__version__}
    line = {"benchmark": benchmark, "unit": unit, "against": against, "median": medians, "ratio": ratios}
    print(json.dumps(line | {"all": dict(measured)} | machine | more))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
