"""Replacement by a masked language model: what it thinks may stand where a word is hidden (Wu et al. 2019)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch

from contracts.errors import UsageError
from contracts.positions import get_max_positions
from contracts.pretrained_path import resolve_model_path
from datamodules.augmentations.base import checked_count
from datamodules.augmentations.primitives.pretrained_models import load_part, run_device
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces, drawn_places, share_of_words
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation, capitalized_like
from datamodules.tokenizers.base import without_halves


class MaskedLanguageModel(WordAugmentation):
    """Hides a share `alpha` of a text's words, at least one, and puts likely words of a masked language model there.

    Only whole words come in, never the hidden one. Hidden words beyond the model's length stay. Works offline only.

    Args:
        model: A hub name, a folder, or `package:NAME/FOLDER`; with the weights of its masked language model.
        top_k: The likeliest so many words, at least 1, are drawn from, each as often as the others.
        alpha: The share of a text's words, in [0, 1].
        batch_size: Texts computed at once, at least 1.
        jieba: Whether Chinese is cut into words by the library of that name (extra `jieba`); else into characters,
            which suits models of Chinese characters.
        p: The share of texts that are changed, in [0, 1].
    """

    offline_only = True

    def __init__(
        self,
        model: str = "bert-base-uncased",
        top_k: int = 10,
        alpha: float = 0.15,
        batch_size: int = 64,
        jieba: bool = False,
        p: float = 1.0,
    ) -> None:
        super().__init__(alpha, jieba, p)
        self.model = model
        self.top_k = checked_count("top_k", top_k)
        self.batch_size = checked_count("batch_size", batch_size)
        self._path = resolve_model_path(model)

    def files(self) -> list[str]:
        """The folder of the model, where it is one."""
        return [self._path]

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Replaces words."""
        mask = self._tokenizer.mask_token
        spells_it = np.array([mask in text for text in pieces.texts], bool)  # and its own could not be told from ours
        can = np.flatnonzero(pieces.is_word & ~spells_it[pieces.row])
        places = np.sort(drawn_places(can, pieces, share_of_words(self.alpha, pieces.words), streams))
        words = {place: pieces.flat[place].lstrip() for place in places.tolist()}
        hidden = list(pieces.flat)
        for place, word in words.items():
            hidden[place] = hidden[place][: -len(word)] + mask
        rows = np.unique(pieces.row[places])
        texts = ["".join(hidden[int(pieces.starts[row]) : int(pieces.ends[row])]) for row in rows.tolist()]
        uniforms = dict(zip(places.tolist(), pieces.at(streams.derive(0), places).tolist(), strict=True))
        by_length = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        for start in range(0, len(texts), self.batch_size):
            numbers = by_length[start : start + self.batch_size]
            for number, likely in zip(numbers, self._likely([texts[number] for number in numbers]), strict=True):
                mine = places[pieces.row[places] == rows[number]].tolist()
                for place, choices in zip(mine, likely, strict=False):  # those beyond the model's length have none
                    word = words[place]
                    others = [other for other in choices if other.lower() != word.lower()][: self.top_k]
                    if others:
                        other = capitalized_like(others[int(uniforms[place] * len(others))], word)
                        pieces.flat[place] = pieces.flat[place][: -len(word)] + other
        return places

    @torch.inference_mode()
    def _likely(self, texts: list[str]) -> list[list[list[str]]]:
        """For each text and each hidden word of it, the likeliest words, the likeliest first."""
        limit = min(self._tokenizer.model_max_length, get_max_positions(self._network.config) or 512)
        whole = without_halves(texts)
        batch = self._tokenizer(whole, padding=True, truncation=True, max_length=limit, return_tensors="pt")
        logits = self._network(**batch.to(self._network.device)).logits.float()
        logits[..., ~self._whole_words.to(logits.device)] = -torch.inf
        where = batch["input_ids"] == self._tokenizer.mask_token_id
        count = min(self.top_k + 1, int(self._whole_words.sum()))
        ids = logits[where].topk(count, dim=-1).indices.tolist()
        words = iter([[self._names[number] for number in row] for row in ids])
        return [[next(words) for _ in range(hidden)] for hidden in where.sum(1).tolist()]

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = load_part("AutoTokenizer", self._path, self.model)
        if tokenizer.mask_token is None:
            raise UsageError(
                f"model {self.model} has no mask token; give a masked language model such as bert-base-uncased"
            )
        return tokenizer

    @cached_property
    def _network(self) -> Any:
        return load_part("AutoModelForMaskedLM", self._path, self.model).to(run_device())

    @cached_property
    def _names(self) -> list[str]:
        """How each id is written in a text."""
        names = [""] * self._network.config.vocab_size
        for token, number in self._tokenizer.get_vocab().items():
            if number < len(names):
                names[number] = token.removeprefix("\u0120").removeprefix("\u2581")
        return names

    @cached_property
    def _whole_words(self) -> torch.Tensor:
        """Bool `(ids,)`; not the later pieces of words, signs, and special tokens."""
        tokens = self._tokenizer.get_vocab()
        marked = any(token.startswith(("\u0120", "\u2581")) for token in tokens)
        whole = torch.zeros(self._network.config.vocab_size, dtype=torch.bool)
        special = set(self._tokenizer.all_special_ids)
        for token, number in tokens.items():
            begins = token.startswith(("\u0120", "\u2581")) if marked else not token.startswith("##")
            if begins and number not in special and number < len(whole) and self._names[number].isalpha():
                whole[number] = True
        return whole
