"""Proves and measures training on a GPU, by one command of less than 8 minutes: `gpu.json` and `gpu.md`.

    python -m benchmarks.gpu --path DIR --output FOLDER
    python -m benchmarks.gpu --quick --output FOLDER    # rehearsal on a CPU: every path, tiny models, generated texts

DIR holds data sets for `--data.source Files` in folders named as in the configs (`thucnews`, `banking77`, `trec`, …),
or is one of them; what is missing is replaced by generated texts. Part a compares losses and gradients in 32 bits with
the CPU's; part b trains each experiment in fp32, bf16 and fp16, with an error where a step between two logs waits for
the GPU; part c measures texts/s, peak memory, MFU and the wait for the loader, beside a plain loop and
`transformers.Trainer` in bf16 (extra `benchmarks`). A cell that fails is recorded and ends nothing else. The least
important cells are dropped where the time (`--minutes`) does not suffice.

Read the table of goals first. The exit code is 1 if a cell failed.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.utils import logging

from benchmarks.gpu import equality, experiments, throughput
from benchmarks.gpu.cells import run_cells
from benchmarks.gpu.flops import find_peak, measure_matmul
from benchmarks.gpu.report import format_report
from benchmarks.gpu.workload import Workplace
from commands.script import run_script
from contracts.errors import UsageError

PARTS = {"a": equality.list_cells, "b": experiments.list_cells, "c": throughput.list_cells}


def main(arguments: list[str]) -> int:
    """Runs the benchmark; returns 0, 1 if a cell failed, 2 for invalid options."""
    failed: list[str] = []
    code = run_script(lambda given: failed.extend(_measure(parse(given))), arguments)
    return code or int(bool(failed))


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the options.

    Raises:
        UsageError: There is no such folder or GPU, or no time.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--path", type=Path, help="folder of data sets, or one data set; generated texts if not given")
    parser.add_argument("--output", type=Path, required=True, help="folder for gpu.json and gpu.md")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--minutes", type=float, default=8.0, help="budget of time")
    parser.add_argument("--device", choices=("auto", "cuda", "cpu"), default="auto")
    parser.add_argument("--quick", action="store_true", help="rehearsal: tiny models, a few steps, fewer cells")
    chosen = parser.parse_args(arguments)
    if chosen.path is not None and not chosen.path.is_dir():
        raise UsageError(f"--path {chosen.path} is no folder; give one with data sets, or leave it out")
    if not chosen.minutes > 0:
        raise UsageError(f"--minutes is a budget of time above 0, got {chosen.minutes:g}")
    has_gpu = torch.cuda.is_available()
    if chosen.device == "cuda" and not has_gpu:
        raise UsageError("--device cuda needs a GPU that torch sees, and there is none; give --quick for a rehearsal")
    if chosen.device == "auto":
        chosen.device = "cuda" if has_gpu else "cpu"
    if chosen.device == "cpu" and not chosen.quick:
        raise UsageError("there is no GPU that torch sees; give --quick for a rehearsal on the CPU")
    return chosen


def describe_machine(device: torch.device, quick: bool) -> dict[str, Any]:
    """Returns name, versions, and the FLOP/s of the data sheet and of a measured matrix product, in TFLOP/s."""
    is_gpu = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if is_gpu else f"CPU ({platform.machine()})"
    size = 8192 if is_gpu and not quick else 256
    peaks = {kind: find_peak(name, kind) for kind in ("fp32", "tf32", "bf16")}
    return {
        "device": name,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d"),
        "quick": quick,
        "peak TFLOP/s": {kind: peak and peak / 1e12 for kind, peak in peaks.items()},
        "measured TFLOP/s": {
            "fp32": round(measure_matmul(device, torch.float32, size // 2) / 1e12, 2),
            "bf16": round(measure_matmul(device, torch.bfloat16, size) / 1e12, 2),
        },
    }


def _measure(chosen: argparse.Namespace) -> list[str]:
    """Runs the cells of the chosen parts and writes the results; returns the names of those that failed."""
    start = time.monotonic()
    warnings.filterwarnings("ignore")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    chosen.output.mkdir(parents=True, exist_ok=True)
    device = torch.device(chosen.device)
    machine = describe_machine(device, chosen.quick)
    with tempfile.TemporaryDirectory() as folder:
        place = Workplace(device, chosen.path, Path(folder), chosen.quick)
        cells = [cell for part in chosen.parts for cell in PARTS[part](place)]

        def store(results: list[dict[str, Any]]) -> None:
            machine["minutes"] = round((time.monotonic() - start) / 60, 2)
            content = json.dumps({"machine": machine, "results": results}, indent=1)
            (chosen.output / "gpu.json").write_text(content, encoding="utf-8")
            (chosen.output / "gpu.md").write_text(format_report(machine, results), encoding="utf-8")

        used = (time.monotonic() - start) / 60
        results = run_cells(cells, max(chosen.minutes - used, 0.01), store)
        store(results)
    counts = {status: sum(one["status"] == status for one in results) for status in ("ok", "failed", "dropped")}
    print(f"{counts['ok']} ok, {counts['failed']} failed, {counts['dropped']} dropped in {machine['minutes']} minutes")
    print(f"results: {chosen.output / 'gpu.md'}, {chosen.output / 'gpu.json'}")
    return [one["name"] for one in results if one["status"] == "failed"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
