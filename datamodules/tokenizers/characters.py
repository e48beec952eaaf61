"""One token per character, for Chinese and other languages without spaces between words.

Encoding is one table lookup by code point: no Rust, no loop. The saved state is an ordinary `tokenizers` JSON that
gives the same ids in any other program.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers

from contracts.errors import UsageError
from datamodules.tokenizers.base import TokenIds, Tokenizer, Units, truncate

_CODE_POINTS = 0x110000
_SURROGATES = slice(0xD800, 0xE000)
_SPECIAL = ("[PAD]", "[UNK]")


class Characters(Tokenizer):
    """Each Unicode code point is a token, spaces included.

    Args:
        vocab_size: Maximum vocabulary size, the two special tokens included. The most frequent characters are kept;
            None keeps all.
        min_frequency: Minimum training frequency of a character; others are unknown.
        lowercase: Whether to lowercase texts.
    """

    def __init__(self, vocab_size: int | None = None, min_frequency: int = 1, lowercase: bool = False) -> None:
        check_vocabulary_limits(vocab_size, min_frequency)
        self.vocab_size = vocab_size
        self.min_frequency = min_frequency
        self.lowercase = lowercase
        self._characters: list[str] = []
        self._table = np.ones(_CODE_POINTS, np.int32)

    def train(self, texts: Sequence[str]) -> None:
        """Builds a vocabulary of the most frequent characters; ties go to the lower code point."""
        counts = np.bincount(to_code_points(self._lowercase(texts)), minlength=_CODE_POINTS)
        counts[_SURROGATES] = 0  # no other program could read a vocabulary with lone surrogates
        kept = np.flatnonzero(counts >= self.min_frequency)
        kept = kept[np.argsort(-counts[kept], kind="stable")]
        if self.vocab_size is not None:
            kept = kept[: max(self.vocab_size - len(_SPECIAL), 0)]
        self._set_characters([chr(point) for point in kept])

    def encode_batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> TokenIds:
        """Encodes each code point by a table lookup."""
        texts = self._lowercase(texts)
        return truncate(TokenIds(self._table[to_code_points(texts)], compute_text_offsets(texts)), max_length)

    def extract_units(self, texts: Sequence[str]) -> Units:
        """Splits texts into code points and marks unknown ones."""
        texts = self._lowercase(texts)
        points = to_code_points(texts)
        used = np.flatnonzero(np.bincount(points))
        unit_of = np.zeros(_CODE_POINTS, np.int32)
        unit_of[used] = np.arange(len(used))
        return Units(
            unit_of[points], compute_text_offsets(texts), [chr(point) for point in used], self._table[used] != 1
        )

    @property
    def vocabulary_size(self) -> int:
        """Number of characters, plus padding and unknown."""
        return len(self._characters) + len(_SPECIAL)

    @property
    def padding_id(self) -> int:
        """Always 0."""
        return 0

    @property
    def unknown_id(self) -> int:
        """Always 1."""
        return 1

    def list_libraries(self) -> list[str]:
        """Lists nothing: ids come from a table of code points."""
        return []

    def list_tokens(self) -> list[str]:
        """Lists the special tokens, then the characters."""
        return [*_SPECIAL, *self._characters]

    def dump_state(self) -> str:
        """Serializes as a `tokenizers` JSON with the same ids."""
        vocabulary = {token: number for number, token in enumerate([*_SPECIAL, *self._characters])}
        portable = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        if self.lowercase:
            portable.normalizer = normalizers.Lowercase()
        portable.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
        return portable.to_str()

    def load_state(self, state: str) -> None:
        """Restores the characters in the order of their ids."""
        vocabulary = tokenizers.Tokenizer.from_str(state).get_vocab()
        self._set_characters(sorted(vocabulary, key=vocabulary.__getitem__)[len(_SPECIAL) :])

    def _lowercase(self, texts: Sequence[str]) -> Sequence[str]:
        """Lowercases texts, each code point by itself, if `lowercase` is set."""
        # only Python lowercases a final sigma differently
        return [text.replace("Σ", "σ").lower() for text in texts] if self.lowercase else texts

    def _set_characters(self, characters: list[str]) -> None:
        """Sets the vocabulary and builds the table of ids by code point."""
        self._characters = characters
        self._table = np.ones(_CODE_POINTS, np.int32)
        self._table[[ord(character) for character in characters]] = np.arange(len(characters)) + len(_SPECIAL)


def check_vocabulary_limits(vocab_size: int | None, min_frequency: int, special: int = len(_SPECIAL)) -> None:
    """Checks that the limits leave room for tokens beside the special ones."""
    if vocab_size is not None and vocab_size <= special:
        raise UsageError(f"vocab_size counts padding and unknown and must be at least {special + 1}, got {vocab_size}")
    if min_frequency < 1:
        raise UsageError(f"min_frequency must be at least 1, got {min_frequency}")


def to_code_points(texts: Sequence[str]) -> np.ndarray:
    """Concatenates the code points of all texts: uint32 `(characters,)`."""
    return np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)


def compute_text_offsets(texts: Sequence[str]) -> np.ndarray:
    """Computes where each text begins in `to_code_points`, and where the last ends: int64 `(texts + 1,)`."""
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, count=len(texts)), out=offsets[1:])
    return offsets
