"""Predictions for new texts from a checkpoint: `load("runs/demo_text_cnn").predict(["where is my parcel"])`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from contracts.errors import UsageError
from datamodules.augmenting.augmenter import make_default_augmentations
from datamodules.augmenting.test_time_variants import VariantGenerator
from datamodules.loading.collate import collate
from lightning_modules.bundle import Bundle, load_bundle
from lightning_modules.prediction_columns import compute_confidence
from lightning_modules.tasks import decode_labels

BATCHES_PER_CHUNK = 32
"""Texts are sorted by length within chunks of this many batches, so that batches hold texts of similar length."""

Text = str | tuple[str, str | None]
"""A text, or a text and its second one, for a model that was trained on pairs."""


class Prediction(NamedTuple):
    """What a model predicts for one text."""

    prediction: str | list[str]
    """The label; a list of labels if a text can have several."""
    confidence: float
    """Probability of the least certain prediction, in [0, 1]: with one label per text, the label's probability."""
    probabilities: dict[str, float]
    """The probability of each label by name."""


def load(path: str | Path, device: str = "auto", tta: int | None = None, classes: Sequence[type] = ()) -> Predictor:
    """Loads a trained model from a checkpoint, which holds all that is needed: no data, no config.

    Args:
        path: A checkpoint; a run folder, whose best checkpoint is taken; or `runs/NAME`, whose newest version is taken.
        device: `auto` (a GPU if there is one), `cpu`, `cuda`, `cuda:1` …
        tta: Predictions averaged per text, of the text itself and its variants, 1 or more; as in training if None.
        classes: Encoders and heads from outside this project that the checkpoint may name.

    Raises:
        UsageError: There is no such checkpoint or device, or `tta` is below 1.
        DataError: The file is damaged, or not a checkpoint of this project.
    """
    return Predictor(load_bundle(Path(path), classes), device, tta)


