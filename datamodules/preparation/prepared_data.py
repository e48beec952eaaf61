"""Reads what `prepare` wrote to a cache folder: the spec, the tokenizer, memory-mapped splits and their texts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contracts.text_spec import TextSpec
from datamodules.cache import load_strings
from datamodules.loading.text_split import TextSplit, open_split
from datamodules.sources.base import SPLIT_NAMES, SplitName
from datamodules.tokenizers.base import Tokenizer, tokenizer_from_json

SUMMARY_FILE = "about.json"
TOKENIZER_FILE = "tokenizer.json"


@dataclass
class PreparedData:
    """The contents of a cache folder; what an encoder may read of the data before training.

    Args:
        folder: The cache folder; its name is the fingerprint of the data.
        spec: Task, label names and sizes of the data.
        tokenizer: The trained tokenizer.
        splits: The arrays of each split.
        summary: Rows per split, notes, and unknown-token statistics from `prepare`.
        ids_are_fixed: Whether token ids are the same in every epoch. False if texts are augmented on the fly.
    """

    folder: Path
    spec: TextSpec
    tokenizer: Tokenizer
    splits: dict[SplitName, TextSplit]
    summary: dict[str, Any]
    ids_are_fixed: bool = True

    @classmethod
    def open(cls, folder: Path) -> PreparedData:
        """Opens a folder that `prepare` has written; arrays are memory-mapped."""
        summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
        tokenizer = tokenizer_from_json((folder / TOKENIZER_FILE).read_text(encoding="utf-8"))
        spec = TextSpec.from_dict(summary["spec"])
        splits = {name: open_split(folder, name, spec) for name in SPLIT_NAMES if name in summary["rows"]}
        return cls(folder, spec, tokenizer, splits, summary)

    @property
    def fingerprint(self) -> str:
        """Changes with anything that shapes the ids."""
        return self.folder.name

    @property
    def cache_dir(self) -> Path:
        """The folder of all caches."""
        return self.folder.parent

    def list_tokens(self) -> list[str]:
        """Returns the string of each id, in the order of the ids."""
        return self.tokenizer.list_tokens()

    def load_training_ids(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the ids of all training texts, and the offsets at which each text begins and the last one ends."""
        tokens = self.splits["train"].tokens
        return tokens.ids, tokens.offsets

    def load_texts(self, split: SplitName) -> list[str]:
        """Loads the texts of a split, in the order of its rows."""
        return load_strings(self.folder, f"{split}.texts")

    def load_pairs(self, split: SplitName) -> list[str] | None:
        """Loads the second texts of a split; None if the data have none."""
        return load_strings(self.folder, f"{split}.pairs") if self.spec.pairs else None

    def count_ids(self) -> dict[str, np.ndarray]:
        """Counts how often each id occurs in each split, int64 `(ids,)`."""
        size = self.spec.vocabulary_size
        return {name: np.bincount(split.tokens.ids, minlength=size) for name, split in self.splits.items()}
