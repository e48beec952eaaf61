"""Replacement by a masked language model: words are masked and replaced by likely ones (Wu et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch

from contracts.errors import UsageError
from contracts.max_positions import get_max_positions
from contracts.pretrained_path import resolve_model_name_or_path
from datamodules.augmentations.base import check_count
from datamodules.augmentations.primitives.pretrained_models import choose_device, load_pretrained
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Segments, compute_change_counts, sample_positions
from datamodules.augmentations.word_level.word_augmentation import WordAugmentation, copy_capitalization
from datamodules.tokenizers.base import replace_lone_surrogates


class MaskedLanguageModel(WordAugmentation):
    """Replaces a fraction `alpha` of the words, at least one, by likely words of a masked language model.

    Replacements are whole words, never the masked one. Words beyond the model's maximum length stay. For modes offline
    and targeted only.

    Args:
        model: Hub name, folder, or `package:NAME/FOLDER` of a masked language model. Its files must include the weights
            of the language-model head.
        top_k: Number of most likely words to sample from, uniformly; at least 1.
        alpha: Fraction of words to change, in [0, 1].
        batch_size: Texts per batch, at least 1.
        jieba: Whether jieba splits Chinese into words (extra `jieba`). If not, characters are masked, which suits
            models of Chinese characters.
        p: Probability that a text is changed, in [0, 1].
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
        self.top_k = check_count("top_k", top_k)
        self.batch_size = check_count("batch_size", batch_size)
        self._path = resolve_model_name_or_path(model)

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns `model`: a checkpoint never contains the model."""
        return "model"

    def list_files(self) -> list[str]:
        """Lists the path of the model."""
        return [self._path]

    def list_libraries(self) -> list[str]:
        """Lists the libraries that run the model."""
        return [*super().list_libraries(), "tokenizers", "torch", "transformers"]

    def transform_segments(self, segments: Segments, streams: RandomStreams) -> np.ndarray:
        """Replaces masked words by likely ones."""
        mask = self._tokenizer.mask_token
        spells_mask = np.array(
            [mask in text for text in segments.texts], bool
        )  # its own masks could not be distinguished
        eligible = np.flatnonzero(segments.is_word & ~spells_mask[segments.text_index])
        counts = compute_change_counts(self.alpha, segments.word_counts)
        positions = np.sort(sample_positions(eligible, segments, counts, streams))
        words = {position: segments.strings[position].lstrip() for position in positions.tolist()}
        masked = list(segments.strings)
        for position, word in words.items():
            masked[position] = masked[position][: -len(word)] + mask
        rows = np.unique(segments.text_index[positions])
        texts = ["".join(masked[int(segments.starts[row]) : int(segments.ends[row])]) for row in rows.tolist()]
        drawn = segments.draw_uniform(streams.derive(0), positions)
        uniforms = dict(zip(positions.tolist(), drawn.tolist(), strict=True))
        by_length = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        for start in range(0, len(texts), self.batch_size):
            numbers = by_length[start : start + self.batch_size]
            predicted = self._predict_masked([texts[number] for number in numbers])
            for number, choices_by_mask in zip(numbers, predicted, strict=True):
                of_text = positions[segments.text_index[positions] == rows[number]].tolist()
                for position, choices in zip(of_text, choices_by_mask, strict=False):  # fewer beyond the maximum length
                    word = words[position]
                    others = [other for other in choices if other.lower() != word.lower()][: self.top_k]
                    if others:
                        other = copy_capitalization(others[int(uniforms[position] * len(others))], word)
                        segments.strings[position] = segments.strings[position][: -len(word)] + other
        return positions

    def release(self) -> None:
        """Frees the model."""
        vars(self).pop("_network", None)

    @torch.inference_mode()
    def _predict_masked(self, texts: list[str]) -> list[list[list[str]]]:
        """Predicts the most likely words for each mask of each text, most likely first."""
        limit = min(self._tokenizer.model_max_length, get_max_positions(self._network.config) or 512)
        cleaned = replace_lone_surrogates(texts)
        batch = self._tokenizer(cleaned, padding=True, truncation=True, max_length=limit, return_tensors="pt")
        logits = self._network(**batch.to(self._network.device)).logits.float()
        logits[..., ~self._whole_words.to(logits.device)] = -torch.inf
        is_mask = batch["input_ids"] == self._tokenizer.mask_token_id
        count = min(self.top_k + 1, int(self._whole_words.sum()))
        ids = logits[is_mask].topk(count, dim=-1).indices.tolist()
        words = iter([[self._names[number] for number in row] for row in ids])
        return [[next(words) for _ in range(num_masks)] for num_masks in is_mask.sum(1).tolist()]

    @cached_property
    def _tokenizer(self) -> Any:
        """The tokenizer of the model; loaded at its first use."""
        tokenizer = load_pretrained("AutoTokenizer", self._path, self.model)
        if tokenizer.mask_token is None:
            raise UsageError(
                f"model {self.model} has no mask token; give a masked language model such as bert-base-uncased"
            )
        return tokenizer

    @cached_property
    def _network(self) -> Any:
        """The masked language model; loaded at its first use."""
        return load_pretrained("AutoModelForMaskedLM", self._path, self.model).to(choose_device())

    @cached_property
    def _names(self) -> list[str]:
        """The word of each token id, without the marker of a word's beginning."""
        names = [""] * self._network.config.vocab_size
        for token, number in self._tokenizer.get_vocab().items():
            if number < len(names):
                names[number] = token.removeprefix("\u0120").removeprefix("\u2581")
        return names

    @cached_property
    def _whole_words(self) -> torch.Tensor:
        """Bool `(ids,)`; false for continuations of words, punctuation and special tokens."""
        tokens = self._tokenizer.get_vocab()
        marked = any(token.startswith(("\u0120", "\u2581")) for token in tokens)
        is_word = torch.zeros(self._network.config.vocab_size, dtype=torch.bool)
        special = set(self._tokenizer.all_special_ids)
        for token, number in tokens.items():
            begins = token.startswith(("\u0120", "\u2581")) if marked else not token.startswith("##")
            if begins and number not in special and number < len(is_word) and self._names[number].isalpha():
                is_word[number] = True
        return is_word
