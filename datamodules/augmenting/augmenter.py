"""Which training texts are augmented, when, and by what; validation and test texts are never changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from contracts.batch import TextBatch
from contracts.errors import UsageError
from contracts.factories import build_instance
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
from datamodules.augmenting.test_time_variants import MAX_PREDICTIONS, VariantGenerator
from datamodules.cache import load_strings
from datamodules.loading.text_split import TextSplit
from datamodules.sources.base import Rows
from datamodules.tokenizers.base import Tokenizer

Factories = list[Callable[[], Augmentation]] | Callable[[], Augmentation] | None

_FITTED_FILE = "augmented.json"
_SAMPLE_SIZE = 500  # texts augmented once before training: errors surface early, and the changed fraction is estimated
_MIN_EXPECTED = 10  # texts of the sample that must be expected to change before a warning that none did


class Augmenter:
    """Applies the augmentations of a data module: added copies, on the fly, or test-time variants.

    Args:
        factories: Build the augmentations of training texts, in the order of application. Objects are accepted too.
        options: When training texts are augmented, and which ones.
        tta: Number of predictions averaged per test text. That of the text itself is included.
        tta_factories: Build the augmentations of test-time variants. By default those of training that are fast enough,
            otherwise random deletion of a tenth of the words.

    Raises:
        UsageError: A value is out of range, or values contradict each other.
    """

    def __init__(self, factories: Factories, options: AugmentOptions, tta: int, tta_factories: Factories) -> None:
        options.check()
        if not 1 <= tta <= MAX_PREDICTIONS:
            raise UsageError(
                f"--data.tta counts the text itself and must be at least 1 and at most {MAX_PREDICTIONS:,}, got {tta}"
            )
        self.options = options
        self.pipeline = Pipeline(_build_augmentations(factories, "augmentations"))
        self.tta = tta
        self._changed_ratio = 0.0
        self._test_texts: tuple[list[str], list[str] | None] | None = None
        for_test = _build_augmentations(tta_factories, "tta_augmentations")
        self._tta_pipeline = Pipeline(for_test)
        self._is_configured = bool(self.pipeline.augmentations or for_test or tta > 1)
        if not self.pipeline.augmentations and options != AugmentOptions():
            raise UsageError("--data.augment sets when texts are augmented, but --data.augmentations names nothing")
        if not self.adds_copies:
            fix = "; choose --data.augment.mode offline or targeted"
            _check_fast_enough(self.pipeline.augmentations, "augmentations", fix)
        _check_fast_enough(for_test, "tta_augmentations", "")

    @property
    def adds_copies(self) -> bool:
        """Whether changed copies are added to the cached training texts."""
        return bool(self.pipeline.augmentations) and self.options.mode != "on_the_fly"

    @property
    def augments_on_the_fly(self) -> bool:
        """Whether training texts are augmented in each epoch."""
        return bool(self.pipeline.augmentations) and not self.adds_copies

    @property
    def _test_pipeline(self) -> Pipeline:
        """The augmentations for variants of test texts; may share objects with those of training."""
        if self._tta_pipeline.augmentations:
            return self._tta_pipeline
        fast = [augmentation for augmentation in self.pipeline.augmentations if not augmentation.offline_only]
        return Pipeline(fast or make_default_augmentations())

    @property
    def _pipelines_to_fit(self) -> list[Pipeline]:
        """The pipelines that collect statistics of the training texts."""
        return [pipeline for pipeline in (self.pipeline, self._tta_pipeline) if pipeline.needs_fit]

    def fingerprint(self) -> dict[str, Any]:
        """Returns what belongs into the key of the cache: empty unless copies are added."""
        if not self.adds_copies:
            return {}
        # the folder also stores what the variants' augmentations were fitted to
        stored = [self.pipeline, self._tta_pipeline] if self._tta_pipeline.needs_fit else [self.pipeline]
        fingerprints = [[each.fingerprint() for each in pipeline.augmentations] for pipeline in stored]
        return {"augmentation": [vars(self.options), fingerprints]}

    def add_copies(self, train: Rows, folder: Path, notes: list[str]) -> Rows:
        """Appends changed copies to the training rows if the mode is offline or targeted; lists them in the folder."""
        if not self.adds_copies:
            return train
        for pipeline in self._pipelines_to_fit:
            pipeline.fit(train.texts, train.to_label_lists())
        # stored, since a later run reads copies and originals alike and must fit to the originals only
        fitted = [[each.to_blueprint() for each in pipeline.augmentations] for pipeline in self._pipelines_to_fit]
        (folder / _FITTED_FILE).write_text(json.dumps(fitted), encoding="utf-8")
        try:
            return self._change_copies(train, folder, notes)
        finally:
            for augmentation in self.pipeline.augmentations:
                augmentation.release()  # a model would stay on the device for the entire training

    def _change_copies(self, train: Rows, folder: Path, notes: list[str]) -> Rows:
        """Appends changed copies, of all classes or of rare ones."""
        options = self.options
        if options.mode == "offline":
            return add_copies(train, self.pipeline, options.num_copies, options.ratio, options.seed, folder, notes)
        assert options.below is not None
        return add_rare_class_copies(train, self.pipeline, options.below, options.up_to, options.seed, folder, notes)

    def fit(self, folder: Path, labels: np.ndarray) -> None:
        """Fits the augmentations to the training texts, without added copies.

        Args:
            folder: Cache folder of the texts.
            labels: Labels of the training split.
        """
        if not self._is_configured:
            return
        if (folder / _FITTED_FILE).is_file():
            fitted = json.loads((folder / _FITTED_FILE).read_text(encoding="utf-8"))
            for pipeline, blueprints in zip(self._pipelines_to_fit, fitted, strict=True):
                pipeline.augmentations = [rebuild(Augmentation, blueprint) for blueprint in blueprints]  # type: ignore[type-abstract]  # only concrete classes are called
        elif self._pipelines_to_fit:
            texts = load_strings(folder, "train.texts")
            for pipeline in self._pipelines_to_fit:
                pipeline.fit(texts, list_label_ids(labels))

    def augment_on_the_fly(self, split: TextSplit, folder: Path, tokenizer: Tokenizer, max_length: int) -> TextSplit:
        """Returns a training split that augments its texts in each epoch, or the split itself in other modes."""
        if not self.augments_on_the_fly:
            return split
        texts = load_strings(folder, "train.texts")
        pairs = load_strings(folder, "train.pairs") if (folder / "train.pairs.bounds.npy").is_file() else None
        arguments = self.pipeline, self.options.ratio, get_run_seed()
        augmented = AugmentedSplit.from_split(split, texts, pairs, tokenizer, max_length, *arguments)
        rows = np.unique(np.linspace(0, len(texts) - 1, _SAMPLE_SIZE).astype(np.int64))
        sample = [texts[row] for row in rows.tolist()]
        changed = self.pipeline.augment(sample, RandomStreams.from_rows(get_run_seed(), 0, rows))
        is_changed = [new != old for new, old in zip(changed, sample, strict=True)]
        self._changed_ratio = self.options.ratio * float(np.mean(is_changed))
        return augmented

    def make_variants(self) -> VariantGenerator | None:
        """Makes the generator of test-time variants; None if no option about augmentation is set."""
        if not self._is_configured:
            return None
        return VariantGenerator(self._test_pipeline.augmentations, self.tta, get_run_seed())

    def iterate_variants(
        self, batch: TextBatch, folder: Path, tokenizer: Tokenizer, spec: TextSpec
    ) -> Iterator[TextBatch]:
        """Yields variants of a batch of test texts, `tta - 1` batches."""
        variants = self.make_variants()
        if variants is None or variants.num_predictions == 1:
            return
        if self._test_texts is None:
            pairs = load_strings(folder, "test.pairs") if spec.pairs else None
            self._test_texts = load_strings(folder, "test.texts"), pairs
        rows = batch.index.tolist()
        texts, pairs = self._test_texts
        second_texts = None if pairs is None else [pairs[row] for row in rows]
        yield from variants.generate_batches([texts[row] for row in rows], second_texts, tokenizer, spec)

    def describe(self, folder: Path) -> list[str]:
        """Returns notes for the screen: where added copies are listed, or which fraction of texts is changed.

        Args:
            folder: Cache folder of the texts.
        """
        if self.adds_copies and has_copies(folder):
            return [f"train: the added copies are listed in {folder / COPIES_FILE}"]
        if not self.augments_on_the_fly:
            return []
        names = ", ".join(type(augmentation).__name__ for augmentation in self.pipeline.augmentations)
        ratio = self._changed_ratio
        if not ratio and self.pipeline.selection_probability * _SAMPLE_SIZE > _MIN_EXPECTED:
            return [f"train: {names} changed no text of a sample; check that its lists or vectors fit the texts"]
        fraction = f"about {ratio:.0%}" if ratio >= 0.005 else "fewer than 1%"
        return [f"train: {fraction} of the texts are changed by {names}, differently in each epoch"]


def list_label_ids(labels: np.ndarray) -> list[list[int]]:
    """Lists the label ids of each row, from class numbers `(rows,)` or indicators `(rows, classes)`."""
    if labels.ndim == 1:
        return [[label] for label in labels.tolist()]
    return [np.flatnonzero(row).tolist() for row in labels]


def make_default_augmentations() -> list[Augmentation]:
    """Makes the augmentations for test-time variants of a model that was trained without augmentation."""
    return [RandomDeletion(alpha=0.1)]


def _build_augmentations(factories: Factories, option: str) -> list[Augmentation]:
    """Builds augmentations from their factories; errors name the option."""
    as_list: Sequence[Callable[[], Augmentation]]
    as_list = [] if factories is None else factories if isinstance(factories, list) else [factories]
    try:
        built = [build_instance(factory, Augmentation, option) for factory in as_list]  # type: ignore[type-abstract]
        # those that are fitted are copied, as another data module may have the same
        return [deepcopy(each) if type(each).fit is not Augmentation.fit else each for each in built]
    except UsageError as error:
        raise UsageError(f"--data.{option}: {error}") from error


def _check_fast_enough(augmentations: Sequence[Augmentation], option: str, fix: str) -> None:
    """Raises an error for augmentations that run a model of their own."""
    for augmentation in augmentations:
        if augmentation.offline_only:
            name = type(augmentation).__name__
            raise UsageError(f"--data.{option} {name} runs a model of its own, which is too slow here{fix}")
