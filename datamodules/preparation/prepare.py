"""From the rows of a source to a cache folder: clean, split, train the tokenizer, encode, write."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from datamodules.augmenting.augmenter import Augmenter
from datamodules.cache import compute_cache_key, open_or_build, save_strings
from datamodules.preparation.encoding import (
    choose_max_length,
    compute_unknown_ratio,
    encode_splits,
    truncate_long_texts,
)
from datamodules.preparation.excluded_texts import exclude_unsuitable_texts
from datamodules.preparation.findings import list_row_findings, list_token_findings
from datamodules.preparation.missing_splits import create_missing_splits
from datamodules.preparation.options import PreparationOptions
from datamodules.preparation.prepared_data import SUMMARY_FILE, TOKENIZER_FILE
from datamodules.preparation.row_checks import collect_label_names, handle_empty_texts, handle_unseen_labels
from datamodules.preparation.versions import collect_versions
from datamodules.sources.base import Rows, Source, SplitName
from datamodules.tokenizers.base import TokenIds, Tokenizer
from datamodules.tokenizers.oov import measure_oov

_FORMAT = 6  # raised whenever the same options would fill a cache folder differently


def open_or_prepare(
    cache_dir: Path,
    source: Source,
    tokenizer: Tokenizer,
    options: PreparationOptions,
    augmenter: Augmenter,
    quiet: bool = False,
) -> Path:
    """Returns the cache folder of these choices, after filling it by `prepare` if it does not exist.

    Args:
        cache_dir: The folder of all caches.
        source: As for `prepare`, like the others.
        tokenizer: Its fingerprint, like that of source and augmenter, is part of the folder's name, and so are the
            versions of the libraries that shape the result.
        options: Likewise.
        augmenter: Likewise, if it adds copies.
        quiet: Whether to hide the progress bar.
    """
    return open_or_build(
        cache_dir,
        compute_data_key(source, tokenizer, options, augmenter),
        lambda folder: prepare(source, tokenizer, options, folder, quiet, augmenter),
    )


def compute_data_key(source: Source, tokenizer: Tokenizer, options: PreparationOptions, augmenter: Augmenter) -> str:
    """Computes the name of the cache folder, which differs for all that shapes its content.

    Args:
        source: As for `open_or_prepare`, like the others.
        tokenizer: Likewise.
        options: Likewise.
        augmenter: Likewise.
    """
    key = {
        "format": _FORMAT,
        "source": source.fingerprint(),
        "tokenizer": tokenizer.fingerprint(),
        "options": vars(options) | {"max_length_is_fraction": options.max_length_is_fraction},
        "versions": collect_versions(source, tokenizer, options),
    }
    return compute_cache_key(key | augmenter.fingerprint())


def prepare(
    source: Source,
    tokenizer: Tokenizer,
    options: PreparationOptions,
    folder: Path,
    quiet: bool = False,
    augmenter: Augmenter | None = None,
) -> None:
    """Reads a source and writes its encoded splits, the trained tokenizer and a summary to a cache folder.

    Args:
        source: Where the rows come from.
        tokenizer: Trained on the training rows, and saved.
        options: Splits, lengths and what to do about unusable rows.
        folder: Empty; `PreparedData.open` reads it.
        quiet: Whether to hide the progress bar.
        augmenter: May add changed copies to the training rows.

    Raises:
        DataError: The rows cannot be used as they are.
        UsageError: The rows are pairs of texts, which the tokenizer does not support.
    """
    notes: list[str] = []
    with _pause_garbage_collection():
        read = source.read()
    splits = {name: handle_empty_texts(name, rows, options, notes) for name, rows in read.items()}
    splits = create_missing_splits(splits, options, notes)
    _check_pairs(splits["train"], tokenizer)
    names = collect_label_names(splits["train"], notes)
    for name in splits:
        if name != "train":
            splits[name] = handle_unseen_labels(name, splits[name], names, options, notes)
    findings = list_row_findings(splits, names, options)
    if augmenter is not None and augmenter.adds_copies:
        splits["train"] = augmenter.add_copies(splits["train"], folder, notes)
    tokenizer.train(splits["train"].texts)
    splits["train"] = exclude_unsuitable_texts(splits["train"], tokenizer, notes)

    encoded = dict(encode_splits(splits, tokenizer, quiet))
    lengths = {name: tokens.lengths for name, tokens in encoded.items()}
    max_length = choose_max_length(tokenizer, options.max_length, lengths["train"])
    encoded = {
        name: truncate_long_texts(splits[name], tokens, tokenizer, max_length) for name, tokens in encoded.items()
    }
    notes += _describe_texts_without_tokens(lengths) + _describe_truncation(lengths, encoded, max_length)
    oov = measure_oov(tokenizer, {name: rows.join_pairs() for name, rows in splits.items()}, lengths=lengths)
    notes += findings + list_token_findings(splits["train"], tokenizer, oov)
    for name, rows in splits.items():
        _write_split(folder, name, rows, encoded[name], names)
    train, counts = splits["train"], splits["train"].count_labels()
    spec = TextSpec(
        task=source.detect_task(),
        label_names=tuple(names),
        class_counts=tuple(counts[name] for name in names),
        num_rows=len(train.texts),
        vocabulary_size=tokenizer.vocabulary_size,
        padding_id=tokenizer.padding_id,
        max_length=max_length,
        pairs=train.pairs is not None,
    )
    summary = {
        "spec": spec.to_dict(),
        "rows": {name: len(rows.texts) for name, rows in splits.items()},
        "notes": notes,
        "unknown_share": {name: compute_unknown_ratio(encoded[name], tokenizer) for name in splits},
        "oov": {name: report.to_dict() for name, report in oov.items()},
    }
    (folder / SUMMARY_FILE).write_text(json.dumps(summary), encoding="utf-8")
    (folder / TOKENIZER_FILE).write_text(tokenizer.to_json(), encoding="utf-8")


def _check_pairs(train: Rows, tokenizer: Tokenizer) -> None:
    """Raises an error for pairs of texts if the tokenizer does not support pairs."""
    if train.pairs is not None and not tokenizer.supports_pairs:
        raise UsageError(
            f"the data have pairs of texts, which {type(tokenizer).__name__} cannot distinguish; "
            "choose --data.tokenizer Pretrained and --model.encoder Pretrained, "
            "or read single texts with --data.source.text_pair_column null"
        )


@contextmanager
def _pause_garbage_collection() -> Iterator[None]:
    """Pauses the garbage collector while rows are read: they are many lists without cycles, which it would scan."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _describe_texts_without_tokens(lengths: dict[SplitName, np.ndarray]) -> list[str]:
    """Returns one note on the texts without a token, with their number in each split; none if there are none."""
    counts = [
        f"{np.count_nonzero(of_split == 0):,} of {len(of_split):,} {name}"
        for name, of_split in lengths.items()
        if not of_split.all()
    ]
    return [f"texts without a token in the vocabulary: {', '.join(counts)}"] if counts else []