class Predictor:
    """A trained model with its preprocessing, ready to predict texts.

    Args:
        bundle: Model and preprocessing, from `load_bundle`.
        device: Device of the model; see `load`.
        tta: Number of predictions averaged per text; see `load`.
    """

    def __init__(self, bundle: Bundle, device: str = "auto", tta: int | None = None) -> None:
        if tta is not None and tta < 1:
            raise UsageError(f"tta counts the text itself and must be at least 1, got {tta}")
        self.bundle = bundle
        self.device = select_device(device)
        bundle.encoder.to(self.device)
        bundle.head.to(self.device)
        self.variants = bundle.variants or VariantGenerator(make_default_augmentations())
        if tta is not None:
            self.variants.num_predictions = tta

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels in the order of the columns of `predict_probabilities`."""
        return self.bundle.spec.label_names

    @property
    def pairs(self) -> bool:
        """Whether the model compares two texts, so that each must come as a tuple of two."""
        return self.bundle.spec.pairs

    def predict(self, texts: Iterable[Text], batch_size: int = 256) -> list[Prediction]:
        """Predicts labels with their confidence and all probabilities, one `Prediction` per text, in order.

        Args:
            texts: Strings; tuples of two strings for a model that compares two texts.
            batch_size: Texts per batch, 1 or more.

        Raises:
            UsageError: Something other than texts is given, or no second texts where the model needs them.
        """
        return self.make_predictions(self.predict_probabilities(texts, batch_size))

    def predict_probabilities(self, texts: Iterable[Text], batch_size: int = 256) -> np.ndarray:
        """Predicts the probability of every label: float32 `(texts, classes)`, in the order of the texts.

        Args:
            texts: As for `predict`.
            batch_size: Texts per batch, 1 or more.

        Raises:
            UsageError: As for `predict`.
        """
        if batch_size < 1:
            raise UsageError(f"batch_size must be at least 1, got {batch_size}")
        firsts, seconds = self._split_pairs(texts)
        probabilities = np.empty((len(firsts), len(self.label_names)), np.float32)
        size = batch_size * BATCHES_PER_CHUNK
        for start in range(0, len(firsts), size):
            chunk = slice(start, start + size)
            pairs = None if seconds is None else seconds[chunk]
            probabilities[chunk] = self._predict_chunk(firsts[chunk], pairs, batch_size).numpy()
        return probabilities

    def make_predictions(self, probabilities: np.ndarray) -> list[Prediction]:
        """Converts probabilities `(texts, classes)` to one `Prediction` per text."""
        rows = torch.from_numpy(probabilities)
        labels: Sequence[str | list[str]] = decode_labels(self.bundle.task, self.bundle.spec, rows)
        confidences = compute_confidence(rows, self.bundle.task.decide(rows)).tolist()
        return [
            Prediction(label, confidence, dict(zip(self.label_names, row, strict=True)))
            for label, confidence, row in zip(labels, confidences, rows.tolist(), strict=True)
        ]

    def _split_pairs(self, texts: Iterable[Text]) -> tuple[list[str], list[str] | None]:
        """Checks the texts and splits them into first and second ones; None if the model takes single texts."""
        if isinstance(texts, str):
            raise UsageError(f"texts must be a list, got a single string; give [{texts[:40]!r}]")
        firsts, seconds = [], []
        for position, text in enumerate(texts):
            first, second = _unpack(text, position)
            if not self.pairs:
                if second is not None:
                    raise UsageError(f"this model reads single texts, got a pair at position {position}; give strings")
                firsts.append(first)
                continue
            if second is None:
                raise UsageError(
                    f"this model compares two texts, and {first[:60]!r} comes alone; give a file with a text_pair "
                    "column, both texts on a line with a tab between them, or in Python a tuple of both"
                )
            firsts.append(first)
            seconds.append(second)
        return firsts, seconds if self.pairs else None

    def _predict_chunk(self, texts: list[str], pairs: list[str] | None, batch_size: int) -> torch.Tensor:
        """Averages the predictions for texts and their variants; float `(texts, classes)` on the CPU."""
        probabilities = self._predict_once(texts, pairs, batch_size)
        for variants in self.bundle.generate_variants(self.variants, texts):
            probabilities += self._predict_once(variants, pairs, batch_size)
        return probabilities / self.variants.num_predictions

    def _predict_once(self, texts: list[str], pairs: list[str] | None, batch_size: int) -> torch.Tensor:
        """Predicts in batches of similar length; float `(texts, classes)` on the CPU, in the order of the texts."""
        spec = self.bundle.spec
        tokens = self.bundle.encode_batch(texts, pairs)
        order = np.argsort(tokens.lengths, kind="stable")
        unknown = np.full(len(texts), -1, np.int64)
        probabilities = torch.empty(len(texts), spec.num_classes)
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = collate(tokens, unknown, rows, spec.padding_id).to(self.device)
            probabilities[torch.from_numpy(rows)] = self.bundle.predict_probabilities(batch).cpu()
        return probabilities


def select_device(name: str) -> torch.device:
    """Returns the device of this name, or for `auto` a GPU if there is one and else the CPU.

    Raises:
        UsageError: It is unknown or not available.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {name} cannot be used here: {reason} Try auto or cpu.") from error
    return device


def _unpack(text: Text, position: int) -> tuple[str, str | None]:
    """Returns a text and its second one, or None; raises `UsageError` for anything else."""
    pair = (text, None) if isinstance(text, str) else tuple(text) if isinstance(text, tuple | list) else ()
    if len(pair) != 2 or not isinstance(pair[0], str) or not isinstance(pair[1], str | None):
        raise UsageError(f"texts must be strings or tuples of two strings, got {text!r} at position {position}")
    try:
        for part in pair:
            (part or "").encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"the text at position {position} holds a lone surrogate (half of a character, such as \\ud83d): {text!r}; "
            "remove it, or decode the text with the encoding that it was written in"
        ) from error
    return pair[0], pair[1]
