"""The LightningDataModule: source, tokenizer, sampler and augmentations in, loaders of padded batches out."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pytorch_lightning import LightningDataModule

from contracts.batch import TextBatch
from contracts.console import announce
from contracts.errors import UsageError
from contracts.factories import build_instance
from contracts.seed import get_run_seed
from contracts.text_spec import TextSpec
from datamodules.augmentations.base import Augmentation
from datamodules.augmenting.augmenter import Augmenter
from datamodules.augmenting.options import AugmentOptions
from datamodules.loading.loaders import EvaluationLoader, TrainingLoader, build_evaluation_loader
from datamodules.loading.placement import compute_num_epochs, get_max_epochs, get_placement
from datamodules.loading.text_split import TextSplit
from datamodules.preparation.options import PreparationOptions
from datamodules.preparation.prepare import open_or_prepare
from datamodules.preparation.prepared_data import PreparedData
from datamodules.samplers.base import SamplingContext, TextSampler, check_sampler_factory
from datamodules.samplers.length_bucket import LengthBucket
from datamodules.sources.base import Source, SplitName
from datamodules.sources.demo import Demo
from datamodules.tokenizers.base import Tokenizer
from datamodules.tokenizers.default_tokenizer import choose_default_tokenizer
from datamodules.tokenizers.words import Words


class TextDataModule(LightningDataModule):
    """Labelled texts, tokenized once, cached, sampled and batched.

    In Python, `source`, `tokenizer` and each augmentation may be an object, such as `Files("data")`, a class or a
    function that returns one; `sampler` is a class, or a function from a `SamplingContext` to a sampler. Without a
    Trainer, call `setup()`, then iterate over `train_dataloader()`, once per epoch.

    Args:
        source: Source of the labelled texts: `Demo`, `Files` or `Hub`.
        tokenizer: One of `Words`, `Characters`, `Mixed`, `Subwords`, `Pretrained`. If none is named, `Characters` for
            Chinese, Japanese, Thai, Lao, Khmer and Burmese texts without spaces between words, else `Words`.
        sampler: One of `LengthBucket`, `Shuffle`, `ClassBalanced`, `OverSampled`, `UnderSampled`.
        batch_size: Training batch size per device.
        eval_batch_size: Validation and test batch size per device.
        max_length: Maximum tokens per text, or fraction of training texts to cover. A fraction in (0, 1] is the
            proportion of training texts that are not truncated.
        validation_size: Fraction of training rows used for validation. Only if the source has no validation split.
        test_size: Fraction of rows used for testing. Only if the source is a single file.
        split_seed: Seed of these splits. Independent of the seed of the run, so that runs can be compared.
        few_shot: Number of training texts per class, at least 1. Validation and test are split off before, and keep
            their size.
        max_train_samples: Number of training texts to keep, stratified by label. Sampled like `few_shot`: after
            validation and test are split off.
        num_folds: Number of cross-validation folds, at least 2. `fold` names the one that becomes the validation split;
            a validation split of the source is not used, and a test split stays as it is.
        fold: Fold used as the validation split, from 0.
        empty: Whether texts of white space only are dropped, kept, or an error.
        unseen_labels: Whether labels that are not in training are an error, or dropped. Concerns the rows of validation
            and test.
        augmentations: Augmentation of training texts, or a list of them. Applied in order; labels are kept.
        augment: When training texts are augmented, and which ones.
        tta: Number of predictions averaged per test text (test-time augmentation). Of the text itself and `tta - 1`
            augmented variants.
        tta_augmentations: Augmentations for test-time variants. None takes those of `augmentations` that are fast
            enough or, if there are none, deletes a tenth of the words.
        num_workers: Number of data-loading worker processes; 0 is usually fastest. More help for huge batches only.
        cache_dir: Folder of cached tokenized texts; may be deleted at any time.
    """

    def __init__(
        self,
        source: Callable[[], Source] = lambda: Demo(),
        tokenizer: Callable[[], Tokenizer] = lambda: Words(),
        sampler: Callable[[SamplingContext], TextSampler] = lambda context: LengthBucket(context),
        batch_size: int = 64,
        eval_batch_size: int = 256,
        max_length: int | float = 0.99,
        validation_size: float = 0.1,
        test_size: float = 0.1,
        split_seed: int = 0,
        few_shot: int | None = None,
        max_train_samples: int | None = None,
        num_folds: int | None = None,
        fold: int | None = None,
        empty: Literal["drop", "keep", "refuse"] = "drop",
        unseen_labels: Literal["refuse", "drop"] = "refuse",
        augmentations: list[Callable[[], Augmentation]] | Callable[[], Augmentation] | None = None,
        augment: AugmentOptions = AugmentOptions(),  # noqa: B008  # frozen
        tta: int = 1,
        tta_augmentations: list[Callable[[], Augmentation]] | Callable[[], Augmentation] | None = None,
        num_workers: int = 0,
        cache_dir: str = ".cache/texts",
    ) -> None:
        super().__init__()
        for name, value in (("batch_size", batch_size), ("eval_batch_size", eval_batch_size)):
            if value < 1:
                raise UsageError(f"--data.{name} must be at least 1, got {value}")
        if num_workers < 0:
            raise UsageError(f"--data.num_workers is a number of processes and must be 0 or more, got {num_workers}")
        sizes = max_length, validation_size, test_size
        subset = few_shot, max_train_samples, num_folds, fold
        self.preparation_options = PreparationOptions(*sizes, split_seed, empty, unseen_labels, *subset)
        self.source = build_instance(source, Source, "source")  # type: ignore[type-abstract]  # only compared with
        # a copy, as training changes it and another data module may have the same
        self.tokenizer = deepcopy(build_instance(tokenizer, Tokenizer, "tokenizer"))  # type: ignore[type-abstract]
        self.augmenter = Augmenter(augmentations, augment, tta, tta_augmentations)
        self._names_tokenizer = tokenizer is not _get_default("tokenizer")
        self.sampler = check_sampler_factory(sampler)
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size
        self.num_workers = num_workers
        self.cache_dir = Path(cache_dir)
        self.quiet = False
        """Whether to hide progress bars."""
        self.run_notes: list[str] = []
        """Notes on how these data suit the options of the run; set by the run."""
        self.seconds = 0.0
        """The duration of `prepare_data` and `setup`, in this process."""
        self._folder: Path | None = None
        self._prepared: PreparedData | None = None

    @property
    def prepared(self) -> PreparedData:
        """The prepared data; there after `setup`."""
        if self._prepared is None:
            raise RuntimeError("the data module has not read its data yet; call setup() first")
        return self._prepared

    @property
    def spec(self) -> TextSpec:
        """What a model must know about the data; there after `setup`."""
        return self.prepared.spec

    @property
    def fingerprint(self) -> str:
        """The name of the cache folder, which changes with anything that shapes the ids; there after `setup`."""
        return self.prepared.folder.name

    @property
    def notes(self) -> list[str]:
        """What was dropped, truncated, split off or augmented, one line each; there after `setup`."""
        rows, size = self.prepared.summary["rows"]["train"], self.batch_size
        small = [f"train: {rows} texts are fewer than a batch of {size}: each epoch is one step"] * (rows < size)
        notes = self.prepared.summary["notes"] + self.augmenter.describe(self.prepared.folder)
        return notes + small + self.run_notes

    @property
    def summary(self) -> dict[str, Any]:
        """The fingerprint, sizes, notes and statistics of the data, for the report; there after `setup`."""
        spec, summary = self.spec, self.prepared.summary
        return {
            "fingerprint": self.fingerprint,
            "source": self.source.name,
            "rows": summary["rows"],
            "classes": dict(zip(spec.label_names, spec.class_counts, strict=True)),
            "task": spec.task,
            "vocabulary_size": spec.vocabulary_size,
            "max_length": spec.max_length,
            "unknown_share": summary["unknown_share"],
            "oov": summary["oov"],
            "notes": self.notes,
        }

    def validate_configuration(self, epochs: int | None = 1) -> None:
        """Checks options that depend on each other, before any row is read.

        Args:
            epochs: Number of epochs of the training to come; None if it has no known end.

        Raises:
            UsageError: A length beyond the tokenizer's model, or invalid arguments of the sampler.
        """
        labels = np.arange(2)
        try:
            self.sampler(SamplingContext(labels, np.ones_like(labels), 2, self.batch_size, seed=0, epochs=epochs))
        except UsageError as error:
            raise UsageError(f"--data.sampler: {error}") from error
        self.preparation_options.check_max_length(self.tokenizer.max_positions)

    def prepare_data(self) -> None:
        """Reads, splits, tokenizes and caches the texts unless the cache has them; called once per machine."""
        if self._prepared is not None:
            return
        start = time.perf_counter()
        if not self._names_tokenizer:  # not set by a config either, which names the chosen one
            cls, reason = choose_default_tokenizer(self.source.sample_texts(), in_python=True)
            if reason is not None:
                self.tokenizer = cls()
                announce(reason)
        self.validate_configuration()
        parts = self.source, self.tokenizer, self.preparation_options, self.augmenter
        self._folder = open_or_prepare(self.cache_dir, *parts, self.quiet)
        self.seconds += time.perf_counter() - start

    def setup(self, stage: str | None = None) -> None:
        """Opens the cached arrays, after `prepare_data` if that was not called; a second call does nothing."""
        if self._prepared is not None:
            return
        self.prepare_data()
        assert self._folder is not None
        start = time.perf_counter()
        prepared = PreparedData.open(self._folder)
        spec, tokenizer = prepared.spec, prepared.tokenizer
        train = prepared.splits["train"]
        prepared.ids_are_fixed = not self.augmenter.augments_on_the_fly
        self.augmenter.fit(self._folder, train.labels)
        prepared.splits["train"] = self.augmenter.augment_on_the_fly(train, self._folder, tokenizer, spec.max_length)
        self.tokenizer, self._prepared = tokenizer, prepared
        self.seconds += time.perf_counter() - start

    def make_test_time_variants(self, batch: TextBatch) -> Iterator[TextBatch]:
        """Yields augmented variants of a test batch, to average predictions over; none if `tta` is 1."""
        return self.augmenter.iterate_variants(batch, self.prepared.folder, self.tokenizer, self.spec)

    def load_texts(self, split: SplitName) -> list[str]:
        """Loads the texts of a split, in the order of its rows."""
        return self.prepared.load_texts(split)

    def load_pairs(self, split: SplitName) -> list[str] | None:
        """Loads the second texts of a split; None if the data have none."""
        return self.prepared.load_pairs(split)

    def get_split(self, name: SplitName) -> TextSplit:
        """Returns the arrays of a split."""
        return self.prepared.splits[name]

    def has_split(self, name: SplitName) -> bool:
        """Returns whether the data have this split."""
        return name in self.prepared.splits

    def train_dataloader(self) -> TrainingLoader:
        """Returns the training batches as the sampler plans them; each iterator is one epoch, and can be resumed."""
        rank, world_size, pin_memory = get_placement(self.trainer)
        context = self.build_sampling_context(rank, world_size, get_max_epochs(self.trainer) if self.trainer else 1)
        sampler = self.sampler(context)
        epochs = compute_num_epochs(self.trainer, len(sampler)) if self.trainer else 1
        if epochs != context.epochs:  # a limit of steps ends training earlier
            sampler = self.sampler(replace(context, epochs=epochs))
        return TrainingLoader(self.get_split("train"), sampler, self.num_workers, pin_memory)

    def build_sampling_context(self, rank: int = 0, world_size: int = 1, epochs: int | None = 1) -> SamplingContext:
        """Builds what a sampler must know about the training split and the run.

        Args:
            rank: The rank of this process, from 0.
            world_size: Number of processes that share an epoch.
            epochs: Number of training epochs; None if training has no known end.
        """
        split, classes = self.get_split("train"), self.spec.num_classes
        overfits = self.trainer is not None and self.trainer.overfit_batches > 0  # type: ignore[attr-defined]  # set by its constructor
        return SamplingContext(
            split.labels, split.lengths, classes, self.batch_size, get_run_seed(), rank, world_size, epochs, overfits
        )

    def val_dataloader(self) -> EvaluationLoader | list[EvaluationLoader]:
        """Returns batches of every validation text once."""
        return self._build_evaluation_loader("validation")

    def test_dataloader(self) -> EvaluationLoader | list[EvaluationLoader]:
        """Returns batches of every test text once; an empty list without a test split."""
        return self._build_evaluation_loader("test")

    def predict_dataloader(self) -> EvaluationLoader | list[EvaluationLoader]:
        """Returns the test batches; new texts are predicted by `predict.py`."""
        return self._build_evaluation_loader("test")

    def _build_evaluation_loader(self, name: SplitName) -> EvaluationLoader | list[EvaluationLoader]:
        """Builds the loader of a split; an empty list if the data have no such split."""
        if not self.has_split(name):
            return []
        rank, world_size, pin_memory = get_placement(self.trainer)
        return build_evaluation_loader(
            self.get_split(name), self.eval_batch_size, rank, world_size, self.num_workers, pin_memory
        )


def _get_default(name: str) -> Any:
    """Returns the default of an argument of `TextDataModule`."""
    return inspect.signature(TextDataModule).parameters[name].default
