"""Texts/s of training steps with `--model.compile` and without it, and how long and how often it compiles.

    python -m benchmarks.compilation                                     # TextCNN on the demo data
    python -m benchmarks.compilation --model.encoder RNN
    python -m benchmarks.compilation --model.encoder Pretrained --path DIR

All options but `--path`, `--steps` and `--repeats` are those of `train.py`. A step is forward, loss, backward and the
optimizer, on the batches of an epoch in their order, whose widths differ.

Read the last column: texts/s as a multiple of those without compilation. `graphs` in the JSON line counts the graphs
after the first batch and after all of them: more would mean that a width is compiled anew.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import torch
from torch._dynamo.utils import counters

from benchmarks.interleaving import measure_interleaved, print_medians
from benchmarks.packages import check_folder
from benchmarks.timed_fit import run_train
from commands.cli import TextCLI
from commands.script import run_script
from contracts.batch import TextBatch
from lightning_modules.compilation import ForwardPass


def train_steps(
    cli: TextCLI, optimizer: torch.optim.Optimizer, forward: ForwardPass, batches: list[TextBatch]
) -> float:
    """Trains on the batches and returns the texts/s."""
    model = cli.model
    start = time.perf_counter()
    for batch in batches:
        optimizer.zero_grad()
        model.loss(forward(model.encoder, model.head, batch), batch.labels).mean().backward()
        optimizer.step()
    return sum(len(batch.labels) for batch in batches) / (time.perf_counter() - start)


def main(given: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", help="the folder of the data; the demo data if not given")
    parser.add_argument("--steps", type=int, default=40, help="training steps of a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    chosen, options = parser.parse_known_args(given)
    if chosen.path is not None:
        check_folder(chosen.path)
        options += ["--data.source", "Files", "--data.source.path", chosen.path]
    with tempfile.TemporaryDirectory() as folder:
        options += ["--trainer.max_steps", "1", "--trainer.limit_val_batches", "0", "--trainer.limit_test_batches", "1"]
        cli = run_train([*options, "--trainer.accelerator", "cpu"], Path(folder))
        cli.model.train()
        optimizer = torch.optim.AdamW(cli.model.parameters(), lr=1e-4, fused=True)
        compiled, plain = ForwardPass(True), ForwardPass()
        compiled.check_compiler(torch.device("cpu"))
        compiled.max_length = cli.model.text_spec.max_length
        batches = list(islice(cycle(cli.datamodule.train_dataloader()), chosen.steps))
        start = time.perf_counter()
        train_steps(cli, optimizer, compiled, batches[:1])
        seconds, first = time.perf_counter() - start, counters["stats"]["unique_graphs"]
        functions = {
            "train.py": lambda repeat: train_steps(cli, optimizer, plain, batches),
            "compiled": lambda repeat: train_steps(cli, optimizer, compiled, batches),
        }
        measured = measure_interleaved(functions, chosen.repeats)
    widths = len({batch.input_ids.shape[1] for batch in batches})
    graphs = [first, counters["stats"]["unique_graphs"]]
    more = {"compile_seconds": round(seconds, 1), "graphs": graphs, "widths": widths, "arguments": options}
    print_medians("compilation", "texts/s", measured, "train.py", **more)


if __name__ == "__main__":
    sys.exit(run_script(main, sys.argv[1:]))
