"""The extension point for tokenizers, and the flat arrays that they return."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import tokenizers

from contracts.errors import DataError
from contracts.rebuildable import Rebuildable, rebuild

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class TokenIds(NamedTuple):
    """The ids of many texts in one flat array; row `i` is `ids[offsets[i]:offsets[i + 1]]`."""

    ids: np.ndarray  # int32 (all tokens,)
    offsets: np.ndarray  # int64 (rows + 1,)
    type_ids: np.ndarray | None = None  # uint8 (all tokens,); 1 on the second text of a pair

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each text, `(texts,)`."""
        return np.diff(self.offsets)


class Units(NamedTuple):
    """The units of texts (words, characters or subwords) before unknown ones are replaced or encoded otherwise.

    Row `i` is `[strings[number] for number in unit_ids[offsets[i]:offsets[i + 1]]]`.
    """

    unit_ids: np.ndarray  # integers (all units,)
    offsets: np.ndarray  # int64 (rows + 1,)
    strings: list[str]
    is_known: np.ndarray  # bool (strings,); whether the vocabulary has the unit

    @property
    def unknown_counts(self) -> np.ndarray:
        """Number of unknown units of each text, `(texts,)`."""
        return count_per_text(~self.is_known[self.unit_ids], self.offsets)


class ExcludedTexts(NamedTuple):
    """Training texts that a tokenizer excludes from training."""

    mask: np.ndarray  # bool (texts,)
    reason: str


class Tokenizer(Rebuildable, ABC):
    """Encodes texts as token ids. Padding is id 0 unless the tokenizer was trained elsewhere."""

    max_positions: int | None = None
    """Maximum number of tokens of its model, special tokens included; None if there is no limit."""
    supports_pairs: bool = False

    @abstractmethod
    def train(self, texts: Sequence[str]) -> None:
        """Builds the vocabulary from the training texts; does nothing if it came with one."""

    @abstractmethod
    def encode_batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> TokenIds:
        """Encodes texts, each truncated to `max_length` tokens (special tokens included and kept)."""

    @property
    @abstractmethod
    def vocabulary_size(self) -> int:
        """Number of token ids."""

    @property
    @abstractmethod
    def padding_id(self) -> int:
        """The id of padding tokens."""

    @property
    def unknown_id(self) -> int | None:
        """The (first) id of unknown tokens; None if nothing is unknown."""
        return None

    @property
    def unknown_ids(self) -> Sequence[int]:
        """All ids of unknown tokens."""
        return () if self.unknown_id is None else (self.unknown_id,)

    def extract_units(self, texts: Sequence[str]) -> Units:
        """Splits texts into units and marks unknown ones; nothing is truncated, no special token is added."""
        tokens = self.encode_batch(texts)
        used = np.flatnonzero(np.bincount(tokens.ids, minlength=self.vocabulary_size))
        place_of = np.zeros(self.vocabulary_size, np.int32)
        place_of[used] = np.arange(len(used))
        strings = self.list_tokens()
        known = used != self.unknown_id
        return Units(place_of[tokens.ids], tokens.offsets, [strings[number] for number in used], known)

    def find_excluded_texts(self, texts: Sequence[str]) -> ExcludedTexts | None:
        """Finds training texts to exclude from training; called after `train`. None keeps all."""
        return None

    def list_tokens(self) -> list[str]:
        """Lists the string of each id, in the order of ids; empty for an id without one."""
        return list_vocabulary(tokenizers.Tokenizer.from_str(self.dump_state()), self.vocabulary_size)

    @abstractmethod
    def dump_state(self) -> str:
        """Serializes the trained state: JSON of a `tokenizers.Tokenizer`, or JSON with that as `tokenizer`."""

    @abstractmethod
    def load_state(self, state: str) -> None:
        """Restores the state saved by `dump_state`."""

    def list_libraries(self) -> list[str]:
        """Lists the installed packages whose version shapes the ids."""
        return ["tokenizers"]

    def fingerprint(self) -> str:
        """Identifies class and arguments: equal if the same training texts are encoded equally."""
        return json.dumps(self.to_blueprint(), sort_keys=True)

    def to_json(self) -> str:
        """Serializes the tokenizer for `tokenizer_from_json`."""
        return json.dumps(self.to_blueprint() | {"state": self.dump_state()})


def tokenizer_from_json(text: str) -> Tokenizer:
    """Restores a tokenizer saved by `Tokenizer.to_json`.

    Raises:
        DataError: The text was not written by `to_json`.
    """
    try:
        plain: dict[str, Any] = json.loads(text)
        tokenizer = rebuild(Tokenizer, plain)  # type: ignore[type-abstract]  # only concrete classes are called
        tokenizer.load_state(plain["state"])
    except DataError:
        raise
    except Exception as error:  # the Rust library raises plain Exception for an invalid state
        raise DataError(f"the tokenizer in this checkpoint cannot be read: {error}") from error
    return tokenizer


def replace_lone_surrogates(texts: Sequence[str]) -> list[str]:
    """Replaces lone surrogates, which no string in Rust can hold, by U+FFFD."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return [_LONE_SURROGATE.sub("\ufffd", text) for text in texts]
    return list(texts)


def list_vocabulary(backend: tokenizers.Tokenizer, size: int) -> list[str]:
    """Lists the string of each id below `size`, as the Hugging Face library has them."""
    strings = [""] * size
    for token, number in backend.get_vocab(with_added_tokens=True).items():
        strings[number] = token
    return strings


def flatten_encodings(encodings: Sequence[tokenizers.Encoding], with_types: bool = False) -> TokenIds:
    """Concatenates encodings of the Hugging Face library into flat arrays."""
    rows = [encoding.ids for encoding in encodings]
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    ids = np.fromiter(chain.from_iterable(rows), np.int32, count=int(offsets[-1]))
    if not with_types:
        return TokenIds(ids, offsets)
    types = chain.from_iterable(encoding.type_ids for encoding in encodings)
    return TokenIds(ids, offsets, np.fromiter(types, np.uint8, count=int(offsets[-1])))


def count_per_text(marked: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Counts the marked tokens, bool `(all tokens,)`, of each text: int64 `(texts,)`."""
    before = np.zeros(len(marked) + 1, np.int64)
    np.cumsum(marked, out=before[1:])
    return np.diff(before[offsets])


def truncate(tokens: TokenIds, max_length: int | None) -> TokenIds:
    """Truncates each text to its first `max_length` tokens."""
    lengths = tokens.lengths
    if max_length is None or not len(lengths) or lengths.max() <= max_length:
        return tokens
    within = np.arange(len(tokens.ids)) - np.repeat(tokens.offsets[:-1], lengths)
    offsets = np.zeros_like(tokens.offsets)
    np.cumsum(np.minimum(lengths, max_length), out=offsets[1:])
    return TokenIds(tokens.ids[within < max_length], offsets)
