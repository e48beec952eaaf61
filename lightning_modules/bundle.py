"""What a checkpoint carries so that it predicts anywhere: how to rebuild the model, the data's sizes, the tokenizer.

A bundle is read with `weights_only=True` and only ever makes this project's own classes: a file from a stranger can
hold wrong weights, but cannot run code.
"""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import lightning_modules.encoders
import lightning_modules.heads  # noqa: F401  # all members are known by name
from contracts.batch import TextBatch
from contracts.errors import DataError, UsageError, join_names
from contracts.rebuildable import rebuild
from contracts.text_spec import TextSpec
from datamodules.augmenting.test_time_variants import VariantGenerator
from datamodules.tokenizers.base import Tokenizer, tokenizer_from_json
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.tasks import ClassificationTask, create_task

_FORMAT = 1


@dataclass
class Bundle:
    """A model that is ready to predict, and the preprocessing it was trained with."""

    encoder: TextEncoder
    head: Head
    task: ClassificationTask
    spec: TextSpec
    tokenizer: Tokenizer
    variants: VariantGenerator | None = None
    """Of texts to predict; none where training knew no augmentation."""

    @torch.inference_mode()
    def predict_probabilities(self, batch: TextBatch) -> Tensor:
        """Float `(batch, classes)`."""
        features = self.encoder(batch.input_ids, batch.attention_mask, batch.token_type_ids)
        return self.task.compute_probabilities(self.head(features))


def build_bundle(
    encoder: TextEncoder, head: Head, spec: TextSpec, tokenizer: Tokenizer, variants: VariantGenerator | None = None
) -> dict[str, Any]:
    """The part of a checkpoint that is not weights; plain values only."""
    told = {} if variants is None else {"variants": variants.to_dict()}
    return told | {
        "format": _FORMAT,
        "encoder": encoder.to_blueprint(),
        "head": head.to_blueprint(),
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
    try:
        spec = TextSpec.from_dict(plain["spec"])
        encoder = rebuild(TextEncoder, plain["encoder"], spec)  # type: ignore[type-abstract]  # final classes of the seam
        head = rebuild(Head, plain["head"], spec, encoder.output_dim)  # type: ignore[type-abstract]  # final classes of the seam
        tokenizer = tokenizer_from_json(plain["tokenizer"])
        variants = VariantGenerator.from_dict(plain["variants"]) if "variants" in plain else None
    except DataError:
        raise
    except Exception as error:  # whatever a constructor makes of wrong values
        reason = f"{type(error).__name__}: {error}"
        raise DataError(f"{path} is damaged: its model cannot be made again ({reason})") from error
    for name, module in (("encoder", encoder), ("head", head)):
        _load_weights(module, name, checkpoint["state_dict"], path)
    return Bundle(encoder, head, create_task(spec), spec, tokenizer, variants)


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # guesses at what other bytes may be
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of any kind: bytes that are no pickle are read as one
        raise DataError(
            f"{path} cannot be read as a checkpoint: it is truncated or of another kind ({_reason(error)})"
        ) from error
    parts = checkpoint if isinstance(checkpoint, dict) else {}
    plain = parts.get("bundle")
    if not isinstance(plain, dict) or not isinstance(parts.get("state_dict"), dict):
        raise DataError(f"{path} was not written by this project: it lacks the parts `state_dict` and `bundle`")
    if plain.get("format") != _FORMAT:
        raise DataError(
            f"{path} was written in format {plain.get('format')!r} and this version reads format {_FORMAT}; "
            "use the version of the project that wrote it"
        )
    missing = {"encoder", "head", "spec", "tokenizer"} - plain.keys()
    if missing:
        raise DataError(f"{path} is damaged: its bundle lacks {join_names(sorted(missing))}")
    return parts


def check_checkpoint_matches(
    checkpoint: dict[str, Any], path: Path, spec: TextSpec, tokenizer: Tokenizer, shapes: dict[str, tuple[int, ...]]
) -> None:
    """Refuses a checkpoint of other labels, another vocabulary or another model, before a run begins with it.

    Args:
        checkpoint: From `read_checkpoint`.
        path: Its name, for the message.
        spec: Of the data at hand.
        tokenizer: Of the data at hand.
        shapes: Of each weight that is to be loaded, by name; none where they are not known.

    Raises:
        UsageError: It does not fit.
    """
    plain = checkpoint["bundle"]
    theirs = TextSpec.from_dict(plain["spec"])
    if (theirs.task, theirs.label_names) != (spec.task, spec.label_names):
        raise UsageError(
            f"{path} was trained for the labels {join_names(theirs.label_names)}, and these data have "
            f"{join_names(spec.label_names)}; give the data it was trained on, or label new texts with predict.py"
        )
    if json.loads(plain["tokenizer"]) != json.loads(tokenizer.to_json()):
        raise UsageError(
            f"{path} was trained with another vocabulary than these data and choices give; give the data and the "
            "config that it was trained with (--config RUN/config.yaml), or label new texts with predict.py"
        )
    weights = {name: tuple(value.shape) for name, value in checkpoint["state_dict"].items()}
    other = [name for name in sorted(shapes.keys() | weights.keys()) if shapes.get(name) != weights.get(name)]
    if shapes and other:
        there, here = (f"of shape {of[other[0]]}" if other[0] in of else "missing" for of in (weights, shapes))
        raise UsageError(
            f"{path} holds another model than the one chosen: {other[0]} is {there} there and {here} here; "
            "give the config it was trained with (--config RUN/config.yaml)"
        )


def _reason(error: Exception) -> str:
    # torch's own words go on to recommend reading the file without such care, which must not be passed on
    stranger = re.search(r"GLOBAL (\S+)", str(error))
    if stranger:
        return f"it holds {stranger[1]}, which is neither a tensor nor a plain value"
    words = str(error).partition("WeightsUnpickler error:")[2] or str(error)
    first = words.strip().partition("\n")[0]
    return first[:200] if first and "weights_only" not in first else type(error).__name__


def _load_weights(module: nn.Module, name: str, weights: dict[str, Tensor], path: Path) -> None:
    own = {key.removeprefix(f"{name}."): value for key, value in weights.items() if key.startswith(f"{name}.")}
    try:
        module.load_state_dict(own)
    except RuntimeError as error:
        raise DataError(
            f"the weights in {path} do not fit its {name}: {str(error).splitlines()[-1].strip()}"
        ) from error
    module.eval()
