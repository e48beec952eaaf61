"""Creates splits that the source does not have from its training rows: test, validation, folds, training subsets."""

from __future__ import annotations

from contracts.errors import DataError
from datamodules.preparation.options import PreparationOptions
from datamodules.sources.base import SPLIT_NAMES, Rows, SplitName
from datamodules.splits.stratified_splits import split_stratified
from datamodules.splits.training_subset import hold_out_fold, select_training_subset

_MAX_SIZE = 0.9


def create_missing_splits(
    splits: dict[SplitName, Rows], options: PreparationOptions, notes: list[str]
) -> dict[SplitName, Rows]:
    """Completes the splits of a source with parts of its training split, then reduces the training split if asked to.

    Args:
        splits: The rows of each split that the source has.
        options: Sizes, seed, folds and the number of training texts.
        notes: A line on each new split is appended.

    Returns:
        The splits in the order of `SPLIT_NAMES`; test is missing if the source has validation but no test.

    Raises:
        DataError: A split would be empty.
        UsageError: More folds or training texts than there are.
    """
    splits = dict(splits)
    if not splits.get("train") or not splits["train"].texts:
        raise DataError(
            "the training split has no text that could be used; a classifier cannot be trained without texts"
        )
    only_train = set(splits) == {"train"}
    sizes: list[tuple[SplitName, float]] = []
    if only_train:  # a single file: test is split off first, so that it does not depend on the validation size
        sizes.append(("test", options.test_size))
    if "validation" not in splits and options.num_folds is None:
        sizes.append(("validation", options.validation_size))
    num_rows = len(splits["train"].texts)
    for name, size in sizes:
        size_of_rest = size * num_rows / len(splits["train"].texts)  # sizes are fractions of the original rows
        kept, split_off = split_stratified(splits["train"].labels, min(size_of_rest, _MAX_SIZE), options.split_seed)
        if not split_off:
            raise DataError(
                f"no row of the training split could be set aside for {name}: it has {num_rows} rows, and no class can "
                f"spare one. Give a {name} file, or a larger --data.{name}_size (now {size:g})."
            )
        splits[name] = splits["train"].select(split_off)
        splits["train"] = splits["train"].select(kept)
        rows = f"the {num_rows:,} {'' if only_train else 'training '}rows"
        notes.append(f"{name}: {len(split_off):,} of {rows}, in the same class proportions (--data.split_seed)")
    if options.num_folds is not None and options.fold is not None:
        splits = hold_out_fold(splits, options.num_folds, options.fold, options.split_seed, notes)
    # last, so that validation and test are as large as if training had all of its rows
    splits["train"] = select_training_subset(
        splits["train"], options.few_shot, options.max_train_samples, options.split_seed, notes
    )
    for name in SPLIT_NAMES:
        if name in splits and not splits[name].texts:
            raise DataError(f"the {name} split has no text that could be used; fill it, or leave the file out")
    return {name: splits[name] for name in SPLIT_NAMES if name in splits}
