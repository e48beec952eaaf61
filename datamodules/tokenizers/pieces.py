"""What tokenizers that cut words into pieces share, whether they were trained here or came with a model."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import tokenizers

from contracts.errors import UsageError
from datamodules.tokenizers.base import TokenIds, Units, count_by_row, flat, replace_lone_surrogates, vocabulary_strings


def encode_pieces(
    backend: tokenizers.Tokenizer, texts: Sequence[str], pairs: Sequence[str] | None, max_length: int | None
) -> TokenIds:
    """Encodes in parallel, in Rust; special tokens stay when a text is cut; a pair loses from its longer text.

    Raises:
        UsageError: The special tokens alone are more than `max_length`.
    """
    if max_length is None:
        backend.no_truncation()
    else:
        special = backend.num_special_tokens_to_add(pairs is not None)
        if max_length < special:  # the library would then cut nothing, without a word
            raise UsageError(
                f"--data.max_length {max_length} has no room for the {special} special tokens of this tokenizer; "
                f"choose at least {special + 1}, or a share such as 0.99"
            )
        backend.enable_truncation(max_length)
    rows: list[Any] = replace_lone_surrogates(texts)
    if pairs is not None:
        rows = list(zip(rows, replace_lone_surrogates(pairs), strict=True))
    return flat(backend.encode_batch_fast(rows), with_types=pairs is not None)


def unknown_piece(backend: tokenizers.Tokenizer) -> int | None:
    """The id that its model gives to what it cannot spell, where there is one."""
    model = json.loads(backend.to_str())["model"]
    if model.get("unk_id") is not None:
        return int(model["unk_id"])
    return backend.token_to_id(model["unk_token"]) if model.get("unk_token") else None


def piece_units(backend: tokenizers.Tokenizer, texts: Sequence[str], unknown: Collection[int]) -> Units:
    """The pieces of texts, no special token among them.

    Args:
        backend: What cuts.
        texts: As they are; unknown pieces are named as they stand there.
        unknown: The ids of pieces that the vocabulary lacks.
    """
    whole = replace_lone_surrogates(texts)
    backend.no_truncation()
    tokens = flat(backend.encode_batch_fast(whole, add_special_tokens=False))
    size = max(backend.get_vocab(with_added_tokens=True).values(), default=-1) + 1
    strange = np.isin(tokens.ids, list(unknown))
    used = np.flatnonzero(np.bincount(tokens.ids[~strange], minlength=size))
    place_of = np.zeros(size, np.int32)
    place_of[used] = np.arange(len(used))
    places = place_of[tokens.ids]
    strings = vocabulary_strings(backend, size)
    names = [strings[number] for number in used]
    lacking: dict[str, int] = {}
    touched = [whole[row] for row in np.flatnonzero(count_by_row(strange, tokens.offsets))]
    found = backend.encode_batch(touched, add_special_tokens=False)  # with where each piece stands, which takes longer
    places[strange] = [
        lacking.setdefault(text[start:end] or strings[number], len(names) + len(lacking))
        for text, encoding in zip(touched, found, strict=True)
        for number, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)
        if number in unknown
    ]
    return Units(places, tokens.offsets, names + list(lacking), np.arange(len(names) + len(lacking)) < len(names))
