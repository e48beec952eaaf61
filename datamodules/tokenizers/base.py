"""What a tokenizer promises, and the flat arrays it fills."""

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

_HALVES = re.compile("[\ud800-\udfff]")


class TokenIds(NamedTuple):
    """The ids of many texts in one flat array; row `i` is `ids[offsets[i]:offsets[i + 1]]`."""

    ids: np.ndarray  # int32 (all tokens,)
    offsets: np.ndarray  # int64 (rows + 1,)
    type_ids: np.ndarray | None = None  # uint8 (all tokens,); 1 on the second text of a pair

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each row."""
        return np.diff(self.offsets)


class Units(NamedTuple):
    """What texts fall into before anything is done about the unknown: words, characters or pieces of words.

    Row `i` is `[strings[number] for number in unit_ids[offsets[i]:offsets[i + 1]]]`.
    """

    unit_ids: np.ndarray  # integers (all units,)
    offsets: np.ndarray  # int64 (rows + 1,)
    strings: list[str]
    is_known: np.ndarray  # bool (strings,); whether the vocabulary has the unit

    @property
    def unknown_counts(self) -> np.ndarray:
        """How many unknown units each row has."""
        return count_by_row(~self.is_known[self.unit_ids], self.offsets)


class ExcludedTexts(NamedTuple):
    """Training texts that are better not learned from."""

    mask: np.ndarray  # bool (texts,)
    reason: str


class Tokenizer(Rebuildable, ABC):
    """Turns texts into ids. Padding is id 0 unless the tokenizer was made elsewhere."""

    max_positions: int | None = None
    """The most tokens its model can take, special tokens counted; none where there is no bound."""
    supports_pairs: bool = False

    @abstractmethod
    def train(self, texts: Sequence[str]) -> None:
        """Learns the vocabulary from the training texts; does nothing where it came with one."""

    @abstractmethod
    def encode_batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> TokenIds:
        """Ids of all texts, each cut to `max_length` tokens (special tokens counted and kept)."""

    @property
    @abstractmethod
    def vocabulary_size(self) -> int:
        """Ids run from 0 to one below this."""

    @property
    @abstractmethod
    def padding_id(self) -> int:
        """The id that fills a batch up."""

    @property
    def unknown_id(self) -> int | None:
        """The id of what is not in the vocabulary, where there is one."""
        return None

    @property
    def unknown_ids(self) -> Sequence[int]:
        """All ids of what is not in the vocabulary."""
        return () if self.unknown_id is None else (self.unknown_id,)

    def extract_units(self, texts: Sequence[str]) -> Units:
        """What the texts fall into, and which of it the vocabulary lacks; nothing is cut, nothing is added."""
        tokens = self.encode_batch(texts)
        used = np.flatnonzero(np.bincount(tokens.ids, minlength=self.vocabulary_size))
        place_of = np.zeros(self.vocabulary_size, np.int32)
        place_of[used] = np.arange(len(used))
        strings = self.list_tokens()
        known = used != self.unknown_id
        return Units(place_of[tokens.ids], tokens.offsets, [strings[number] for number in used], known)

    def find_excluded_texts(self, texts: Sequence[str]) -> ExcludedTexts | None:
        """Which of the training texts should not be learned from; asked once it is trained. None keeps all."""
        return None

    def list_tokens(self) -> list[str]:
        """The string of every id, in the order of the ids; empty for an id that has none."""
        return vocabulary_strings(tokenizers.Tokenizer.from_str(self.state()), self.vocabulary_size)

    @abstractmethod
    def state(self) -> str:
        """What was learned: the JSON of a Hugging Face `tokenizers.Tokenizer`, or JSON with it under `tokenizer`."""

    @abstractmethod
    def load_state(self, state: str) -> None:
        """Takes back what `state` gave."""

    def fingerprint(self) -> str:
        """Changes whenever the same training texts would be encoded otherwise."""
        return json.dumps(self.to_blueprint(), sort_keys=True)

    def to_json(self) -> str:
        """One string that `tokenizer_from_json` makes the same tokenizer of."""
        return json.dumps(self.to_blueprint() | {"state": self.state()})


def tokenizer_from_json(text: str) -> Tokenizer:
    """The inverse of `Tokenizer.to_json`.

    Raises:
        DataError: The text was not written by `to_json`.
    """
    try:
        plain: dict[str, Any] = json.loads(text)
        made = rebuild(Tokenizer, plain)  # type: ignore[type-abstract]  # final classes of the seam are called
        made.load_state(plain["state"])
    except DataError:
        raise
    except Exception as error:  # of no narrower kind, where the Rust library refuses a state
        raise DataError(f"the tokenizer in this checkpoint cannot be read: {error}") from error
    return made


def replace_lone_surrogates(texts: Sequence[str]) -> list[str]:
    """Puts U+FFFD in place of lone surrogates, halves of characters that no string in Rust can hold."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return [_HALVES.sub("\ufffd", text) for text in texts]
    return list(texts)


def vocabulary_strings(backend: tokenizers.Tokenizer, size: int) -> list[str]:
    """The string of every id below `size`, as the Hugging Face library has them."""
    strings = [""] * size
    for token, number in backend.get_vocab(with_added_tokens=True).items():
        strings[number] = token
    return strings


def flat(encodings: Sequence[tokenizers.Encoding], with_types: bool = False) -> TokenIds:
    """Gathers the encodings of the Hugging Face library into flat arrays."""
    rows = [encoding.ids for encoding in encodings]
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    ids = np.fromiter(chain.from_iterable(rows), np.int32, count=int(offsets[-1]))
    if not with_types:
        return TokenIds(ids, offsets)
    types = chain.from_iterable(encoding.type_ids for encoding in encodings)
    return TokenIds(ids, offsets, np.fromiter(types, np.uint8, count=int(offsets[-1])))


def count_by_row(marked: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """How many of the marked tokens, bool `(all tokens,)`, each row has: int64 `(rows,)`."""
    before = np.zeros(len(marked) + 1, np.int64)
    np.cumsum(marked, out=before[1:])
    return np.diff(before[offsets])


def cut(tokens: TokenIds, max_length: int | None) -> TokenIds:
    """Keeps the first `max_length` tokens of each row."""
    lengths = tokens.lengths
    if max_length is None or not len(lengths) or lengths.max() <= max_length:
        return tokens
    within = np.arange(len(tokens.ids)) - np.repeat(tokens.offsets[:-1], lengths)
    offsets = np.zeros_like(tokens.offsets)
    np.cumsum(np.minimum(lengths, max_length), out=offsets[1:])
    return TokenIds(tokens.ids[within < max_length], offsets)
