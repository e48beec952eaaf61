"""Back-translation: into another language and back (Sennrich et al. 2016; for classification Xie et al. 2019)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from contracts.errors import UsageError
from contracts.pretrained_path import resolve_model_name_or_path
from datamodules.augmentations.base import Augmentation, check_count
from datamodules.augmentations.primitives.pretrained_models import choose_device, load_pretrained
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.cache import compute_cache_key
from datamodules.tokenizers.base import replace_lone_surrogates


class BackTranslation(Augmentation):
    """Translates texts into another language and back with two models; translations are cached on disk.

    Deterministic except for `p`: a second copy of a text would be equal, and is not added. For modes offline and
    targeted only.

    Args:
        there: Hub name or folder of the model into the other language. For example `Helsinki-NLP/opus-mt-en-de`.
        back: Hub name or folder of the model back. For example `Helsinki-NLP/opus-mt-de-en`.
        num_beams: Number of beams of the beam search, at least 1.
        max_length: Maximum tokens of a text and of a translation, at least 1. Longer ones are truncated.
        batch_size: Texts per batch, at least 1.
        cache_dir: Folder of cached translations; may be deleted at any time.
        p: Probability that a text is changed, in [0, 1].
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
        self.num_beams = check_count("num_beams", num_beams)
        self.max_length = check_count("max_length", max_length)
        self.batch_size = check_count("batch_size", batch_size)
        self.cache_dir = cache_dir
        self._paths = resolve_model_name_or_path(there), resolve_model_name_or_path(back)

    @classmethod
    def find_external_argument(cls, arguments: Mapping[str, Any]) -> str | None:
        """Returns `there`: a checkpoint never contains the models."""
        return "there"

    def list_files(self) -> list[str]:
        """Lists the paths of the two models."""
        return list(self._paths)

    def list_libraries(self) -> list[str]:
        """Lists the libraries that run the models."""
        return ["tokenizers", "torch", "transformers"]

    def transform(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Translates texts there and back; blank texts stay as they are."""
        new = [text for text in dict.fromkeys(texts) if text not in self._translations and not text.isspace() and text]
        new.sort(key=len)
        for start in range(0, len(new), self.batch_size):
            batch = new[start : start + self.batch_size]
            translated = self._translate(0, batch)
            self._store(dict(zip(batch, self._translate(1, translated), strict=True)))
        return [self._translations.get(text, text) for text in texts]

    def release(self) -> None:
        """Frees both models."""
        vars(self).pop("_models", None)

    @torch.inference_mode()
    def _translate(self, direction: int, texts: Sequence[str]) -> list[str]:
        """Translates texts with the first (0) or the second (1) model."""
        tokenizer, network = self._models[direction]
        batch = tokenizer(
            replace_lone_surrogates(texts),
            padding=True,
            truncation=True,
            max_length=self.max_length,
            return_tensors="pt",
        )
        batch.pop("token_type_ids", None)
        ids = network.generate(
            **batch.to(network.device), num_beams=self.num_beams, max_length=self.max_length, do_sample=False
        )
        return [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]

    @cached_property
    def _models(self) -> list[tuple[Any, Any]]:
        """Tokenizer and network of both models."""
        return [
            (
                load_pretrained("AutoTokenizer", path, name),
                load_pretrained("AutoModelForSeq2SeqLM", path, name).to(choose_device()),
            )
            for path, name in zip(self._paths, (self.there, self.back), strict=True)
        ]

    @property
    def _cache_file(self) -> Path:
        """The file of cached translations by these models with these limits."""
        # neither `p` nor the folder of the cache changes a translation
        inputs = {"models": json.loads(self.fingerprint())["files"], "limits": [self.num_beams, self.max_length]}
        return Path(self.cache_dir) / f"{compute_cache_key(inputs)}.jsonl"

    @cached_property
    def _translations(self) -> dict[str, str]:
        """Cached translations by text, one JSON line each; incomplete lines of interrupted runs are skipped."""
        translations = {}
        if self._cache_file.is_file():
            for line in self._cache_file.read_text(encoding="utf-8").splitlines():
                try:
                    text, translation = json.loads(line)
                except ValueError:
                    continue
                translations[text] = translation
        return translations

    def _store(self, new: dict[str, str]) -> None:
        """Appends translations to the cache."""
        self._translations.update(new)
        try:
            self._cache_file.parent.mkdir(parents=True, exist_ok=True)
            with self._cache_file.open("a", encoding="utf-8") as file:
                file.write("".join(json.dumps(pair) + "\n" for pair in new.items()))
        except OSError as error:
            raise UsageError(
                f"cache_dir {self.cache_dir} cannot be written to ({error.strerror}); name another"
            ) from error
