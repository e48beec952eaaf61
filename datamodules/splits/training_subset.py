"""What a user may make of the training rows: folds to validate on in turn, or few rows to learn from."""

from __future__ import annotations

from contracts.errors import UsageError, join_names
from datamodules.sources.base import Rows, SplitName
from datamodules.splits.stratified_splits import select_rows_per_label, select_stratified_subset, split_off_fold


def validate_subset_options(
    few_shot: int | None, max_train_samples: int | None, folds: int | None, fold: int | None
) -> None:
    """Refuses what can be known to be wrong before any row is read.

    Raises:
        UsageError: A number out of its range, or two options that contradict each other.
    """
    for name, value in (("few_shot", few_shot), ("max_train_samples", max_train_samples)):
        if value is not None and value < 1:
            raise UsageError(f"--data.{name} is a number of training texts and must be at least 1, got {value}")
    if few_shot is not None and max_train_samples is not None:
        raise UsageError(
            f"--data.few_shot {few_shot} and --data.max_train_samples {max_train_samples} both say how few texts to "
            "train on; choose one of them"
        )
    if folds is None and fold is None:
        return
    if folds is None or fold is None:
        given, missing = (f"fold {fold}", "num_folds") if folds is None else (f"num_folds {folds}", "fold")
        raise UsageError(
            f"--data.{given} needs --data.{missing} too: --data.num_folds says how many folds the training texts are "
            "split into, and --data.fold which of them, from 0, is validation"
        )
    if folds < 2:
        raise UsageError(f"--data.num_folds is a number of folds and must be at least 2, got {folds}")
    if not 0 <= fold < folds:
        raise UsageError(f"--data.fold counts from 0 and must be below --data.num_folds {folds}, got {fold}")
    if few_shot is not None:
        raise UsageError(
            f"--data.num_folds {folds} and --data.few_shot {few_shot} contradict each other: all but one fold, or few "
            "texts, to train on; choose one of them (--data.max_train_samples goes with folds)"
        )


def hold_out_fold(
    splits: dict[SplitName, Rows], folds: int, fold: int, seed: int, notes: list[str]
) -> dict[SplitName, Rows]:
    """Cuts the training rows into folds, one of which becomes the validation split; a test split stays as it is.

    Args:
        splits: With training rows at least; a validation split among them is left aside.
        folds: How many.
        fold: Which one becomes validation, from 0.
        seed: Of the cut.
        notes: What was done is added.

    Raises:
        UsageError: There are more folds than rows.
    """
    train = splits["train"]
    whole = len(train.texts)
    if folds > whole:
        raise UsageError(f"--data.num_folds {folds} is more than the {whole} training texts; choose at most as many")
    stay, off = split_off_fold(train.labels, folds, fold, seed)
    if not off:
        raise UsageError(
            f"fold {fold} of {folds} has no text that training could spare; choose fewer --data.num_folds (there are "
            f"{whole} training texts)"
        )
    if "validation" in splits:
        aside = len(splits["validation"].texts)
        notes.append(
            f"validation: the {aside} rows of the source are left aside, for a fold is held out (--data.num_folds)"
        )
    notes.append(f"validation: fold {fold} of {folds}, {len(off)} of {whole} training rows, stratified")
    rare = sorted(name for name, count in train.count_labels().items() if count < folds)
    if rare:
        notes.append(
            f"train: {len(rare)} classes have fewer texts than folds, so some folds lack them: {join_names(rare)}"
        )
    return splits | {"validation": train.select(off), "train": train.select(stay)}


def select_training_subset(
    train: Rows, few_shot: int | None, max_train_samples: int | None, seed: int, notes: list[str]
) -> Rows:
    """The rows to train on where few were asked for; the others are used nowhere.

    Args:
        train: The training rows, with what validation and test take from them gone already.
        few_shot: So many texts of each class.
        max_train_samples: So many texts in all, classes in the shares that they have.
        seed: Of the choice.
        notes: What was done is added.

    Raises:
        UsageError: There are fewer texts, or more classes, than asked for in all.
    """
    whole = len(train.texts)
    if few_shot is not None:
        short = {name: count for name, count in sorted(train.count_labels().items()) if count < few_shot}
        train = train.select(select_rows_per_label(train.labels, few_shot, seed))
        notes.append(f"train: {len(train.texts)} of {whole} rows, {few_shot} a class (--data.few_shot)")
        if short:
            has = join_names(f"{name} ({count})" for name, count in short.items())
            notes.append(f"train: {len(short)} classes have fewer than {few_shot} texts and keep them all: {has}")
    elif max_train_samples is not None:
        if max_train_samples > whole:
            raise UsageError(
                f"--data.max_train_samples {max_train_samples} is more than the {whole} training texts; "
                f"choose at most {whole}"
            )
        places = select_stratified_subset(train.labels, max_train_samples, seed)
        if places is None:
            raise UsageError(
                f"--data.max_train_samples {max_train_samples} are too few for a text of each of the "
                f"{len(train.count_labels())} classes; choose more"
            )
        train = train.select(places)
        notes.append(f"train: {max_train_samples} of {whole} rows, stratified (--data.max_train_samples)")
    return train
