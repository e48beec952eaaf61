"""Adds to a checkpoint what prediction needs besides the weights, and removes what cannot be plain data."""

from __future__ import annotations

from typing import Any

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.sources.text_stream import get_text_columns
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.base import Tokenizer
from lightning_modules.bundle import build_bundle
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head


def add_bundle(
    checkpoint: dict[str, Any],
    encoder: TextEncoder,
    head: Head,
    spec: TextSpec,
    tokenizer: Tokenizer | None,
    data: TextDataModule | None,
) -> None:
    """Adds the bundle of a model to a checkpoint, with the preprocessing of its data.

    Args:
        checkpoint: Changed in place; factories given in Python, not by a config, are removed from its
            `hyper_parameters`.
        encoder: Of the model.
        head: Of the model.
        spec: Of the data.
        tokenizer: Used if there is no data module.
        data: The data module of the training; None if it was given loaders only.

    Raises:
        UsageError: There is no tokenizer.
    """
    hyper = checkpoint.get("hyper_parameters", {})
    for name in [name for name, value in hyper.items() if callable(value)]:
        del hyper[name]
    tokenizer = tokenizer if data is None else data.tokenizer
    if tokenizer is None:
        raise UsageError("a checkpoint must hold the tokenizer: set `model.tokenizer` before saving one")
    variants = None if data is None else data.augmenter.make_variants()
    columns = None if data is None else get_text_columns(data.source)
    checkpoint["bundle"] = build_bundle(encoder, head, spec, tokenizer, variants, columns)
