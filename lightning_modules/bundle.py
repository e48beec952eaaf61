"""A checkpoint's bundle: how to rebuild the model, the sizes of the data, the tokenizer; all that predicting needs.

A bundle is read with `weights_only=True` and only ever builds this project's own classes: a file from an unknown author
can hold wrong weights, but cannot run code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import lightning_modules.encoders
import lightning_modules.heads  # noqa: F401  # all implementations are known by name
from contracts.batch import TextBatch
from contracts.errors import DataError, UsageError
from contracts.rebuildable import rebuild_untrusted
from contracts.text_spec import TextSpec
from datamodules.augmenting.test_time_variants import VariantGenerator
from datamodules.sources.text_stream import TextColumns
from datamodules.tokenizers.base import TokenIds, Tokenizer
from datamodules.tokenizers.untrusted_state import untrusted_tokenizer_from_json
from lightning_modules.checkpoints import FORMAT, check_finite, find_checkpoint, read_checkpoint
from lightning_modules.encoders.base import TextEncoder, encode_batch
from lightning_modules.heads.base import Head
from lightning_modules.precision import compute_in_32_bits
from lightning_modules.size_limits import limit_sizes
from lightning_modules.tasks import ClassificationTask, create_task
from lightning_modules.untrusted_bundle import read_spec, read_text_columns

_MAX_REASON = 300  # characters of another library's message


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
        """Computes the probability of every label: float `(batch, classes)`.

        Raises:
            DataError: The model fails; it may be from anyone.
        """
        try:
            with compute_in_32_bits(batch.input_ids.device.type):
                return self.task.compute_probabilities(self.head(encode_batch(self.encoder, batch)))
        except (UsageError, DataError):
            raise
        except Exception as error:  # of many types, raised by the model
            rows, tokens = batch.input_ids.shape
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:_MAX_REASON]}"
            raise DataError(
                f"the checkpoint's model fails on a batch of {rows} texts of {tokens} tokens ({reason}); "
                "smaller batches (--batch_size) need less memory"
            ) from error

    def encode_batch(self, texts: Sequence[str], pairs: Sequence[str] | None) -> TokenIds:
        """Encodes texts as token ids, each truncated to the maximum length.

        Raises:
            DataError: The tokenizer fails, or gives ids that the model has no vectors for; it may be from anyone.
        """
        try:
            tokens = self.tokenizer.encode_batch(texts, pairs, self.spec.max_length)
        except (UsageError, DataError):
            raise
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # of the Rust library
                raise
            raise DataError(f"the checkpoint's tokenizer cannot encode these texts: {error}") from error
        if len(tokens.ids) and not 0 <= tokens.ids.min() <= tokens.ids.max() < self.spec.vocabulary_size:
            raise DataError(f"the checkpoint's tokenizer gives ids beyond its {self.spec.vocabulary_size} ids")
        return tokens

    def generate_variants(self, variants: VariantGenerator, texts: list[str]) -> Iterator[list[str]]:
        """Yields the variants of texts for test-time augmentation.

        Raises:
            DataError: An augmentation of the checkpoint fails.
        """
        try:
            yield from variants.generate(texts)
        except (UsageError, DataError):
            raise
        except Exception as error:  # a table or statistics that are not what they should be
            reason = f"{type(error).__name__}: {error}"
            raise DataError(f"the checkpoint's variants for test-time augmentation fail ({reason})") from error


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
    bundle, weights = checkpoint["bundle"], checkpoint["state_dict"]
    try:
        spec = read_spec(bundle["spec"])
        tokenizer = untrusted_tokenizer_from_json(bundle["tokenizer"])
        _check_vocabulary(tokenizer, spec)
        encoder, head = _build_model(bundle, spec, weights, classes)
        variants = VariantGenerator.from_dict(bundle["variants"]) if "variants" in bundle else None
        text_columns = read_text_columns(bundle["text_columns"]) if "text_columns" in bundle else None
    except DataError as error:
        raise DataError(f"{path} is damaged: {error}") from error
    except Exception as error:  # whatever a constructor raises for wrong values
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:_MAX_REASON]}"
        raise DataError(f"{path} is damaged: its model cannot be rebuilt ({reason})") from error
    check_finite(weights, path)
    for name, module in (("encoder", encoder), ("head", head)):
        _load_weights(module, name, weights, path)
    return Bundle(encoder, head, create_task(spec), spec, tokenizer, variants, text_columns)


def _build_model(
    bundle: dict[str, Any], spec: TextSpec, weights: dict[str, Tensor], classes: Sequence[type]
) -> tuple[TextEncoder, Head]:
    """Builds encoder and head, first without memory, so that a model larger than its weights allocates none."""

    def build() -> tuple[TextEncoder, Head]:
        encoder = rebuild_untrusted(TextEncoder, bundle["encoder"], spec, classes=classes)  # type: ignore[type-abstract]  # builds a concrete subclass
        head = rebuild_untrusted(Head, bundle["head"], spec, encoder.output_dim, classes=classes)  # type: ignore[type-abstract]  # builds a concrete subclass
        return encoder, head

    # an error on the meta device is of a constructor that reads a number
    with suppress(RuntimeError), limit_sizes(weights), torch.device("meta"):
        build()
    with limit_sizes(weights):
        return build()


def _check_vocabulary(tokenizer: Tokenizer, spec: TextSpec) -> None:
    """Raises `DataError` if tokenizer and spec differ in their ids."""
    of_tokenizer = tokenizer.vocabulary_size, tokenizer.padding_id
    if of_tokenizer != (spec.vocabulary_size, spec.padding_id):
        raise DataError(
            f"its tokenizer has {of_tokenizer[0]} ids and the padding id {of_tokenizer[1]}, its spec "
            f"{spec.vocabulary_size} and {spec.padding_id}"
        )


def _load_weights(module: nn.Module, name: str, weights: dict[str, Tensor], path: Path) -> None:
    """Loads the weights whose names begin with `name` into a module, and sets it to evaluation mode."""
    prefix = f"{name}."
    selected = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
    for key, weight in module.state_dict().items():
        if key in selected and selected[key].is_floating_point() != weight.is_floating_point():
            raise DataError(f"the weights in {path} do not fit its {name}: {key} is of type {selected[key].dtype}")
    try:
        module.load_state_dict(selected)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        shown = reason if len(reason) <= _MAX_REASON else f"{reason[:_MAX_REASON]} …"
        raise DataError(f"the weights in {path} do not fit its {name}: {shown}") from error
    module.eval()
