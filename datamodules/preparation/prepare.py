"""From rows to a folder of arrays: clean, split, learn the vocabulary, encode, write. Once for each choice of these."""

from __future__ import annotations

import gc
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from contracts.errors import DataError, UsageError, join_names
from contracts.text_spec import TextSpec
from datamodules.augmenting.augmenter import Augmenter
from datamodules.cache import save_texts
from datamodules.preparation.encoding import choose_max_length, encode, truncate_long_texts, unknown_share
from datamodules.preparation.exclusion import exclude_unsuitable_texts
from datamodules.sources.base import Rows, Source, SplitName
from datamodules.sources.similar_labels import group_similar_labels
from datamodules.splits.stratified_splits import split_stratified
from datamodules.splits.training_subset import hold_out_fold, select_training_subset, validate_subset_options
from datamodules.tokenizers.base import TokenIds, Tokenizer
from datamodules.tokenizers.oov import measure_oov

SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class PreparationOptions:
    """What a user may choose of the preparation, beside source and tokenizer; see `TextDataModule` for the meanings."""

    max_length: int | float = 0.99
    validation_size: float = 0.1
    test_size: float = 0.1
    split_seed: int = 0
    empty: Literal["drop", "keep", "refuse"] = "drop"
    unseen_labels: Literal["refuse", "drop"] = "refuse"
    few_shot: int | None = None
    max_train_samples: int | None = None
    num_folds: int | None = None
    fold: int | None = None

    def __post_init__(self) -> None:
        """Refuses values out of their ranges.

        Raises:
            UsageError: What, got, allowed.
        """
        value = self.max_length
        if isinstance(value, bool) or (isinstance(value, float) and not 0 < value <= 1) or value <= 0:
            raise UsageError(
                f"--data.max_length is a number of tokens (an integer from 1), or a share of the training texts to "
                f"cover (a decimal number in (0, 1]); got {value!r}"
            )
        for name, share in (("validation_size", self.validation_size), ("test_size", self.test_size)):
            if not 0 < share < 1:
                raise UsageError(f"--data.{name} is a share of the rows and must be in (0, 1), got {share}")
        if self.split_seed < 0:
            raise UsageError(f"--data.split_seed must be 0 or more, got {self.split_seed}")
        validate_subset_options(self.few_shot, self.max_train_samples, self.num_folds, self.fold)


def prepare(
    source: Source,
    tokenizer: Tokenizer,
    choices: PreparationOptions,
    folder: Path,
    quiet: bool = False,
    augmenter: Augmenter | None = None,
) -> None:
    """Fills a cache folder.

    Args:
        source: Where the rows come from.
        tokenizer: Learns from the training rows, and is written with them.
        choices: The rest.
        folder: Empty; see `PreparedTexts` for what it holds afterwards.
        quiet: Whether to show no progress.
        augmenter: May add changed copies to the training rows.

    Raises:
        DataError: The rows cannot be used as they are.
    """
    notes: list[str] = []
    with _no_search_for_cycles():
        read = source.read()
    splits = {name: drop_empty_texts(name, rows, choices, notes) for name, rows in read.items()}
    splits = create_missing_splits(splits, choices, notes)
    names, counts = _label_names(splits["train"], notes)
    splits = {name: _with_known_labels(name, rows, names, choices, notes) for name, rows in splits.items()}
    if augmenter is not None and augmenter.adds_copies:
        splits["train"] = augmenter.add_copies(splits["train"], folder, notes)
        counts = _label_names(splits["train"], [])[1]

    tokenizer.train(splits["train"].texts)
    kept = exclude_unsuitable_texts(splits["train"], tokenizer, notes)
    if kept is not splits["train"]:
        splits["train"] = kept
        counts = _label_names(kept, [])[1]
    encoded = dict(encode(splits, tokenizer, quiet))
    lengths = {name: tokens.lengths for name, tokens in encoded.items()}
    notes += [
        f"{name}: {np.count_nonzero(of_split == 0)} of {len(of_split)} texts have no token that the tokenizer keeps"
        for name, of_split in lengths.items()
        if not of_split.all()
    ]
    oov = measure_oov(tokenizer, {name: rows.join_pairs() for name, rows in splits.items()}, lengths=lengths)
    longest = choose_max_length(tokenizer, choices.max_length, encoded["train"].lengths)
    truncate_long_texts(splits, encoded, tokenizer, longest, notes)
    for name, rows in splits.items():
        _write_split(folder, name, rows, encoded[name], names)
    train = splits["train"]
    spec = TextSpec(
        task=source.detect_task(),
        label_names=tuple(names),
        class_counts=tuple(counts[name] for name in names),
        num_rows=len(train.texts),
        vocabulary_size=tokenizer.vocabulary_size,
        padding_id=tokenizer.padding_id,
        max_length=longest,
        pairs=train.pairs is not None,
    )
    about = {
        "spec": spec.to_dict(),
        "rows": {name: len(rows.texts) for name, rows in splits.items()},
        "notes": notes,
        "unknown_share": {name: unknown_share(encoded[name], tokenizer) for name in splits},
        "oov": {name: report.to_dict() for name, report in oov.items()},
    }
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    (folder / "tokenizer.json").write_text(tokenizer.to_json(), encoding="utf-8")


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Reading makes a list a row and no cycles; the garbage collector's looks at all of them take longer than it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def drop_empty_texts(name: str, rows: Rows, choices: PreparationOptions, notes: list[str]) -> Rows:
    """The rows of a split whose texts are more than white space, or all where these are kept; what goes is noted."""
    empty = [place for place, text in enumerate(rows.texts) if not text or text.isspace()]
    if not empty or choices.empty == "keep":
        return rows
    found = f"{name}: {len(empty)} of {len(rows.texts)} texts are empty"
    where = f"(rows {join_names(str(rows.numbers[i]) for i in empty[:5])}, counted from 0)"
    if choices.empty == "refuse":
        raise DataError(f"{found} {where}; mend them, or choose --data.empty drop or keep")
    notes.append(f"{found} {where} and were dropped; --data.empty keep or refuse does otherwise")
    gone = set(empty)
    return rows.select([place for place in range(len(rows.texts)) if place not in gone])


