"""What a checkpoint carries so that it predicts anywhere: how to rebuild the model, the data's sizes, the tokenizer.

A bundle is read with `weights_only=True` and only ever makes this project's own classes: a file from a stranger can
hold wrong weights, but cannot run code.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import lightning_modules.encoders
import lightning_modules.heads  # noqa: F401  # all members are known by name
from datamodules.batch import TextBatch
from datamodules.errors import DataError, UsageError
from datamodules.rebuildable import rebuild
from datamodules.text_spec import TextSpec
from datamodules.tokenizers.base import Tokenizer, tokenizer_from_json
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.tasks import ClassificationTask, task_of

_FORMAT = 1


@dataclass
class Bundle:
    """A model that is ready to predict, and the preprocessing it was trained with."""

    encoder: TextEncoder
    head: Head
    task: ClassificationTask
    spec: TextSpec
    tokenizer: Tokenizer

    @torch.inference_mode()
    def probabilities(self, batch: TextBatch) -> Tensor:
        """Float `(batch, classes)`."""
        features = self.encoder(batch.input_ids, batch.attention_mask, batch.token_type_ids)
        return self.task.probabilities(self.head(features))


def bundle_of(encoder: TextEncoder, head: Head, spec: TextSpec, tokenizer: Tokenizer) -> dict[str, Any]:
    """The part of a checkpoint that is not weights; plain values only."""
    return {
        "format": _FORMAT,
        "encoder": encoder.blueprint(),
        "head": head.blueprint(),
        "spec": spec.to_dict(),
        "tokenizer": tokenizer.to_json(),
    }


def load_bundle(path: Path) -> Bundle:
    """Reads a checkpoint for prediction.

    Args:
        path: A checkpoint, or a run folder: its best checkpoint is taken.

    Raises:
        UsageError: There is no such file.
        DataError: The file is truncated, or not a checkpoint of this project.
    """
    path = find_checkpoint(path)
    checkpoint = read_checkpoint(path)
    plain = checkpoint["bundle"]
    if plain.get("format") != _FORMAT:
        raise DataError(
            f"{path} was written in format {plain.get('format')!r} and this version reads format {_FORMAT}; "
            "use the version of the project that wrote it"
        )
    spec = TextSpec.from_dict(plain["spec"])
    encoder = rebuild(TextEncoder, plain["encoder"], spec)  # type: ignore[type-abstract]  # final classes of the seam
    head = rebuild(Head, plain["head"], spec, encoder.output_dim)  # type: ignore[type-abstract]  # final classes of the seam
    weights = checkpoint["state_dict"]
    for name, module in (("encoder", encoder), ("head", head)):
        _load_weights(module, name, weights, path)
    return Bundle(encoder, head, task_of(spec), spec, tokenizer_from_json(plain["tokenizer"]))


def find_checkpoint(path: Path) -> Path:
    """The checkpoint that a path means: itself, or the best one of a run folder.

    Raises:
        UsageError: There is none.
    """
    if path.is_file():
        return path
    if path.is_dir():
        for folder in (path / "checkpoints", path):
            best = sorted(folder.glob("best*.ckpt"), key=lambda file: file.stat().st_mtime)
            if best:
                return best[-1]
        raise UsageError(
            f"{path} holds no checkpoint (checkpoints/best*.ckpt); did its run end before the first validation?"
        )
    raise UsageError(f"there is no checkpoint or run folder {path}")


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Reads a checkpoint of this project without running any code of it.

    Raises:
        DataError: The file is truncated, or not a checkpoint of this project.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise DataError(
            f"{path} cannot be read as a checkpoint: it is truncated or of another kind ({reason})"
        ) from error
    if not isinstance(checkpoint, dict) or not {"state_dict", "bundle"} <= checkpoint.keys():
        raise DataError(f"{path} was not written by this project: it lacks the parts `state_dict` and `bundle`")
    return checkpoint


def _load_weights(module: nn.Module, name: str, weights: dict[str, Tensor], path: Path) -> None:
    own = {key.removeprefix(f"{name}."): value for key, value in weights.items() if key.startswith(f"{name}.")}
    try:
        module.load_state_dict(own)
    except RuntimeError as error:
        raise DataError(
            f"the weights in {path} do not fit its {name}: {str(error).splitlines()[-1].strip()}"
        ) from error
    module.eval()
