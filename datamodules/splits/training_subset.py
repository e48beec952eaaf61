"""The options that reduce the training rows: cross-validation folds, and training subsets."""

from __future__ import annotations

from contracts.errors import UsageError, join_names
from datamodules.sources.base import Rows, SplitName
from datamodules.splits.stratified_splits import select_rows_per_label, select_stratified_subset, split_off_fold


def validate_subset_options(
    few_shot: int | None, max_train_samples: int | None, num_folds: int | None, fold: int | None
) -> None:
    """Checks the options before any row is read.

    Raises:
        UsageError: A number is out of range, or two options contradict each other.
    """
    for name, value in (("few_shot", few_shot), ("max_train_samples", max_train_samples)):
        if value is not None and value < 1:
            raise UsageError(f"--data.{name} is a number of training texts and must be at least 1, got {value}")
    if few_shot is not None and max_train_samples is not None:
        raise UsageError(
            f"--data.few_shot {few_shot} and --data.max_train_samples {max_train_samples} both limit the training "
            "texts; choose one of them"
        )
    if num_folds is None and fold is None:
        return
    if num_folds is None or fold is None:
        given, missing = (f"fold {fold}", "num_folds") if num_folds is None else (f"num_folds {num_folds}", "fold")
        raise UsageError(
            f"--data.{given} needs --data.{missing} too: --data.num_folds is the number of folds that the training "
            "texts are split into, and --data.fold the one that becomes validation, from 0"
        )
    if num_folds < 2:
        raise UsageError(f"--data.num_folds must be at least 2, got {num_folds}")
    if not 0 <= fold < num_folds:
        raise UsageError(f"--data.fold counts from 0 and must be below --data.num_folds {num_folds}, got {fold}")
    if few_shot is not None:
        raise UsageError(
            f"--data.num_folds {num_folds} and --data.few_shot {few_shot} contradict each other: training on all folds "
            "but one, or on few texts; choose one of them (--data.max_train_samples can be used with folds)"
        )


def hold_out_fold(
    splits: dict[SplitName, Rows], num_folds: int, fold: int, seed: int, notes: list[str]
) -> dict[SplitName, Rows]:
    """Splits the training rows into folds, one of which becomes the validation split; a test split stays as it is.

    Args:
        splits: The rows of each split, `train` at least; a validation split is not used.
        num_folds: Number of folds.
        fold: The fold that becomes validation, from 0.
        seed: Seed of the split.
        notes: Lines on what was done are appended.

    Raises:
        UsageError: There are more folds than rows, or the fold would be empty.
    """
    train = splits["train"]
    num_rows = len(train.texts)
    if num_folds > num_rows:
        raise UsageError(
            f"--data.num_folds {num_folds} is more than the {num_rows} training texts; choose at most as many"
        )
    kept, split_off = split_off_fold(train.labels, num_folds, fold, seed)
    if not split_off:
        raise UsageError(
            f"fold {fold} of {num_folds} would be empty: all its texts are needed in training; choose fewer "
            f"--data.num_folds (there are {num_rows} training texts)"
        )
    if "validation" in splits:
        unused = len(splits["validation"].texts)
        notes.append(
            f"validation: the {unused} rows of the source are not used, a fold is used instead (--data.num_folds)"
        )
    notes.append(f"validation: fold {fold} of {num_folds}, {len(split_off)} of {num_rows} training rows, stratified")
    rare = sorted(name for name, count in train.count_labels().items() if count < num_folds)
    if rare:
        notes.append(
            f"train: {len(rare)} classes have fewer texts than folds, so they are missing from some folds: "
            f"{join_names(rare)}"
        )
    return splits | {"validation": train.select(split_off), "train": train.select(kept)}


def select_training_subset(
    train: Rows, few_shot: int | None, max_train_samples: int | None, seed: int, notes: list[str]
) -> Rows:
    """Selects the rows to train on if a subset is configured; the others are not used.

    Args:
        train: The training rows, without those of validation and test.
        few_shot: Number of texts per class.
        max_train_samples: Total number of texts, with the class frequencies of the data.
        seed: Seed of the selection.
        notes: Lines on what was done are appended.

    Raises:
        UsageError: There are fewer texts, or more classes, than `max_train_samples`.
    """
    num_rows = len(train.texts)
    if few_shot is not None:
        small = {name: count for name, count in sorted(train.count_labels().items()) if count < few_shot}
        train = train.select(select_rows_per_label(train.labels, few_shot, seed))
        notes.append(f"train: {len(train.texts)} of {num_rows} rows, {few_shot} per class (--data.few_shot)")
        if small:
            counts = join_names(f"{name} ({count})" for name, count in small.items())
            notes.append(f"train: {len(small)} classes have fewer than {few_shot} texts and keep all: {counts}")
    elif max_train_samples is not None:
        if max_train_samples > num_rows:
            raise UsageError(
                f"--data.max_train_samples {max_train_samples} is more than the {num_rows} training texts; "
                f"choose at most {num_rows}"
            )
        positions = select_stratified_subset(train.labels, max_train_samples, seed)
        if positions is None:
            raise UsageError(
                f"--data.max_train_samples {max_train_samples} is too few for a text of each of the "
                f"{len(train.count_labels())} classes; choose more"
            )
        train = train.select(positions)
        notes.append(f"train: {max_train_samples} of {num_rows} rows, stratified (--data.max_train_samples)")
    return train
