"""Variants of a text whose predictions are averaged (test-time augmentation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import datamodules.augmentations  # noqa: F401  # registers the implementations by name
from contracts.batch import TextBatch
from contracts.errors import DataError
from contracts.rebuildable import rebuild_untrusted
from contracts.text_spec import TextSpec
from contracts.untrusted import check_plain
from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmenting.pipeline import Pipeline
from datamodules.loading.collate import collate
from datamodules.tokenizers.base import Tokenizer

MAX_PREDICTIONS = 1_000
_MAX_AUGMENTATIONS = 100


class VariantGenerator:
    """Generates variants of texts. The variants of a text depend on the text and the seed only, not on the batch.

    Args:
        augmentations: Augmentations in the order of application.
        num_predictions: Number of predictions to average, that of the text itself included. At least 1.
        seed: Seed of the random streams.
    """

    def __init__(self, augmentations: Sequence[Augmentation], num_predictions: int = 1, seed: int = 0) -> None:
        self.pipeline = Pipeline(augmentations)
        self.num_predictions = num_predictions
        self.seed = seed

    def generate(self, texts: list[str]) -> Iterator[list[str]]:
        """Yields one variant of all texts, `num_predictions - 1` times."""
        for number in range(1, self.num_predictions):
            yield self.pipeline.augment(texts, RandomStreams.from_texts(self.seed, number, texts))

    def generate_batches(
        self, texts: list[str], pairs: list[str] | None, tokenizer: Tokenizer, spec: TextSpec
    ) -> Iterator[TextBatch]:
        """Yields the variants as batches on the CPU, with -1 for the unknown labels."""
        unknown = np.full(len(texts), -1, np.int64)
        for variants in self.generate(texts):
            tokens = tokenizer.encode_batch(variants, pairs, spec.max_length)
            yield collate(tokens, unknown, np.arange(len(texts)), spec.padding_id)

    def to_dict(self) -> dict[str, Any]:
        """Converts to JSON-serializable values for a checkpoint."""
        blueprints = [augmentation.to_blueprint() for augmentation in self.pipeline.augmentations]
        return {"augmentations": blueprints, "num_predictions": self.num_predictions, "seed": self.seed}

    @classmethod
    def from_dict(cls, plain: Any) -> VariantGenerator:
        """Restores a generator from the output of `to_dict` in a checkpoint of unknown origin.

        Raises:
            DataError: It is not from `to_dict`, or an augmentation does not exist or reads files.
        """
        where = "the checkpoint's variants"
        check_plain(plain, where)
        if type(plain) is not dict or type(plain.get("seed")) is not int:
            raise DataError(f"{where} must have a seed")
        blueprints, count = plain.get("augmentations"), plain.get("num_predictions")
        if type(blueprints) is not list or len(blueprints) > _MAX_AUGMENTATIONS:
            raise DataError(f"{where} must be a list of at most {_MAX_AUGMENTATIONS} augmentations")
        if type(count) is not int or not 1 <= count <= MAX_PREDICTIONS:
            raise DataError(f"{where} must be 1 to {MAX_PREDICTIONS:,} predictions per text, got {repr(count)[:30]}")
        augmentations = [
            rebuild_untrusted(Augmentation, blueprint)  # type: ignore[type-abstract]  # only concrete classes are called
            for blueprint in blueprints
        ]
        return cls(augmentations, count, plain["seed"])
