"""Variants of a text, over which a prediction is averaged (test-time augmentation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import datamodules.augmentations  # noqa: F401  # all members are known by name
from contracts.batch import TextBatch
from contracts.rebuildable import rebuild
from contracts.text_spec import TextSpec
from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmenting.pipeline import Pipeline
from datamodules.loading.collate import collate
from datamodules.tokenizers.base import Tokenizer


class VariantGenerator:
    """Makes them. A text's variants follow from its letters and the seed, wherever and beside whatever it stands.

    Args:
        kinds: Change texts, in this order.
        count: Predictions to average, the one of the text itself counted; at least 1.
        seed: Of all chance.
    """

    def __init__(self, kinds: Sequence[Augmentation], num_predictions: int = 1, seed: int = 0) -> None:
        self.pipeline = Pipeline(kinds)
        self.num_predictions = num_predictions
        self.seed = seed

    def generate(self, texts: list[str]) -> Iterator[list[str]]:
        """All variants beside the texts themselves, `count - 1` times all texts."""
        for number in range(1, self.num_predictions):
            yield self.pipeline.augment(texts, RandomStreams.from_texts(self.seed, number, texts))

    def generate_batches(
        self, texts: list[str], pairs: list[str] | None, tokenizer: Tokenizer, spec: TextSpec
    ) -> Iterator[TextBatch]:
        """The same as batches of ids, on the CPU; their labels are unknown."""
        unknown = np.full(len(texts), -1, np.int64)
        for changed in self.generate(texts):
            tokens = tokenizer.encode_batch(changed, pairs, spec.max_length)
            yield collate(tokens, unknown, np.arange(len(texts)), spec.padding_id)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a checkpoint may hold them."""
        kinds = [kind.to_blueprint() for kind in self.pipeline.augmentations]
        return {"kinds": kinds, "num_predictions": self.num_predictions, "seed": self.seed}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> VariantGenerator:
        """The inverse of `to_dict`.

        Raises:
            DataError: An augmentation of that name is not there.
        """
        kinds = [rebuild(Augmentation, kind) for kind in plain["kinds"]]  # type: ignore[type-abstract]  # final classes of the seam
        return cls(kinds, plain["num_predictions"], plain["seed"])
