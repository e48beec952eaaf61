"""Code points of many texts in one array, for vectorized operations on characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from datamodules.tokenizers.characters import compute_text_offsets, to_code_points


class FlatCodePoints(NamedTuple):
    """Code points of all texts, concatenated; text `i` is `codes[offsets[i]:offsets[i + 1]]`."""

    codes: np.ndarray  # uint32 (all characters,)
    offsets: np.ndarray  # int64 (texts + 1,)

    @property
    def lengths(self) -> np.ndarray:
        """Number of characters of each text, int64 `(texts,)`."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> np.ndarray:
        """Row of the text of each character, int64 `(all characters,)`."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.lengths)


def flatten_texts(texts: Sequence[str]) -> FlatCodePoints:
    """Concatenates the code points of texts.

    >>> flatten_texts(["ab", "", "中"])
    FlatCodePoints(codes=array([   97,    98, 20013], dtype=uint32), offsets=array([0, 2, 2, 3]))
    """
    return FlatCodePoints(to_code_points(texts), compute_text_offsets(texts))
