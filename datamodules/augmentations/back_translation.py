"""Back-translation: into another language and back (Sennrich et al. 2016; for classification Xie et al. 2019)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from contracts.errors import UsageError
from contracts.pretrained_path import resolve_model_path
from datamodules.augmentations.base import Augmentation, checked_count
from datamodules.augmentations.primitives.pretrained_models import load_part, run_device
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.cache import compute_cache_key
from datamodules.tokenizers.base import without_halves


class BackTranslation(Augmentation):
    """Translates texts there and back with two models, and keeps every translation on disk.

    There is no chance in it but for `p`: a further copy of a text would be the same, and is left out. It works offline
    only.

    Args:
        there: A model of translation, Marian or other: hub name or folder (`Helsinki-NLP/opus-mt-en-de`).
        back: The one that translates back (`Helsinki-NLP/opus-mt-de-en`).
        num_beams: Of the search, at least 1.
        max_length: Tokens of a text or a translation, at least 1; longer ones are cut.
        batch_size: Texts computed at once, at least 1.
        cache_dir: The folder of translations; may be deleted at any time.
        p: The share of texts that are changed, in [0, 1].
    """

    offline_only = True

    def __init__(
        self,
        there: str = "Helsinki-NLP/opus-mt-en-de",
        back: str = "Helsinki-NLP/opus-mt-de-en",
        num_beams: int = 4,
        max_length: int = 128,
        batch_size: int = 32,
        cache_dir: str = ".cache/back_translation",
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        self.there, self.back = there, back
        self.num_beams = checked_count("num_beams", num_beams)
        self.max_length = checked_count("max_length", max_length)
        self.batch_size = checked_count("batch_size", batch_size)
        self.cache_dir = cache_dir
        self._paths = resolve_model_path(there), resolve_model_path(back)

    def files(self) -> list[str]:
        """The folders of the models, where they are folders."""
        return list(self._paths)

    def change(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """There and back; texts of nothing but white space stay."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known and not text.isspace() and text]
        new.sort(key=len)
        for start in range(0, len(new), self.batch_size):
            batch = new[start : start + self.batch_size]
            away = self._translated(0, batch)
            returned = self._translated(1, away)
            self._remember(dict(zip(batch, returned, strict=True)))
        return [self._known.get(text, text) for text in texts]

    @torch.inference_mode()
    def _translated(self, leg: int, texts: Sequence[str]) -> list[str]:
        tokenizer, network = self._legs[leg]
        batch = tokenizer(
            without_halves(texts), padding=True, truncation=True, max_length=self.max_length, return_tensors="pt"
        )
        batch.pop("token_type_ids", None)
        ids = network.generate(
            **batch.to(network.device), num_beams=self.num_beams, max_length=self.max_length, do_sample=False
        )
        return [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]

    @cached_property
    def _legs(self) -> list[tuple[Any, Any]]:
        return [
            (
                load_part("AutoTokenizer", path, given),
                load_part("AutoModelForSeq2SeqLM", path, given).to(run_device()),
            )
            for path, given in zip(self._paths, (self.there, self.back), strict=True)
        ]

    @property
    def _file(self) -> Path:
        # neither the share of texts nor the place of the cache changes a translation
        shaping = {"models": json.loads(self.fingerprint())["files"], "limits": [self.num_beams, self.max_length]}
        return Path(self.cache_dir) / f"{compute_cache_key(shaping)}.jsonl"

    @cached_property
    def _known(self) -> dict[str, str]:
        """A line each, a text and its translation; one that was cut off by the end of a run is left out."""
        known = {}
        if self._file.is_file():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                try:
                    text, translation = json.loads(line)
                except ValueError:
                    continue
                known[text] = translation
        return known

    def _remember(self, new: dict[str, str]) -> None:
        self._known.update(new)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write("".join(json.dumps(pair) + "\n" for pair in new.items()))
        except OSError as error:
            raise UsageError(
                f"cache_dir {self.cache_dir} cannot be written to ({error.strerror}); name another"
            ) from error
