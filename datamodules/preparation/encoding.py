"""Encodes the texts of all splits as flat arrays of ids, truncated to one maximum length."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from rich.progress import Progress

from datamodules.sources.base import Rows, SplitName
from datamodules.tokenizers.base import TokenIds, Tokenizer

_CHUNK = 20_000  # texts encoded between two steps of the progress bar


def choose_max_length(tokenizer: Tokenizer, max_length: int | float, lengths: np.ndarray) -> int:
    """Returns the maximum number of tokens per text, at most what the tokenizer's model can take.

    Args:
        tokenizer: Its `max_positions` is the upper limit.
        max_length: A number of tokens, or as a float the fraction of texts that must not be truncated.
        lengths: `(texts,)` tokens of the training texts.
    """
    if isinstance(max_length, float):
        max_length = int(np.quantile(lengths, max_length, method="inverted_cdf"))
    return int(max(1, min(max_length, tokenizer.max_positions or math.inf)))


def encode_splits(
    splits: dict[SplitName, Rows], tokenizer: Tokenizer, quiet: bool
) -> Iterator[tuple[SplitName, TokenIds]]:
    """Yields the name and the ids of each split, not truncated; shows a progress bar for many texts.

    Args:
        splits: The rows of each split.
        tokenizer: Trained.
        quiet: Whether to hide the progress bar.
    """
    total = sum(len(rows.texts) for rows in splits.values())
    with Progress(disable=quiet or total < _CHUNK, transient=True) as progress:
        bar = progress.add_task("tokenizing", total=total)
        for name, rows in splits.items():
            chunks = []
            for start in range(0, len(rows.texts), _CHUNK):
                chunk = slice(start, start + _CHUNK)
                pairs = None if rows.pairs is None else rows.pairs[chunk]
                chunks.append(tokenizer.encode_batch(rows.texts[chunk], pairs))
                progress.advance(bar, len(rows.texts[chunk]))
            yield name, _concatenate(chunks)


def _concatenate(chunks: list[TokenIds]) -> TokenIds:
    """Concatenates the ids of successive chunks of texts."""
    lengths = np.concatenate([chunk.lengths for chunk in chunks])
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    types = [chunk.type_ids for chunk in chunks if chunk.type_ids is not None]
    return TokenIds(np.concatenate([chunk.ids for chunk in chunks]), offsets, np.concatenate(types) if types else None)


def truncate_long_texts(rows: Rows, tokens: TokenIds, tokenizer: Tokenizer, max_length: int) -> TokenIds:
    """Encodes the texts above the maximum length again, truncated; only the tokenizer knows which tokens must stay.

    Args:
        rows: Rows of one split.
        tokens: Their ids.
        tokenizer: That made the ids.
        max_length: Maximum tokens per text, special tokens included.
    """
    lengths = tokens.lengths
    is_long = lengths > max_length
    if not is_long.any():
        return tokens
    long_rows = rows.select(np.flatnonzero(is_long).tolist())
    truncated = tokenizer.encode_batch(long_rows.texts, long_rows.pairs, max_length)
    new_lengths = lengths.copy()
    new_lengths[is_long] = truncated.lengths
    offsets = np.zeros_like(tokens.offsets)
    np.cumsum(new_lengths, out=offsets[1:])
    from_long, in_long = np.repeat(is_long, lengths), np.repeat(is_long, new_lengths)

    def merge(old: np.ndarray, new: np.ndarray) -> np.ndarray:
        merged = np.empty(int(offsets[-1]), old.dtype)
        merged[~in_long], merged[in_long] = old[~from_long], new
        return merged

    has_types = tokens.type_ids is not None and truncated.type_ids is not None
    types = merge(tokens.type_ids, truncated.type_ids) if has_types else None  # type: ignore[arg-type]  # neither is None
    return TokenIds(merge(tokens.ids, truncated.ids), offsets, types)


def compute_unknown_ratio(tokens: TokenIds, tokenizer: Tokenizer) -> float | None:
    """Computes the fraction of ids that stand for unknown tokens; None if the tokenizer has no such id."""
    if not tokenizer.unknown_ids:
        return None
    return float(np.isin(tokens.ids, tokenizer.unknown_ids).mean()) if len(tokens.ids) else 0.0
