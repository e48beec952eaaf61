"""One id a character: the plain choice for Chinese, and for languages whose words nobody splits.

A Python string is a row of code points, so the way from text to ids is one table lookup: no Rust, no loop. What is
saved is nevertheless an ordinary `tokenizers` JSON that gives the same ids in any other program.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers

from contracts.errors import UsageError
from datamodules.tokenizers.base import TokenIds, Tokenizer, Units, cut

_CODE_POINTS = 0x110000
_SURROGATES = slice(0xD800, 0xE000)
_SPECIAL = ("[PAD]", "[UNK]")


class Characters(Tokenizer):
    """Each Unicode code point is a token, spaces included.

    Args:
        vocab_size: The most ids, the two special ones counted; the commonest characters stay. None keeps all.
        min_frequency: Characters seen less often in training are unknown.
        lowercase: Whether capitals are folded.
    """

    def __init__(self, vocab_size: int | None = None, min_frequency: int = 1, lowercase: bool = False) -> None:
        check_vocabulary_limits(vocab_size, min_frequency)
        self.vocab_size = vocab_size
        self.min_frequency = min_frequency
        self.lowercase = lowercase
        self._characters: list[str] = []
        self._table = np.ones(_CODE_POINTS, np.int32)

    def train(self, texts: Sequence[str]) -> None:
        """Keeps the commonest characters; ties go to the lower code point."""
        counts = np.bincount(code_points(self._fold(texts)), minlength=_CODE_POINTS)
        counts[_SURROGATES] = 0  # halves of characters: no other program could read the vocabulary
        kept = np.flatnonzero(counts >= self.min_frequency)
        kept = kept[np.argsort(-counts[kept], kind="stable")]
        if self.vocab_size is not None:
            kept = kept[: max(self.vocab_size - len(_SPECIAL), 0)]
        self._remember([chr(point) for point in kept])

    def encode_batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> TokenIds:
        """Looks every code point up in one table."""
        texts = self._fold(texts)
        return cut(TokenIds(self._table[code_points(texts)], text_offsets(texts)), max_length)

    def extract_units(self, texts: Sequence[str]) -> Units:
        """Its characters, counted as code points."""
        texts = self._fold(texts)
        points = code_points(texts)
        used = np.flatnonzero(np.bincount(points))
        place_of = np.zeros(_CODE_POINTS, np.int32)
        place_of[used] = np.arange(len(used))
        return Units(place_of[points], text_offsets(texts), [chr(point) for point in used], self._table[used] != 1)

    @property
    def vocabulary_size(self) -> int:
        """Characters kept, plus padding and unknown."""
        return len(self._characters) + len(_SPECIAL)

    @property
    def padding_id(self) -> int:
        """Always 0."""
        return 0

    @property
    def unknown_id(self) -> int:
        """Always 1."""
        return 1

    def list_tokens(self) -> list[str]:
        """The special names, then the characters kept."""
        return [*_SPECIAL, *self._characters]

    def state(self) -> str:
        """A `tokenizers` JSON with the same ids."""
        vocabulary = {token: number for number, token in enumerate([*_SPECIAL, *self._characters])}
        portable = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        if self.lowercase:
            portable.normalizer = normalizers.Lowercase()
        portable.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
        return portable.to_str()

    def load_state(self, state: str) -> None:
        """Reads the characters back in the order of their ids."""
        vocabulary = tokenizers.Tokenizer.from_str(state).get_vocab()
        self._remember(sorted(vocabulary, key=vocabulary.__getitem__)[len(_SPECIAL) :])

    def _fold(self, texts: Sequence[str]) -> Sequence[str]:
        # Python alone has another small sigma at the end of a word
        return [text.replace("Σ", "σ").lower() for text in texts] if self.lowercase else texts

    def _remember(self, characters: list[str]) -> None:
        self._characters = characters
        self._table = np.ones(_CODE_POINTS, np.int32)
        self._table[[ord(character) for character in characters]] = np.arange(len(characters)) + len(_SPECIAL)


def check_vocabulary_limits(vocab_size: int | None, min_frequency: int, special: int = len(_SPECIAL)) -> None:
    """Refuses limits that would leave no vocabulary beside the special ids."""
    if vocab_size is not None and vocab_size <= special:
        raise UsageError(f"vocab_size counts padding and unknown and must be at least {special + 1}, got {vocab_size}")
    if min_frequency < 1:
        raise UsageError(f"min_frequency must be at least 1, got {min_frequency}")


def code_points(texts: Sequence[str]) -> np.ndarray:
    """All characters of all texts, in one array: uint32 `(characters,)`."""
    return np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)


def text_offsets(texts: Sequence[str]) -> np.ndarray:
    """Where each text begins in `code_points`, and where the last ends: int64 `(texts + 1,)`."""
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, count=len(texts)), out=offsets[1:])
    return offsets
