"""Measures functions in alternation and prints their medians, so that other load on the machine affects all alike."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import torch
from rich.console import Console
from rich.table import Table


def measure_interleaved(functions: Mapping[str, Callable[[int], float]], repeats: int) -> dict[str, list[float]]:
    """Calls each function `repeats` times, in an order that is reversed each time; returns the values by name.

    Args:
        functions: By name; each takes the number of the repeat, from 0, and returns its measurement.
        repeats: At least 1.
    """
    measured: dict[str, list[float]] = {name: [] for name in functions}
    for repeat in range(repeats):
        for name in list(functions)[:: 1 if repeat % 2 == 0 else -1]:
            measured[name].append(functions[name](repeat))
            print(f"repeat {repeat + 1} of {repeats}: {name} {measured[name][-1]:,.3g}", flush=True)
    return measured


def print_medians(benchmark: str, unit: str, measured: Mapping[str, list[float]], baseline: str, **more: Any) -> None:
    """Prints the medians as a table and as one line of JSON.

    Args:
        benchmark: Its name.
        unit: Of the measurements.
        measured: From `measure_interleaved`.
        baseline: The function whose median is 1 in the column of ratios.
        more: Further values of the JSON line.
    """
    medians = {name: median(values) for name, values in measured.items()}
    ratios = {name: value / medians[baseline] for name, value in medians.items()}
    table = Table("", f"{unit} (median)", "minimum to maximum", f"ratio to {baseline}", title=benchmark)
    for name, values in measured.items():
        spread = f"{_format_number(min(values))} to {_format_number(max(values))}"
        table.add_row(name, _format_number(medians[name]), spread, f"{ratios[name]:.3f}")
    Console().print(table)
    machine = {"threads": torch.get_num_threads(), "processor": platform.machine(), "torch": torch.__version__}
    line = {"benchmark": benchmark, "unit": unit, "baseline": baseline, "median": medians, "ratio": ratios}
    print(json.dumps(line | {"all": dict(measured)} | machine | more))


def _format_number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