def create_missing_splits(
    splits: dict[SplitName, Rows], choices: PreparationOptions, notes: list[str]
) -> dict[SplitName, Rows]:
    """The splits of a source, with those that it lacks cut off training; what was cut is noted."""
    splits = dict(splits)
    if not splits.get("train") or not splits["train"].texts:
        raise DataError("the training split has no text that could be used; a classifier needs some to learn from")
    only_train = set(splits) == {"train"}
    wanted: list[tuple[SplitName, float]] = []
    if only_train:  # one file: test is cut off first, so that a changed validation share leaves it as it is
        wanted.append(("test", choices.test_size))
    if "validation" not in splits and choices.num_folds is None:
        wanted.append(("validation", choices.validation_size))
    whole = len(splits["train"].texts)
    for name, share in wanted:
        of_rest = share * whole / len(splits["train"].texts)  # a share is one of what was there at first
        stay, off = split_stratified(splits["train"].labels, min(of_rest, 0.9), choices.split_seed)
        if not off:
            raise DataError(
                f"no row could be cut from the training split for {name}: it has {whole} rows, and no class can "
                f"spare one. Give a {name} file, or a larger --data.{name}_size (now {share:g})."
            )
        splits[name] = splits["train"].select(off)
        splits["train"] = splits["train"].select(stay)
        were = "rows was" if len(off) == 1 else "rows were"
        notes.append(
            f"{name}: {len(off)} of {whole} {were} set aside from the training split, stratified (--data.split_seed)"
        )
    if choices.num_folds is not None and choices.fold is not None:
        splits = hold_out_fold(splits, choices.num_folds, choices.fold, choices.split_seed, notes)
    # last, so that validation and test are as large as if training had all of its rows
    splits["train"] = select_training_subset(
        splits["train"], choices.few_shot, choices.max_train_samples, choices.split_seed, notes
    )
    for name in SPLITS:
        if name in splits and not splits[name].texts:
            raise DataError(f"the {name} split has no text that could be used; fill it, or leave the file out")
    return {name: splits[name] for name in SPLITS if name in splits}


def _label_names(train: Rows, notes: list[str]) -> tuple[list[str], Counter[str]]:
    counts = train.count_labels()
    names = sorted(counts)
    if len(names) < (2 if train.is_single_label else 1):
        found = f"one only, {names[0]!r}" if names else "none"
        raise DataError(
            f"the training split must have at least two different labels to tell apart, got {found}. "
            "Check --data.source.label_column, or add texts of another class."
        )
    for alike in group_similar_labels(names):
        notes.append(f"train: labels {', '.join(map(repr, alike))} are classes of their own; are they meant as one?")
    lonely = [name for name in names if counts[name] == 1]
    if lonely:
        notes.append(
            f"train: {len(lonely)} of {len(names)} classes have a single text and can hardly be learned: "
            f"{join_names(lonely)}"
        )
    return names, counts


def _with_known_labels(name: str, rows: Rows, names: list[str], choices: PreparationOptions, notes: list[str]) -> Rows:
    if name == "train":
        return rows
    known = set(names)
    strangers = Counter({label: count for label, count in rows.count_labels().items() if label not in known})
    if not strangers:
        return rows
    unseen = [not known.issuperset(of_one) for of_one in rows.to_label_lists()]
    found = f"{name}: {sum(unseen)} rows carry {len(strangers)} label(s) that the training split lacks"
    what = join_names(f"{label!r} ({count})" for label, count in strangers.most_common())
    if choices.unseen_labels == "refuse":
        raise DataError(
            f"{found}: {what}. Training knows: {join_names(map(repr, names))}. "
            "Mend the labels, add such texts to training, or leave these rows out with --data.unseen_labels drop."
        )
    kept = rows.select([place for place, strange in enumerate(unseen) if not strange])
    if not kept.texts:
        raise DataError(f"{found}: {what}. No row is left.")
    notes.append(f"{found} and were dropped: {what}")
    return kept


def _write_split(folder: Path, name: str, rows: Rows, tokens: TokenIds, names: list[str]) -> None:
    places = {label: place for place, label in enumerate(names)}
    if rows.is_single_label:
        labels = np.fromiter((places[label] for label in rows.labels), np.int64, count=len(rows.labels))  # type: ignore[index]  # plain labels
    else:
        labels = np.zeros((len(rows.labels), len(names)), np.uint8)
        for number, row in enumerate(rows.labels):
            labels[number, [places[label] for label in row]] = 1
    arrays: dict[str, Any] = {"ids": tokens.ids, "offsets": tokens.offsets, "labels": labels}
    arrays["numbers"] = np.asarray(rows.numbers, np.int64)
    if tokens.type_ids is not None:
        arrays["type_ids"] = tokens.type_ids
    for kind, array in arrays.items():
        np.save(folder / f"{name}.{kind}.npy", array)
    save_texts(folder, f"{name}.texts", rows.texts)
    if rows.pairs is not None:
        save_texts(folder, f"{name}.pairs", rows.pairs)
