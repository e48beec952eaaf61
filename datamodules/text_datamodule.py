"""The LightningDataModule: source, tokenizer and sampler in; loaders of padded batches out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pytorch_lightning import LightningDataModule, Trainer

from contracts.batch import TextBatch
from contracts.errors import UsageError
from contracts.seed import get_run_seed
from contracts.text_spec import TextSpec
from datamodules.augmentations.base import Augmentation
from datamodules.augmenting.augmenter import Augmenter
from datamodules.augmenting.options import AugmentOptions
from datamodules.cache import compute_cache_key, load_texts, open_or_build
from datamodules.loading.loaders import EvaluationLoader, TrainingLoader, build_evaluation_loader
from datamodules.loading.text_split import TextSplit, open_split
from datamodules.preparation.prepare import SPLITS, PreparationOptions, prepare
from datamodules.samplers.base import SamplingContext, TextSampler
from datamodules.samplers.length_bucket import LengthBucket
from datamodules.sources.base import Source, SplitName
from datamodules.sources.demo import Demo
from datamodules.tokenizers.base import Tokenizer, tokenizer_from_json
from datamodules.tokenizers.words import Words

_FORMAT = 3  # raised whenever the same choices would fill a cache folder otherwise


class TextDataModule(LightningDataModule):
    """Labelled texts, tokenized once, cached, sampled and batched.

    Args:
        source: Where the texts come from: `Demo`, `Files` or `Hub`.
        tokenizer: How a text becomes ids: `Words`, `Characters`, `Mixed`, `Subwords` or `Pretrained`.
        sampler: Which training texts make a batch: `LengthBucket`, `Shuffle`, `ClassBalanced`, `OverSampled` or
            `UnderSampled`.
        batch_size: Texts a training batch, on each device.
        eval_batch_size: Texts a batch where nothing is learned.
        max_length: Tokens a text is cut to: a number, or the share in (0, 1] of training texts to cover whole.
        validation_size: Share of the training rows that becomes the validation split where the source has none.
        test_size: Share of the rows that becomes the test split where the source is one file.
        split_seed: The seed of these cuts; apart from the seed of the run, so that runs can be compared.
        few_shot: Training texts per class, at least 1; drawn after validation and test, which keep their size.
        max_train_samples: Training texts in all, every class in the share that it has; as for `few_shot`.
        num_folds: Cuts the training texts into so many folds, at least 2, one of which becomes the validation split; a
            validation split of the source is left aside, and a test split stays as it is.
        fold: Which of the `folds`, from 0.
        empty: Whether texts of nothing but white space are dropped, kept, or refused.
        unseen_labels: Whether validation and test rows with labels that training lacks are refused or dropped.
        augmentations: Change training texts and keep their labels: one by name, or a list of them, done in turn.
        augment: When, and which texts.
        tta: Predictions averaged for a test text: its own, and those of `tta - 1` changed variants.
        tta_augmentations: Make these variants; None takes the `augmentations` that are fast enough, or where there are
            none leaves out a tenth of the words.
        num_workers: Processes that make batches beside the training one; 0 is fastest for all but huge batches.
        cache_dir: The folder of tokenized texts; may be deleted at any time.
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
        shares = max_length, validation_size, test_size
        self.choices = PreparationOptions(
            *shares, split_seed, empty, unseen_labels, few_shot, max_train_samples, num_folds, fold
        )
        self.source = source()
        self.tokenizer = tokenizer()
        self.augmenter = Augmenter(augmentations, augment, tta, tta_augmentations)
        self.ids_are_fixed = not self.augmenter.augments_on_the_fly  # every epoch has the same token ids
        self.sampler = sampler
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size
        self.num_workers = num_workers
        self.cache_dir = Path(cache_dir)
        self.quiet = False
        self.seconds = 0.0
        """How long making the texts ready took, in this process."""
        self._folder: Path | None = None
        self._about: dict[str, Any] = {}
        self._splits: dict[SplitName, TextSplit] = {}

    @property
    def spec(self) -> TextSpec:
        """What a model must know of the data; there after `setup`."""
        return TextSpec.from_dict(self._about["spec"])

    @property
    def notes(self) -> list[str]:
        """What was dropped, cut or split off, in plain words."""
        return self._about["notes"] + self.augmenter.describe(self.cache_dir / self.fingerprint) + self._small_notes()

    @property
    def summary(self) -> dict[str, Any]:
        """For the report: a fingerprint of everything that shaped the texts, and their numbers."""
        spec = self.spec
        return {
            "fingerprint": self.fingerprint,
            "source": self.source.name,
            "rows": self._about["rows"],
            "classes": dict(zip(spec.label_names, spec.class_counts, strict=True)),
            "task": spec.task,
            "vocabulary_size": spec.vocabulary_size,
            "max_length": spec.max_length,
            "unknown_share": self._about["unknown_share"],
            "oov": self._about["oov"],
            "notes": self.notes,
        }

    def validate_configuration(self, epochs: int | None = 1) -> None:
        """Refuses choices that contradict each other, before any row is read.

        Args:
            epochs: Of the training to come; None where it has no known end.

        Raises:
            UsageError: A length beyond what the tokenizer's model can take; arguments that the sampler refuses.
        """
        two = np.arange(2)
        try:
            self.sampler(SamplingContext(two, np.ones_like(two), 2, self.batch_size, seed=0, epochs=epochs))
        except UsageError as error:
            raise UsageError(f"--data.sampler: {error}") from error
        limit, wanted = self.tokenizer.max_positions, self.choices.max_length
        if isinstance(wanted, int) and limit is not None and wanted > limit:
            raise UsageError(
                f"--data.max_length {wanted} is beyond the {limit} positions of this tokenizer's model; "
                f"choose at most {limit}, or a share such as 0.99"
            )

    def prepare_data(self) -> None:
        """Reads, splits, tokenizes and caches, unless that was done before; on one process a machine."""
        if self._splits:
            return
        start = time.perf_counter()
        self.validate_configuration()
        key = compute_cache_key(
            {
                "format": _FORMAT,
                "source": self.source.fingerprint(),
                "tokenizer": self.tokenizer.fingerprint(),
                "choices": vars(self.choices) | {"share": isinstance(self.choices.max_length, float)},
            }
            | self.augmenter.fingerprint()
        )
        parts = self.source, self.tokenizer, self.choices
        self._folder = open_or_build(
            self.cache_dir, key, lambda folder: prepare(*parts, folder, self.quiet, self.augmenter)
        )
        self.seconds += time.perf_counter() - start

    def setup(self, stage: str | None = None) -> None:
        """Maps the cached arrays into memory; a second call does nothing."""
        if self._splits:
            return
        self.prepare_data()
        assert self._folder is not None
        start = time.perf_counter()
        self._about = json.loads((self._folder / "about.json").read_text(encoding="utf-8"))
        self.tokenizer = tokenizer_from_json((self._folder / "tokenizer.json").read_text(encoding="utf-8"))
        spec = self.spec
        if spec.pairs and not self.tokenizer.supports_pairs:
            raise UsageError(
                f"the data have a second text a row, which {type(self.tokenizer).__name__} cannot tell from the first; "
                "choose --data.tokenizer Pretrained and --model.encoder Pretrained, "
                "or read single texts with --data.source.text_pair_column null"
            )
        folder = self._folder
        self._splits = {name: open_split(folder, name, spec) for name in SPLITS if name in self._about["rows"]}
        train = self._splits["train"]
        self.augmenter.fit(self._folder, train.labels)
        self._splits["train"] = self.augmenter.augment_on_the_fly(train, self._folder, self.tokenizer, spec.max_length)
        self.seconds += time.perf_counter() - start

    def make_test_time_variants(self, batch: TextBatch) -> Iterator[TextBatch]:
        """Variants of test texts to average predictions over; none where `tta` is 1."""
        assert self._folder is not None
        return self.augmenter.iterate_variants(batch, self._folder, self.tokenizer, self.spec)

    @property
    def fingerprint(self) -> str:
        """Changes with anything that shapes the ids."""
        assert self._folder is not None
        return self._folder.name

    def list_tokens(self) -> list[str]:
        """The string of each id, in the order of the ids."""
        return self.tokenizer.list_tokens()

    def load_training_ids(self) -> tuple[np.ndarray, np.ndarray]:
        """The ids of all training texts in one row, and where each text begins and the last one ends."""
        tokens = self._splits["train"].tokens
        return tokens.ids, tokens.offsets

    def count_ids(self) -> dict[str, np.ndarray]:
        """How often each id occurs in each split, int64 `(ids,)`."""
        size = self.spec.vocabulary_size
        return {name: np.bincount(split.tokens.ids, minlength=size) for name, split in self._splits.items()}

    def load_texts(self, split: SplitName) -> list[str]:
        """The strings of a split, in the order of its rows."""
        assert self._folder is not None
        return load_texts(self._folder, f"{split}.texts")

    def load_pairs(self, split: SplitName) -> list[str] | None:
        """The second strings of a split, where there are any."""
        assert self._folder is not None
        return load_texts(self._folder, f"{split}.pairs") if self.spec.pairs else None

    def get_split(self, name: SplitName) -> TextSplit:
        """The arrays of a split; there after `setup`."""
        return self._splits[name]

    def has_split(self, name: SplitName) -> bool:
        """Whether the data have this split."""
        return name in self._splits

    def train_dataloader(self) -> TrainingLoader:
        """Batches as the sampler plans them; resumable in mid-epoch."""
        epochs = get_max_epochs(self.trainer) if self.trainer else 1
        sampler = self.sampler(self.build_sampling_context(*self._place(), epochs))
        return TrainingLoader(self._splits["train"], sampler, self.num_workers, self._pin())

    def build_sampling_context(self, rank: int = 0, world_size: int = 1, epochs: int | None = 1) -> SamplingContext:
        """What a sampler must know of the training split and of the run; there after `setup`.

        Args:
            rank: This process, from 0.
            world_size: Processes that share an epoch.
            epochs: Of the whole training; None where it has no known end.
        """
        split, classes = self._splits["train"], self.spec.num_classes
        return SamplingContext(
            split.labels, split.lengths, classes, self.batch_size, get_run_seed(), rank, world_size, epochs=epochs
        )

    def val_dataloader(self) -> EvaluationLoader | list[EvaluationLoader]:
        """Every validation text once."""
        return self._evaluation("validation")

    def test_dataloader(self) -> EvaluationLoader | list[EvaluationLoader]:
        """Every test text once."""
        return self._evaluation("test")

    def predict_dataloader(self) -> EvaluationLoader | list[EvaluationLoader]:
        """As for the test; new texts go through `predict.py`."""
        return self._evaluation("test")

    def _evaluation(self, name: SplitName) -> EvaluationLoader | list[EvaluationLoader]:
        if name not in self._splits:
            return []
        place = self._place()
        return build_evaluation_loader(self._splits[name], self.eval_batch_size, *place, self.num_workers, self._pin())

    def _place(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def _pin(self) -> bool:
        return self.trainer is not None and self.trainer.strategy.root_device.type == "cuda"

    def _small_notes(self) -> list[str]:
        rows, size = self._about["rows"]["train"], self.batch_size
        return [f"train: {rows} texts are fewer than a batch of {size}: each epoch is one step"] * (rows < size)


def get_max_epochs(trainer: Trainer) -> int | None:
    """The epochs that a trainer trains for at the most; None where it counts none."""
    return trainer.max_epochs if trainer.max_epochs is not None and trainer.max_epochs > 0 else None
