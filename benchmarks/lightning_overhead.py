"""Overhead of Lightning and all default callbacks: `train.py` compared with a bare loop over the same loader.

    python -m benchmarks.lightning_overhead --path DIR     # TextCNN by characters, batches of 128
    python -m benchmarks.lightning_overhead                # demo data and the default model, whose steps are short

DIR is data for `--data.source Files` (the target is for THUCNews headlines). Unknown arguments are passed to both. Each
repeat trains a new model on the same batches for the same steps: once by the command line with every default callback
and the progress bar of a terminal, once by forward, loss, backward, step and nothing else, with the same fused
optimizer and the same learning rate schedule. Neither validates: that is work, not overhead.

Read the last column: texts/s as a fraction of the bare loop's; the target is 0.95 or more. `overhead` in the JSON line
is the additional time per step in milliseconds. It hardly depends on the model, so that it matters more the shorter the
steps are; most of it is Lightning's own iteration over some 150 hooks per step.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from pytorch_lightning import seed_everything

from benchmarks.interleaving import measure_interleaved, print_medians
from benchmarks.packages import check_folder
from benchmarks.timed_fit import time_fit
from commands.cli import TextCLI
from commands.script import run_script


def measure_bare_loop(cli: TextCLI, steps: int, seed: int) -> float:
    """Returns the texts/s of the shortest loop over the parts of a run, continuing from its current weights."""
    seed_everything(seed, verbose=False)
    model = cli.model.train()
    made = model.configure_optimizers()
    optimizer = made["optimizer"] if isinstance(made, dict) else made
    schedule = made["lr_scheduler"]["scheduler"] if isinstance(made, dict) else None
    loader = cli.datamodule.train_dataloader()
    texts = steps_done = epoch = 0
    start = time.perf_counter()
    while steps_done < steps:
        loader.sampler.set_epoch(epoch)
        for batch in loader:
            optimizer.zero_grad()
            loss = model.loss(model(batch), batch.labels).mean()
            loss.backward()
            optimizer.step()
            if schedule is not None:
                schedule.step()
            texts += len(batch.labels)
            steps_done += 1
            if steps_done == steps:
                break
        epoch += 1
    return texts / (time.perf_counter() - start)


def main(given: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", help="the folder of the data; the demo data if not given")
    parser.add_argument("--steps", type=int, default=150, help="training steps of a repeat")
    parser.add_argument("--repeats", type=int, default=7)
    chosen, others = parser.parse_known_args(given)
    if chosen.path is not None:
        check_folder(chosen.path)
    arguments = ["--model.lr_scheduler", "WarmupLinear", "--trainer.limit_val_batches", "0"]
    if chosen.path:
        arguments += ["--data.source", "Files", "--data.source.path", chosen.path, "--data.tokenizer", "Characters"]
        arguments += ["--data.batch_size", "128"]
        arguments += ["--model.encoder.num_filters", "256", "--model.encoder.kernel_sizes", "[2,3,4]"]
    arguments += others

    with tempfile.TemporaryDirectory() as folder:
        warm_up, _ = time_fit(arguments, Path(folder), steps=3, seed=0)
        batch_size = warm_up.datamodule.batch_size

        def bare(repeat: int) -> float:
            cli, _ = time_fit(arguments, Path(folder), steps=1, seed=repeat)
            cli.trainer.fit_loop.epoch_loop.max_steps = chosen.steps  # the length of the schedule
            return measure_bare_loop(cli, chosen.steps, seed=repeat)

        def lightning(repeat: int) -> float:
            return time_fit(arguments, Path(folder), chosen.steps, seed=repeat)[1].texts_per_second

        measured = measure_interleaved({"bare loop": bare, "train.py": lightning}, chosen.repeats)
    milliseconds = {name: median(1000 * batch_size / value for value in values) for name, values in measured.items()}
    overhead = milliseconds["train.py"] - milliseconds["bare loop"]
    print_medians("lightning_overhead", "texts/s", measured, "bare loop",
         milliseconds=milliseconds, overhead=overhead, arguments=others)  # fmt: skip


if __name__ == "__main__":
    sys.exit(run_script(main, sys.argv[1:]))
