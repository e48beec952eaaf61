"""Leaves training texts out that the tokenizer would rather not have learned from."""

from __future__ import annotations

import numpy as np

from contracts.errors import DataError, join_names
from datamodules.sources.base import Rows
from datamodules.tokenizers.base import Tokenizer


def exclude_unsuitable_texts(train: Rows, tokenizer: Tokenizer, notes: list[str]) -> Rows:
    """The training rows that stay; says how many did not.

    Raises:
        DataError: A class would lose all of its texts.
    """
    found = tokenizer.find_excluded_texts(train.texts)
    if found is None:
        return train
    gone = int(np.count_nonzero(found.mask))
    said = f"train: {gone} of {len(train.texts)} texts were left out of training: {found.reason}"
    if not gone:
        notes.append(said)
        return train
    kept = train.select(np.flatnonzero(~found.mask).tolist())
    lost = sorted(set(train.count_labels()) - set(kept.count_labels()))
    if lost or not kept.texts:
        raise DataError(
            f"{said}. No text would be left of {join_names(lost) if lost else 'all'}; "
            "raise --data.tokenizer.max_unknown_ratio, or choose --data.tokenizer.unknown unk"
        )
    notes.append(said)
    return kept
