"""A checkpoint's bundle: how to rebuild the model, the sizes of the data, the tokenizer; all that predicting needs.

A bundle is read with `weights_only=True` and only ever builds this project's own classes: a file from an unknown author
can hold wrong weights, but cannot run code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import lightning_modules.encoders
import lightning_modules.heads  # noqa: F401  # all implementations are known by name
from contracts.batch import TextBatch
from contracts.errors import DataError
from contracts.rebuildable import rebuild
from contracts.text_spec import TextSpec
from datamodules.augmenting.test_time_variants import VariantGenerator
from datamodules.sources.text_stream import TextColumns
from datamodules.tokenizers.base import Tokenizer, tokenizer_from_json
from lightning_modules.checkpoints import FORMAT, find_checkpoint, read_checkpoint
from lightning_modules.encoders.base import TextEncoder, encode_batch
from lightning_modules.heads.base import Head
from lightning_modules.tasks import ClassificationTask, create_task


@dataclass
class Bundle:
    """A model that is ready to predict, and the preprocessing it was trained with."""

    encoder: TextEncoder
    head: Head
    task: ClassificationTask
    spec: TextSpec
    tokenizer: Tokenizer
    variants: VariantGenerator | None = None
    """Generates variants of texts for test-time augmentation; None if training had no augmentation."""
    text_columns: TextColumns | None = None
    """The columns that training read its texts from; None if they came from no table."""

    @torch.inference_mode()
    def predict_probabilities(self, batch: TextBatch) -> Tensor:
        """Computes the probability of every label: float `(batch, classes)`."""
        return self.task.compute_probabilities(self.head(encode_batch(self.encoder, batch)))


def build_bundle(
    encoder: TextEncoder,
    head: Head,
    spec: TextSpec,
    tokenizer: Tokenizer,
    variants: VariantGenerator | None = None,
    text_columns: TextColumns | None = None,
) -> dict[str, Any]:
    """Returns the part of a checkpoint that is not weights, as JSON-serializable values."""
    optional: dict[str, Any] = {} if variants is None else {"variants": variants.to_dict()}
    optional |= {} if text_columns is None else {"text_columns": text_columns._asdict()}
    return optional | {
        "format": FORMAT,
        "encoder": encoder.to_blueprint(),
        "head": head.to_blueprint(),
        "spec": spec.to_dict(),
        "tokenizer": tokenizer.to_json(),
    }


def load_bundle(path: Path, classes: Sequence[type] = ()) -> Bundle:
    """Loads the model and preprocessing of a checkpoint, in evaluation mode on the CPU.

    Args:
        path: A checkpoint or a run folder, as in `find_checkpoint`.
        classes: Encoders and heads from outside this project that the checkpoint may name.

    Raises:
        UsageError: There is no such file.
        DataError: The file is truncated, or not a checkpoint of this project.
    """
    path = find_checkpoint(path)
    checkpoint = read_checkpoint(path)
    bundle = checkpoint["bundle"]
    try:
        spec = TextSpec.from_dict(bundle["spec"])
        encoder = rebuild(TextEncoder, bundle["encoder"], spec, classes=classes)  # type: ignore[type-abstract]  # builds a concrete subclass
        head = rebuild(Head, bundle["head"], spec, encoder.output_dim, classes=classes)  # type: ignore[type-abstract]  # builds a concrete subclass
        tokenizer = tokenizer_from_json(bundle["tokenizer"])
        variants = VariantGenerator.from_dict(bundle["variants"]) if "variants" in bundle else None
        text_columns = TextColumns(**bundle["text_columns"]) if "text_columns" in bundle else None
    except DataError:
        raise
    except Exception as error:  # whatever a constructor raises for wrong values
        reason = f"{type(error).__name__}: {error}"
        raise DataError(f"{path} is damaged: its model cannot be rebuilt ({reason})") from error
    for name, module in (("encoder", encoder), ("head", head)):
        _load_weights(module, name, checkpoint["state_dict"], path)
    return Bundle(encoder, head, create_task(spec), spec, tokenizer, variants, text_columns)


def _load_weights(module: nn.Module, name: str, weights: dict[str, Tensor], path: Path) -> None:
    """Loads the weights whose names begin with `name` into a module, and sets it to evaluation mode."""
    prefix = f"{name}."
    selected = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
    try:
        module.load_state_dict(selected)
    except RuntimeError as error:
        raise DataError(
            f"the weights in {path} do not fit its {name}: {str(error).splitlines()[-1].strip()}"
        ) from error
    module.eval()
