"""Encoding with subword tokenizers of the Hugging Face library, whether trained here or part of a model."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import tokenizers

from contracts.errors import UsageError
from datamodules.tokenizers.base import (
    TokenIds,
    Units,
    count_per_text,
    flatten_encodings,
    list_vocabulary,
    replace_lone_surrogates,
)


def encode_subwords(
    backend: tokenizers.Tokenizer, texts: Sequence[str], pairs: Sequence[str] | None, max_length: int | None
) -> TokenIds:
    """Encodes in parallel, in Rust; special tokens survive truncation; of a pair the longer text is truncated.

    Raises:
        UsageError: `max_length` has no room for the special tokens.
    """
    if max_length is None:
        backend.no_truncation()
    else:
        special = backend.num_special_tokens_to_add(pairs is not None)
        if max_length < special:  # the library would then truncate nothing, silently
            raise UsageError(
                f"--data.max_length {max_length} has no room for the {special} special tokens of this tokenizer; "
                f"choose at least {special + 1}, or a ratio such as 0.99"
            )
        backend.enable_truncation(max_length)
    rows: list[Any] = replace_lone_surrogates(texts)
    if pairs is not None:
        rows = list(zip(rows, replace_lone_surrogates(pairs), strict=True))
    return flatten_encodings(backend.encode_batch_fast(rows), with_types=pairs is not None)


def get_unknown_id(backend: tokenizers.Tokenizer) -> int | None:
    """Returns the id that a model gives to what it cannot spell, or None if it has none."""
    model = json.loads(backend.to_str())["model"]
    if model.get("unk_id") is not None:
        return int(model["unk_id"])
    return backend.token_to_id(model["unk_token"]) if model.get("unk_token") else None


def extract_subword_units(backend: tokenizers.Tokenizer, texts: Sequence[str], unknown: Collection[int]) -> Units:
    """Splits texts into subwords, without special tokens, and marks unknown ones.

    Args:
        backend: Splits the texts.
        texts: Any; unknown subwords are named by their characters in the text.
        unknown: The ids of unknown subwords.
    """
    cleaned = replace_lone_surrogates(texts)
    backend.no_truncation()
    tokens = flatten_encodings(backend.encode_batch_fast(cleaned, add_special_tokens=False))
    size = max(backend.get_vocab(with_added_tokens=True).values(), default=-1) + 1
    is_unknown = np.isin(tokens.ids, list(unknown))
    used = np.flatnonzero(np.bincount(tokens.ids[~is_unknown], minlength=size))
    unit_of = np.zeros(size, np.int32)
    unit_of[used] = np.arange(len(used))
    unit_ids = unit_of[tokens.ids]
    strings = list_vocabulary(backend, size)
    names = [strings[number] for number in used]
    unknown_units: dict[str, int] = {}
    with_unknown = [cleaned[row] for row in np.flatnonzero(count_per_text(is_unknown, tokens.offsets))]
    encodings = backend.encode_batch(with_unknown, add_special_tokens=False)  # with offsets, which takes longer
    unit_ids[is_unknown] = [
        unknown_units.setdefault(text[start:end] or strings[number], len(names) + len(unknown_units))
        for text, encoding in zip(with_unknown, encodings, strict=True)
        for number, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)
        if number in unknown
    ]
    return Units(
        unit_ids, tokens.offsets, names + list(unknown_units), np.arange(len(names) + len(unknown_units)) < len(names)
    )
