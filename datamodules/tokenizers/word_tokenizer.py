"""Base of tokenizers with a vocabulary of words: splits texts into words, and encodes known and unknown ones."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import tokenizers

from contracts.errors import UsageError
from datamodules.tokenizers.base import TokenIds, Tokenizer, Units, flatten_encodings, truncate
from datamodules.tokenizers.jieba_segmenter import check_jieba, get_segmenter, read_user_dictionary
from datamodules.tokenizers.unknown_replacement import replace_unknown
from datamodules.tokenizers.word_splitter import WordSplitter

UNKNOWN = 1  # the id that the Rust library gives to any word outside the vocabulary


class WordTokenizer(Tokenizer):
    """Encodes words of a vocabulary as one id each; subclasses define the ids of unknown words."""

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
        self._set_vocabulary({"[PAD]": 0, "[UNK]": UNKNOWN})

    @abstractmethod
    def encode_unknown(self, words: Sequence[str]) -> TokenIds | None:
        """Encodes words outside the vocabulary, a row of ids each; None if they keep the one unknown id."""

    def encode_batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> TokenIds:
        """Encodes in parallel, in Rust; each distinct unknown word is encoded once."""
        splitter = self._splitter
        prepared = splitter.prepare(texts)
        tokens = flatten_encodings(self._tokenizer.encode_batch_fast(prepared))
        if self.encode_unknown([]) is not None:
            encode_unknown: Any = self.encode_unknown
            tokens = replace_unknown(tokens, prepared, splitter, self._vocabulary, UNKNOWN, encode_unknown)
        return truncate(tokens, max_length)

    def extract_units(self, texts: Sequence[str]) -> Units:
        """Splits texts into words and marks unknown ones."""
        split = self._splitter.split(self._splitter.prepare(texts))
        known = np.fromiter(map(self._vocabulary.__contains__, split.words), bool, count=len(split.words))
        return Units(split.word_ids, split.offsets, split.words, known)

    @property
    def vocabulary_size(self) -> int:
        """Number of ids, special tokens included."""
        return len(self._vocabulary)

    @property
    def padding_id(self) -> int:
        """Always 0."""
        return 0

    def list_libraries(self) -> list[str]:
        """Lists the library of tokenizers, and jieba if it segments."""
        return ["tokenizers", *["jieba"] * (self.segment == "jieba")]

    def fingerprint(self) -> str:
        """Identifies the content of the user dictionary, not its name."""
        return json.dumps(self.to_blueprint() | {"user_dictionary": self._dictionary}, sort_keys=True)

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns `user_dictionary` if there is a file."""
        return None if arguments.get("user_dictionary") is None else "user_dictionary"

    def override_arguments(self) -> dict[str, Any]:
        """Drops the path of the user dictionary: its content is part of the state."""
        return {"user_dictionary": None}

    def dump_state(self) -> str:
        """Serializes the `tokenizers` JSON, with the user dictionary if there is one."""
        words = self._tokenizer.to_str()
        return words if self._dictionary is None else json.dumps({"tokenizer": words, "dictionary": self._dictionary})

    def load_state(self, state: str) -> None:
        """Restores the state saved by `dump_state`, without the dictionary's file."""
        if state.startswith('{"tokenizer"'):
            plain = json.loads(state)
            state, self._dictionary = plain["tokenizer"], plain["dictionary"]
        self._set_vocabulary(tokenizers.Tokenizer.from_str(state).get_vocab())

    def list_tokens(self) -> list[str]:
        """Lists the string of each id: special tokens, words, and others."""
        return sorted(self._vocabulary, key=self._vocabulary.__getitem__)

    @property
    def _splitter(self) -> WordSplitter:
        """Splits texts into words as `segment` specifies."""
        # built when needed: a segmenter takes a second to load, and cannot be copied
        segment = get_segmenter(self._dictionary, self.hmm) if self.segment == "jieba" else None
        return WordSplitter(self.lowercase, segment)

    def _set_vocabulary(self, vocabulary: dict[str, int]) -> None:
        """Sets the vocabulary and builds the tokenizer for it."""
        self._vocabulary = vocabulary
        placeholder = None if self.segment == "unicode" else list
        # Made without the trainer's special tokens: a text that spells "[PAD]" must not become padding.
        self._tokenizer = WordSplitter(self.lowercase, placeholder).make_tokenizer(vocabulary)
