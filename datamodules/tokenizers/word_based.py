"""What tokenizers with a vocabulary of words share: how a text falls into words, and which of them are known."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import tokenizers

from contracts.errors import UsageError
from datamodules.tokenizers.base import TokenIds, Tokenizer, Units, cut, flat
from datamodules.tokenizers.jieba_words import check_jieba, read_user_dictionary, segmenter
from datamodules.tokenizers.unknown_replacement import replace_unknown
from datamodules.tokenizers.word_splitting import WordSplitting

UNKNOWN = 1  # what the Rust library gives for any word outside the vocabulary


class WordBased(Tokenizer):
    """Words in a vocabulary; what becomes of the others is each member's own."""

    def __init__(
        self, lowercase: bool, segment: Literal["unicode", "jieba"], user_dictionary: str | None, hmm: bool
    ) -> None:
        if segment == "jieba":
            check_jieba()
        elif user_dictionary is not None:
            raise UsageError(
                f"--data.tokenizer.user_dictionary {user_dictionary} is for Chinese words; "
                "add --data.tokenizer.segment jieba, or leave it out"
            )
        self.lowercase = lowercase
        self.segment = segment
        self.hmm = hmm
        self._dictionary = None if user_dictionary is None else read_user_dictionary(user_dictionary)
        self._take({"[PAD]": 0, "[UNK]": UNKNOWN})

    @abstractmethod
    def spell(self, words: Sequence[str]) -> TokenIds | None:
        """The ids of words outside the vocabulary, a row each; None where they keep the one unknown id."""

    def encode_batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> TokenIds:
        """Encodes in parallel, in Rust; each distinct unknown word is spelled once."""
        splitting = self._splitting
        prepared = splitting.prepare(texts)
        tokens = flat(self._tokenizer.encode_batch_fast(prepared))
        if self.spell([]) is not None:
            spell: Any = self.spell
            tokens = replace_unknown(tokens, prepared, splitting, self._vocabulary, UNKNOWN, spell)
        return cut(tokens, max_length)

    def extract_units(self, texts: Sequence[str]) -> Units:
        """Its words."""
        split = self._splitting.split(self._splitting.prepare(texts))
        known = np.fromiter(map(self._vocabulary.__contains__, split.names), bool, count=len(split.names))
        return Units(split.places, split.offsets, split.names, known)

    @property
    def vocabulary_size(self) -> int:
        """Everything that has an id."""
        return len(self._vocabulary)

    @property
    def padding_id(self) -> int:
        """Always 0."""
        return 0

    def fingerprint(self) -> str:
        """The dictionary's content counts, not its name."""
        return json.dumps(self.to_blueprint() | {"user_dictionary": self._dictionary}, sort_keys=True)

    def override_arguments(self) -> dict[str, Any]:
        """The dictionary travels in the state."""
        return {"user_dictionary": None}

    def state(self) -> str:
        """The `tokenizers` JSON, and beside it the user dictionary where there is one."""
        words = self._tokenizer.to_str()
        return words if self._dictionary is None else json.dumps({"tokenizer": words, "dictionary": self._dictionary})

    def load_state(self, state: str) -> None:
        """Needs no file."""
        if state.startswith('{"tokenizer"'):
            plain = json.loads(state)
            state, self._dictionary = plain["tokenizer"], plain["dictionary"]
        self._take(tokenizers.Tokenizer.from_str(state).get_vocab())

    def list_tokens(self) -> list[str]:
        """The special names, words, and what else has an id."""
        return sorted(self._vocabulary, key=self._vocabulary.__getitem__)

    @property
    def _splitting(self) -> WordSplitting:
        # made when needed: a segmenter takes a second to load, and cannot be copied
        segment = segmenter(self._dictionary, self.hmm) if self.segment == "jieba" else None
        return WordSplitting(self.lowercase, segment)

    def _take(self, vocabulary: dict[str, int]) -> None:
        self._vocabulary = vocabulary
        placeholder = None if self.segment == "unicode" else list
        # Made without the trainer's special tokens: a text that spells "[PAD]" must not become padding.
        self._tokenizer = WordSplitting(self.lowercase, placeholder).with_vocabulary(vocabulary)
