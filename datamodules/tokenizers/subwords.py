"""Subwords trained on the training texts: WordPiece, BPE (Sennrich et al. 2016) or Unigram (Kudo 2018).

Frequent words are one token, rare ones are split into subwords, Chinese clauses into words and characters. Or a
`tokenizer.json` that was trained elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tokenizers

from contracts.errors import DataError, UsageError
from datamodules.tokenizers.base import TokenIds, Tokenizer, Units, list_vocabulary, replace_lone_surrogates
from datamodules.tokenizers.subword_encoding import encode_subwords, extract_subword_units, get_unknown_id
from datamodules.tokenizers.subword_training import BYTES, SPECIAL, Algorithm, train_subwords
from datamodules.tokenizers.untrusted_state import check_tokenizer_state

_PADDING_NAMES = ("[PAD]", "<pad>", "<PAD>")


class Subwords(Tokenizer):
    """Frequent words as one token, rare words as several subwords.

    Args:
        algorithm: Subword algorithm: `bpe`, `wordpiece` or `unigram`. `bpe` merges the most frequent pairs, `wordpiece`
            does so and encodes by the longest match, `unigram` prunes a large vocabulary by likelihood.
        vocab_size: Maximum vocabulary size, special tokens and bytes included. At most half are single characters.
        min_frequency: Minimum frequency of a character or of a merged pair. Pairs are merged by `bpe` and `wordpiece`.
        lowercase: Whether to lowercase texts.
        byte_fallback: Whether characters outside the vocabulary are encoded as bytes. Then nothing is unknown. For
            `bpe` and `unigram`.
        path: File `tokenizer.json` to load. The other arguments are then ignored.
    """

    def __init__(
        self,
        algorithm: Algorithm = "bpe",
        vocab_size: int = 8000,
        min_frequency: int = 2,
        lowercase: bool = True,
        byte_fallback: bool = False,
        path: str | None = None,
    ) -> None:
        minimum = len(SPECIAL) + (len(BYTES) if byte_fallback else 0) + 4
        if vocab_size < minimum:
            raise UsageError(f"vocab_size must be at least {minimum} with these choices, got {vocab_size}")
        if min_frequency < 1:
            raise UsageError(f"min_frequency must be at least 1, got {min_frequency}")
        if byte_fallback and algorithm == "wordpiece":
            raise UsageError("byte_fallback works with algorithm bpe or unigram, got wordpiece, which has no bytes")
        self.algorithm: Algorithm = algorithm
        self.vocab_size = vocab_size
        self.min_frequency = min_frequency
        self.lowercase = lowercase
        self.byte_fallback = byte_fallback
        self._file = path is not None
        if path is not None:
            self._set_backend(_read_tokenizer_file(path))
        else:
            self.train([])

    def train(self, texts: Sequence[str]) -> None:
        """Trains the subwords, unless they come from a file."""
        if not self._file:
            limits = (self.vocab_size, self.min_frequency, self.lowercase, self.byte_fallback)
            self._set_backend(train_subwords(replace_lone_surrogates(texts), self.algorithm, *limits))

    def encode_batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> TokenIds:
        """Encodes in parallel, in Rust.

        Raises:
            UsageError: `max_length` has no room for the special tokens of a file's tokenizer.
        """
        return encode_subwords(self._backend, texts, None, max_length)

    def extract_units(self, texts: Sequence[str]) -> Units:
        """Splits texts into subwords; unknown are characters without an id, encoded as bytes or not."""
        names = (self._backend.token_to_id(name) for name in BYTES)
        unknown = {number for number in (*names, get_unknown_id(self._backend)) if number is not None}
        return extract_subword_units(self._backend, texts, unknown)

    @property
    def vocabulary_size(self) -> int:
        """Number of ids, padding included."""
        return self._size

    @property
    def padding_id(self) -> int:
        """0, or the padding id of a file's tokenizer, or the next id after its last one."""
        return self._padding_id

    @property
    def unknown_id(self) -> int | None:
        """1, or the unknown id of a file's tokenizer; None if bytes spell everything."""
        return None if self.byte_fallback and not self._file else get_unknown_id(self._backend)

    def list_tokens(self) -> list[str]:
        """Lists the subwords."""
        return list_vocabulary(self._backend, self._size)

    def fingerprint(self) -> str:
        """Identifies the content of a file, not its name."""
        return self.to_json() if self._file else super().fingerprint()

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns `path` if there is a file."""
        return None if arguments.get("path") is None else "path"

    def override_arguments(self) -> dict[str, Any]:
        """Drops the path: the content of the file is part of the state."""
        return {"path": None}

    def dump_state(self) -> str:
        """Serializes the `tokenizers` JSON, and whether it came from a file."""
        self._backend.no_truncation()
        return json.dumps({"file": self._file, "tokenizer": self._backend.to_str()})

    def load_state(self, state: str) -> None:
        """Restores the state saved by `dump_state`, without the file."""
        plain = json.loads(state)
        self._file = plain["file"]
        self._set_backend(tokenizers.Tokenizer.from_str(plain["tokenizer"]))

    def _set_backend(self, backend: tokenizers.Tokenizer) -> None:
        """Sets the tokenizer of the Hugging Face library, its number of ids and its padding id."""
        numbers = backend.get_vocab(with_added_tokens=True)
        padding = (backend.padding or {}).get(
            "pad_id", next((numbers[n] for n in _PADDING_NAMES if n in numbers), None)
        )
        self._size = max(numbers.values()) + (2 if padding is None else 1)
        self._padding_id = self._size - 1 if padding is None else padding
        self._backend = backend
        backend.no_padding()
        backend.encode_special_tokens = True  # a text that spells "[SEP]" stays a text


def _read_tokenizer_file(path: str) -> tokenizers.Tokenizer:
    """Reads and checks a `tokenizer.json`."""
    option = f"--data.tokenizer.path {path}"
    fix = "give a tokenizer.json as the library `tokenizers` writes it"
    try:
        content = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{option} is no text in UTF-8; {fix}") from error
    except OSError as error:
        raise UsageError(f"{option} cannot be read ({error.strerror}); {fix}") from error
    try:
        backend = tokenizers.Tokenizer.from_str(content)
        size = backend.get_vocab_size()
        backend.encode("a")
    except Exception as error:  # the Rust library raises plain Exception for an invalid file
        raise UsageError(f"{option} is no tokenizer: {str(error).splitlines()[0]}; {fix}") from error
    try:
        check_tokenizer_state(content, "it")
    except DataError as error:
        raise UsageError(f"{option}: {error}; a checkpoint with it could not be read") from error
    if not size:
        raise UsageError(f"{option} has no vocabulary; {fix}, trained")
    return backend