def _describe_truncation(
    lengths: dict[SplitName, np.ndarray], truncated: dict[SplitName, TokenIds], max_length: int
) -> list[str]:
    """Returns one note on the truncated texts, with their number and the fraction of lost tokens in each split."""
    counts = []
    for name, before in lengths.items():
        ratio = f"{1 - truncated[name].lengths.sum() / max(1, before.sum()):.1%}"
        if ratio != "0.0%":
            num_texts = np.count_nonzero(before > max_length)
            counts.append(f"{num_texts:,} of {len(before):,} {name} ({ratio} of their tokens)")
    note = f"texts truncated to {max_length} tokens (--data.max_length): {', '.join(counts)}"
    return [note] if counts else []


def _write_split(folder: Path, name: str, rows: Rows, tokens: TokenIds, names: list[str]) -> None:
    """Writes the arrays and texts of a split to the cache folder."""
    index_of = {label: index for index, label in enumerate(names)}
    if rows.is_single_label:
        labels = np.fromiter((index_of[label] for label in rows.labels), np.int64, count=len(rows.labels))  # type: ignore[index]  # plain labels
    else:
        labels = np.zeros((len(rows.labels), len(names)), np.uint8)
        for position, row in enumerate(rows.labels):
            labels[position, [index_of[label] for label in row]] = 1
    arrays: dict[str, Any] = {"ids": tokens.ids, "offsets": tokens.offsets, "labels": labels}
    arrays["numbers"] = np.asarray(rows.numbers, np.int64)
    if tokens.type_ids is not None:
        arrays["type_ids"] = tokens.type_ids
    for key, array in arrays.items():
        np.save(folder / f"{name}.{key}.npy", array)
    save_strings(folder, f"{name}.texts", rows.texts)
    if rows.pairs is not None:
        save_strings(folder, f"{name}.pairs", rows.pairs)
