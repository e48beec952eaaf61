"""The models and data that are measured, as options of `train.py`."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

CONFIGS = sorted((Path(__file__).parents[2] / "configs" / "experiment").glob("*.yaml"))

BERT_BASE = {
    **{"model_type": "bert", "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12},
    **{"num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 512},
}
TINY_BERT = BERT_BASE | {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}

ENGLISH, CHINESE = "banking77", "thucnews"
MODELS: dict[str, tuple[str, list[str]]] = {
    "TextCNN": (CHINESE, ["--data.tokenizer", "Characters", "--model.encoder", "TextCNN"]),
    "RNN": (CHINESE, ["--data.tokenizer", "Characters", "--model.encoder", "RNN"]),
    "MiniLM": (ENGLISH, ["--model.encoder", "Pretrained", "--data.max_length", "128"]),
    "BERT-base": (
        ENGLISH,
        ["--model.encoder", "Pretrained", "--model.encoder.config", json.dumps(BERT_BASE), "--data.max_length", "128"],
    ),
}
"""Data set and options of each model; the last one has the shape of BERT and random weights."""

_LABELS = ("balance", "card", "delivery", "exchange", "refund", "transfer")


@dataclass(frozen=True)
class Workplace:
    """Where the measurements run.

    Args:
        device: `cuda`, or `cpu` for a rehearsal.
        data: Folder of data sets by name, or one data set; generated texts if None.
        folder: For caches, runs and generated data.
        quick: Whether to use tiny models and a few steps.
    """

    device: torch.device
    data: Path | None
    folder: Path
    quick: bool

    @property
    def accelerator(self) -> list[str]:
        """Options of the trainer that select the device."""
        return ["--trainer.accelerator", "gpu" if self.device.type == "cuda" else "cpu", "--trainer.devices", "1"]

    def find_data(self, name: str) -> Path:
        """Returns the folder of a data set: below `data`, `data` itself, or one with generated texts."""
        if self.data is not None:
            if (self.data / name).is_dir():
                return self.data / name
            if any(self.data.glob("train*")):
                return self.data
        several = name == "goemotions"
        folder = self.folder / f"generated{'_several' if several else ''}"
        if not folder.is_dir():
            write_generated_texts(folder, 400 if self.quick else 20_000, several)
        return folder

    def shrink(self, options: Sequence[str]) -> list[str]:
        """Replaces a pretrained model by a tiny one in a rehearsal."""
        if not self.quick or "Pretrained" not in options:
            return list(options)
        return [*options, "--model.encoder.config", json.dumps(TINY_BERT)]


def find_data_name(config: Path, names: Sequence[str]) -> str:
    """Returns the data set of a config: the longest name that the name of its file begins with.

    >>> find_data_name(Path("trec_fine_text_cnn.yaml"), ["trec", "trec_fine", "mr"])
    'trec_fine'
    >>> find_data_name(Path("goemotions_text_cnn.yaml"), ["trec"])
    'goemotions'
    """
    fitting = [name for name in names if config.stem.startswith(f"{name}_")]
    return max(fitting, key=len, default=config.stem.split("_")[0])


def write_generated_texts(folder: Path, count: int, several: bool) -> None:
    """Writes train, validation and test files of texts whose words depend on their label, as in the demo data.

    Args:
        folder: Created here.
        count: Training texts; the other splits have a tenth of it.
        several: Whether a text has a list of labels.
    """
    rng = random.Random(0)
    folder.mkdir(parents=True)
    for split, texts in (("train", count), ("validation", count // 10), ("test", count // 10)):
        with (folder / f"{split}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(texts):
                label = _LABELS[number % len(_LABELS)]
                words = [f"{label[:3]}{rng.randrange(40)}" if rng.random() < 0.4 else f"w{rng.randrange(2000)}"
                         for _ in range(rng.randrange(4, 24))]  # fmt: skip
                row: dict[str, Any] = {"text": " ".join(words), "labels" if several else "label": label}
                if several:
                    row["labels"] = [label]
                file.write(json.dumps(row) + "\n")
