"""Excludes training texts that the tokenizer cannot represent well enough for training."""

from __future__ import annotations

import numpy as np

from contracts.errors import DataError, join_names
from datamodules.sources.base import Rows
from datamodules.tokenizers.base import Tokenizer


def exclude_unsuitable_texts(train: Rows, tokenizer: Tokenizer, notes: list[str]) -> Rows:
    """Returns the training rows without those whose texts the trained tokenizer excludes.

    Args:
        train: The training rows.
        tokenizer: Trained on them.
        notes: A line with the number of excluded texts is appended, if the tokenizer can exclude any.

    Raises:
        DataError: A class would lose all of its texts.
    """
    excluded = tokenizer.find_excluded_texts(train.texts)
    if excluded is None:
        return train
    num_excluded = int(np.count_nonzero(excluded.mask))
    note = f"train: {num_excluded} of {len(train.texts)} texts excluded from training: {excluded.reason}"
    if not num_excluded:
        notes.append(note)
        return train
    kept = train.select(np.flatnonzero(~excluded.mask).tolist())
    lost = sorted(set(train.count_labels()) - set(kept.count_labels()))
    if lost or not kept.texts:
        raise DataError(
            f"{note}. No text would be left of {join_names(lost) if lost else 'any class'}; "
            "raise --data.tokenizer.max_unknown_ratio, or choose --data.tokenizer.unknown unk"
        )
    notes.append(note)
    return kept
