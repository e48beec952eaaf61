"""Texts of all splits to flat arrays of ids, cut to a length that covers them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from rich.progress import Progress

from datamodules.sources.base import Rows, SplitName
from datamodules.tokenizers.base import TokenIds, Tokenizer

_CHUNK = 20_000  # texts encoded between two steps of the progress bar


def choose_max_length(tokenizer: Tokenizer, wanted: int | float, lengths: np.ndarray) -> int:
    """The length to cut to: as given, or the least that covers the wanted share of training texts whole."""
    if isinstance(wanted, float):
        wanted = int(np.quantile(lengths, wanted, method="inverted_cdf"))
    limit = tokenizer.max_positions or math.inf
    return int(max(1, min(wanted, limit)))


def encode(splits: dict[SplitName, Rows], tokenizer: Tokenizer, quiet: bool) -> Iterator[tuple[SplitName, TokenIds]]:
    """Ids of all splits, not cut yet; shows its progress where there is much to do."""
    total = sum(len(rows.texts) for rows in splits.values())
    with Progress(disable=quiet or total < _CHUNK, transient=True) as progress:
        bar = progress.add_task("tokenizing", total=total)
        for name, rows in splits.items():
            pieces = []
            for start in range(0, len(rows.texts), _CHUNK):
                piece = slice(start, start + _CHUNK)
                pairs = None if rows.pairs is None else rows.pairs[piece]
                pieces.append(tokenizer.encode_batch(rows.texts[piece], pairs))
                progress.advance(bar, len(rows.texts[piece]))
            yield name, _joined(pieces)


def _joined(pieces: list[TokenIds]) -> TokenIds:
    lengths = np.concatenate([piece.lengths for piece in pieces])
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    types = [piece.type_ids for piece in pieces if piece.type_ids is not None]
    return TokenIds(np.concatenate([piece.ids for piece in pieces]), offsets, np.concatenate(types) if types else None)


def truncate_long_texts(
    splits: dict[SplitName, Rows],
    encoded: dict[SplitName, TokenIds],
    tokenizer: Tokenizer,
    max_length: int,
    notes: list[str],
) -> None:
    """Cuts the few texts above the length; only the tokenizer knows which of their tokens must stay."""
    for name, rows in splits.items():
        tokens = encoded[name]
        lengths = tokens.lengths
        long = np.flatnonzero(lengths > max_length)
        if not len(long):
            continue
        few = rows.select(long.tolist())
        short = tokenizer.encode_batch(few.texts, few.pairs, max_length)
        keep = np.repeat(lengths <= max_length, lengths)
        new_lengths = lengths.copy()
        new_lengths[long] = short.lengths
        offsets = np.zeros_like(tokens.offsets)
        np.cumsum(new_lengths, out=offsets[1:])
        from_short = np.repeat(lengths > max_length, new_lengths)
        arrays: list[np.ndarray | None] = []
        for old, new in ((tokens.ids, short.ids), (tokens.type_ids, short.type_ids)):
            if old is None:
                arrays.append(None)
                continue
            merged = np.empty(int(offsets[-1]), old.dtype)
            merged[~from_short], merged[from_short] = old[keep], new
            arrays.append(merged)
        assert arrays[0] is not None
        encoded[name] = TokenIds(arrays[0], offsets, arrays[1])
        truncated = f"{1 - offsets[-1] / tokens.offsets[-1]:.1%}"
        if truncated != "0.0%":
            notes.append(
                f"{name}: {len(long)} of {len(lengths)} texts are longer than {max_length} tokens and were truncated "
                f"({truncated} of all tokens; --data.max_length)"
            )


def unknown_share(tokens: TokenIds, tokenizer: Tokenizer) -> float | None:
    """The share of the ids, as a model sees them, that stand for the unknown; None where no id does."""
    if not tokenizer.unknown_ids:
        return None
    return float(np.isin(tokens.ids, tokenizer.unknown_ids).mean()) if len(tokens.ids) else 0.0
