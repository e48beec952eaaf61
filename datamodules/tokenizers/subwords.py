"""Pieces of words learned from the training texts: WordPiece, BPE (Sennrich et al. 2016) or Unigram (Kudo 2018).

Common words stay whole, rare ones fall into pieces, Chinese clauses into words and characters. Or a `tokenizer.json`
that was trained elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tokenizers

from contracts.errors import UsageError
from datamodules.tokenizers.base import TokenIds, Tokenizer, Units, replace_lone_surrogates, vocabulary_strings
from datamodules.tokenizers.piece_training import BYTES, SPECIAL, Algorithm, train_pieces
from datamodules.tokenizers.pieces import encode_pieces, piece_units, unknown_piece

_PADDING_NAMES = ("[PAD]", "<pad>", "<PAD>")


class Subwords(Tokenizer):
    """Pieces of words.

    Args:
        algorithm: How pieces are found: `bpe` joins the commonest neighbours, `wordpiece` does so and takes the longest
            piece that fits, `unigram` drops what a text's probability needs least.
        vocab_size: The most ids, special ones and bytes counted; at most half go to single characters.
        min_frequency: Characters, and pairs of pieces (`bpe`, `wordpiece`), seen less often in training are left
            out.
        lowercase: Whether capitals are folded.
        byte_fallback: Whether characters outside the vocabulary are spelled in bytes, so that nothing is unknown; by
            `bpe` and `unigram`.
        path: A `tokenizer.json` to take instead; the arguments above then have no say.
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
        least = len(SPECIAL) + (len(BYTES) if byte_fallback else 0) + 4
        if vocab_size < least:
            raise UsageError(f"vocab_size must be at least {least} with these choices, got {vocab_size}")
        if min_frequency < 1:
            raise UsageError(f"min_frequency must be at least 1, got {min_frequency}")
        if byte_fallback and algorithm == "wordpiece":
            raise UsageError("byte_fallback works with algorithm bpe or unigram, got wordpiece, which has no bytes")
        self.algorithm: Algorithm = algorithm
        self.most_ids = vocab_size
        self.min_frequency = min_frequency
        self.lowercase = lowercase
        self.byte_fallback = byte_fallback
        self._file = path is not None
        if path is not None:
            self._take(_read(path))
        else:
            self.train([])

    def train(self, texts: Sequence[str]) -> None:
        """Learns pieces, unless they came from a file."""
        if not self._file:
            limits = (self.most_ids, self.min_frequency, self.lowercase, self.byte_fallback)
            self._take(train_pieces(replace_lone_surrogates(texts), self.algorithm, *limits))

    def encode_batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> TokenIds:
        """Encodes in parallel, in Rust.

        Raises:
            UsageError: The special tokens of a file's tokenizer are more than `max_length`.
        """
        return encode_pieces(self._backend, texts, None, max_length)

    def extract_units(self, texts: Sequence[str]) -> Units:
        """Its pieces; unknown are characters without an id, also where bytes stand for them, one unit a byte."""
        names = (self._backend.token_to_id(name) for name in BYTES)
        unknown = {number for number in (*names, unknown_piece(self._backend)) if number is not None}
        return piece_units(self._backend, texts, unknown)

    @property
    def vocabulary_size(self) -> int:
        """All ids, padding counted."""
        return self._size

    @property
    def padding_id(self) -> int:
        """0, or what a file's tokenizer has; one beyond its last id where it has none."""
        return self._padding_id

    @property
    def unknown_id(self) -> int | None:
        """1, or what a file's tokenizer has; none where bytes spell everything."""
        return None if self.byte_fallback and not self._file else unknown_piece(self._backend)

    def list_tokens(self) -> list[str]:
        """Its pieces."""
        return vocabulary_strings(self._backend, self._size)

    def fingerprint(self) -> str:
        """The content of a file counts, not its name."""
        return self.to_json() if self._file else super().fingerprint()

    def override_arguments(self) -> dict[str, Any]:
        """A file's content travels in the state."""
        return {"path": None}

    def state(self) -> str:
        """The `tokenizers` JSON, and whether it came from a file."""
        self._backend.no_truncation()
        return json.dumps({"file": self._file, "tokenizer": self._backend.to_str()})

    def load_state(self, state: str) -> None:
        """Needs no file."""
        plain = json.loads(state)
        self._file = plain["file"]
        self._take(tokenizers.Tokenizer.from_str(plain["tokenizer"]))

    def _take(self, backend: tokenizers.Tokenizer) -> None:
        numbers = backend.get_vocab(with_added_tokens=True)
        padding = (backend.padding or {}).get(
            "pad_id", next((numbers[n] for n in _PADDING_NAMES if n in numbers), None)
        )
        self._size = max(numbers.values()) + (2 if padding is None else 1)
        self._padding_id = self._size - 1 if padding is None else padding
        self._backend = backend
        backend.no_padding()
        backend.encode_special_tokens = True  # a text that spells "[SEP]" stays a text


def _read(path: str) -> tokenizers.Tokenizer:
    option = f"--data.tokenizer.path {path}"
    wanted = "give a tokenizer.json as the library `tokenizers` writes it"
    try:
        content = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{option} is no text in UTF-8; {wanted}") from error
    except OSError as error:
        raise UsageError(f"{option} cannot be read ({error.strerror}); {wanted}") from error
    try:
        made = tokenizers.Tokenizer.from_str(content)
        size = made.get_vocab_size()
        made.encode("a")
    except Exception as error:  # of no narrower kind, where the Rust library refuses a file
        raise UsageError(f"{option} is no tokenizer: {str(error).splitlines()[0]}; {wanted}") from error
    if not size:
        raise UsageError(f"{option} has no vocabulary; {wanted}, trained")
    return made
