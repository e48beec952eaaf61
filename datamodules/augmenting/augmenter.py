"""Which training texts are augmented, when, and by what; none of it touches validation or test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from contracts.batch import TextBatch
from contracts.errors import UsageError
from contracts.rebuildable import rebuild
from contracts.seed import get_run_seed
from contracts.text_spec import TextSpec
from datamodules.augmentations.base import Augmentation
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.random_deletion import RandomDeletion
from datamodules.augmenting.added_copies import COPIES_FILE, add_copies, add_rare_class_copies, has_copies
from datamodules.augmenting.on_the_fly import AugmentedSplit
from datamodules.augmenting.options import AugmentOptions
from datamodules.augmenting.pipeline import Pipeline
from datamodules.augmenting.test_time_variants import VariantGenerator
from datamodules.cache import load_texts
from datamodules.loading.text_split import TextSplit
from datamodules.sources.base import Rows
from datamodules.tokenizers.base import Tokenizer

Factories = list[Callable[[], Augmentation]] | Callable[[], Augmentation] | None

_LEARNED = "augmented.json"
_EXPECTED = 10  # of these to be drawn, for none changed to mean something
_LOOKED_AT = 500  # texts that are changed once before training: faults come up, and how many change can be told


class Augmenter:
    """What the data module does about augmentation.

    Args:
        factories: Of the augmentations of training texts, in their order.
        options: When and which.
        tta: Predictions that are averaged for a test text, the one of the text itself counted.
        tta_factories: What makes the variants of test texts; None takes those for training that are fast enough, or
            else leaves out a tenth of the words.

    Raises:
        UsageError: Choices that cannot be.
    """

    def __init__(self, factories: Factories, options: AugmentOptions, tta: int, tta_factories: Factories) -> None:
        options.check()
        if tta < 1:
            raise UsageError(f"--data.tta counts the text itself and must be at least 1, got {tta}")
        self.options = options
        self.pipeline = Pipeline(_made(factories, "augmentations"))
        self.tta = tta
        self._changed = 0.0
        self._test_texts: tuple[list[str], list[str] | None] | None = None
        own = _made(tta_factories, "tta_augmentations")
        self._own_for_test = Pipeline(own)
        self._is_told = bool(self.pipeline.augmentations or own or tta > 1)
        if not self.pipeline.augmentations and options != AugmentOptions():
            raise UsageError("--data.augment says when texts are augmented, and --data.augmentations names nothing")
        slow = [kind for kind in (self.pipeline.augmentations if not self.adds_copies else []) if kind.offline_only]
        for option, kinds in (("augmentations", slow), ("tta_augmentations", [k for k in own if k.offline_only])):
            if kinds:
                name = type(kinds[0]).__name__
                mend = "; choose --data.augment.mode offline or targeted" if option == "augmentations" else ""
                raise UsageError(f"--data.{option} {name} runs a model of its own, too slow for this place{mend}")

    @property
    def adds_copies(self) -> bool:
        """Whether the cached training texts are others than without augmentation."""
        return bool(self.pipeline.augmentations) and self.options.mode != "on_the_fly"

    @property
    def augments_on_the_fly(self) -> bool:
        """Whether training texts are changed anew in each epoch."""
        return bool(self.pipeline.augmentations) and not self.adds_copies

    @property
    def _for_test(self) -> Pipeline:
        """What makes variants of test texts; may share its kinds with the training's."""
        if self._own_for_test.augmentations:
            return self._own_for_test
        return Pipeline(
            [kind for kind in self.pipeline.augmentations if not kind.offline_only] or make_default_augmentations()
        )

    @property
    def _learning(self) -> list[Pipeline]:
        """Those that must know the training texts."""
        return [pipeline for pipeline in (self.pipeline, self._own_for_test) if pipeline.learns]

    def fingerprint(self) -> dict[str, Any]:
        """What it puts into the key of the cache; nothing where it leaves the cache as it is."""
        if not self.adds_copies:
            return {}
        # the folder keeps what the variants' own kinds learned as well
        kept = [self.pipeline, self._own_for_test] if self._own_for_test.learns else [self.pipeline]
        kinds = [[kind.fingerprint() for kind in pipeline.augmentations] for pipeline in kept]
        return {"augmentation": [vars(self.options) | {"share_below": isinstance(self.options.below, float)}, kinds]}

    def add_copies(self, train: Rows, folder: Path, notes: list[str]) -> Rows:
        """The training rows, and the changed copies after them; listed in the folder too."""
        if not self.adds_copies:
            return train
        for pipeline in self._learning:
            pipeline.fit(train.texts, train.to_label_lists())
        # so that a later run, to which copies and originals look alike, need not learn from them
        learned = [[kind.to_blueprint() for kind in pipeline.augmentations] for pipeline in self._learning]
        (folder / _LEARNED).write_text(json.dumps(learned), encoding="utf-8")
        options = self.options
        if options.mode == "offline":
            return add_copies(train, self.pipeline, options.num_copies, options.ratio, options.seed, folder, notes)
        assert options.below is not None
        return add_rare_class_copies(train, self.pipeline, options.below, options.up_to, options.seed, folder, notes)

    def fit(self, folder: Path, labels: np.ndarray) -> None:
        """Fits what must know the training texts, to those that were there before copies were added.

        Args:
            folder: Of the cached texts.
            labels: Of the training split.
        """
        if not self._is_told:
            return
        if (folder / _LEARNED).is_file():
            learned = json.loads((folder / _LEARNED).read_text(encoding="utf-8"))
            for pipeline, kinds in zip(self._learning, learned, strict=True):
                pipeline.augmentations = [rebuild(Augmentation, kind) for kind in kinds]  # type: ignore[type-abstract]  # final classes of the seam
        elif self._learning:
            texts = load_texts(folder, "train.texts")
            for pipeline in self._learning:
                pipeline.fit(texts, list_label_ids(labels))

    def augment_on_the_fly(self, split: TextSplit, folder: Path, tokenizer: Tokenizer, max_length: int) -> TextSplit:
        """The training split, its texts changed anew in each epoch where that was asked for."""
        if not self.augments_on_the_fly:
            return split
        texts = load_texts(folder, "train.texts")
        pairs = load_texts(folder, "train.pairs") if (folder / "train.pairs.bounds.npy").is_file() else None
        chance = self.pipeline, self.options.ratio, get_run_seed()
        augmented = AugmentedSplit.from_split(split, texts, pairs, tokenizer, max_length, *chance)
        some = np.unique(np.linspace(0, len(texts) - 1, _LOOKED_AT).astype(np.int64))
        given = [texts[row] for row in some.tolist()]
        new = self.pipeline.augment(given, RandomStreams.from_rows(get_run_seed(), 0, some))
        self._changed = self.options.ratio * float(
            np.mean([one != other for one, other in zip(given, new, strict=True)])
        )
        return augmented

    def make_variants(self) -> VariantGenerator | None:
        """Of texts to predict; none where nothing was said of augmentation."""
        return VariantGenerator(self._for_test.augmentations, self.tta, get_run_seed()) if self._is_told else None

    def iterate_variants(
        self, batch: TextBatch, folder: Path, tokenizer: Tokenizer, spec: TextSpec
    ) -> Iterator[TextBatch]:
        """Variants of a batch of test texts; none where `tta` is 1."""
        variants = self.make_variants()
        if variants is None or variants.num_predictions == 1:
            return
        if self._test_texts is None:
            pairs = load_texts(folder, "test.pairs") if spec.pairs else None
            self._test_texts = load_texts(folder, "test.texts"), pairs
        rows = batch.index.tolist()
        texts, pairs = self._test_texts
        seconds = None if pairs is None else [pairs[row] for row in rows]
        yield from variants.generate_batches([texts[row] for row in rows], seconds, tokenizer, spec)

    def describe(self, folder: Path) -> list[str]:
        """What happens while training, and where to read what was added, in plain words.

        Args:
            folder: Of the cached texts.
        """
        if self.adds_copies and has_copies(folder):
            return [f"train: the changed copies are listed in {folder / COPIES_FILE}"]
        if not self.augments_on_the_fly:
            return []
        names = ", ".join(type(kind).__name__ for kind in self.pipeline.augmentations)
        if not self._changed and self.pipeline.chance * _LOOKED_AT > _EXPECTED:
            return [f"train: {names} changed none of the texts looked at; see that lists and vectors fit the texts"]
        return [f"train: about {self._changed:.0%} of the texts are changed in an epoch, anew in each, by {names}"]


def list_label_ids(labels: np.ndarray) -> list[list[int]]:
    """The numbers of the labels of each row."""
    if labels.ndim == 1:
        return [[label] for label in labels.tolist()]
    return [np.flatnonzero(row).tolist() for row in labels]


def make_default_augmentations() -> list[Augmentation]:
    """What makes variants of a text for a model that was trained without augmentation."""
    return [RandomDeletion(alpha=0.1)]


def _made(factories: Factories, option: str) -> list[Augmentation]:
    several: Sequence[Callable[[], Augmentation]]
    several = [] if factories is None else factories if isinstance(factories, list) else [factories]
    try:
        return [factory() for factory in several]
    except UsageError as error:
        raise UsageError(f"--data.{option}: {error}") from error
