"""Checks the options of the trainer that count batches against the batches of the data, before training."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pytorch_lightning import Trainer

from contracts.errors import UsageError
from datamodules.text_datamodule import TextDataModule


def check_batch_limits(trainer: Trainer, data: TextDataModule, verb: str) -> None:
    """Raises an error for limits and intervals that the batches of the data do not allow.

    Args:
        trainer: The trainer of the run.
        data: The data, after `setup`.
        verb: `fit`, `validate` or `test`.

    Raises:
        UsageError: A fraction below one batch; a validation interval or a smallest number of steps that is never
            reached.
    """
    counts = _count_batches(trainer, data, verb)
    errors = list(_find_limits_below_a_batch(trainer, counts))
    if "train" in counts and not errors:
        errors += _find_unreachable(trainer, counts["train"])
    if errors:
        raise UsageError("\n       ".join(errors))


def format_limits(trainer: Trainer, data: TextDataModule, verb: str) -> list[str]:
    """Returns a note for each split of which a limit leaves out texts; the list is empty in a dev run.

    Args:
        trainer: The trainer of the run.
        data: The data, after `setup`.
        verb: `fit`, `validate` or `test`.
    """
    if trainer.fast_dev_run:  # type: ignore[attr-defined]  # set by its constructor
        return []
    notes = []
    for split, count in _count_batches(trainer, data, verb).items():
        option, limit = _find_limit(trainer, split)
        used = _count_used(count, limit)
        if used < count:
            name = {"train": "training", "validation": "validation", "test": "test"}[split]
            notes.append(f"{used} of {count} {name} batches are used (--trainer.{option} {limit})")
    return notes


def _count_batches(trainer: Trainer, data: TextDataModule, verb: str) -> dict[str, int]:
    """Returns the batches of each split that a verb uses, on each rank."""
    splits = {"fit": ("train", "validation", "test"), "validate": ("validation",), "test": ("test",)}[verb]
    counts = {}
    for split in splits:
        if split == "train":
            counts[split] = len(data.sampler(data.build_sampling_context(world_size=trainer.world_size)))
        elif data.has_split(split):  # type: ignore[arg-type]  # one of its names
            per_rank = math.ceil(len(data.get_split(split)) / trainer.world_size)  # type: ignore[arg-type]
            counts[split] = math.ceil(per_rank / data.eval_batch_size)
    return counts


def _find_limit(trainer: Trainer, split: str) -> tuple[str, int | float]:
    """Returns the option that limits the batches of a split, and its value."""
    option = {"train": "limit_train_batches", "validation": "limit_val_batches", "test": "limit_test_batches"}[split]
    limit = getattr(trainer, option)
    overfits = split != "test" and trainer.overfit_batches > 0  # type: ignore[attr-defined]  # set by its constructor
    return "overfit_batches" if overfits else option, limit


def _count_used(batches: int, limit: int | float) -> int:
    """Returns the batches that a limit, a number or a fraction, leaves."""
    return int(batches * limit) if isinstance(limit, float) else min(limit, batches)


def _find_limits_below_a_batch(trainer: Trainer, counts: dict[str, int]) -> Iterator[str]:
    """Yields an error for each fraction that is less than one batch of its split."""
    for split, count in counts.items():
        option, limit = _find_limit(trainer, split)
        if isinstance(limit, float) and 0 < limit * count < 1:
            yield (
                f"--trainer.{option} {limit} of {count} {split} batch{'es' * (count > 1)} is less than one; give at "
                f"least {math.ceil(100 / count) / 100}, or a number of batches"
            )


def _find_unreachable(trainer: Trainer, batches: int) -> Iterator[str]:
    """Yields errors of numbers of steps that training does not reach."""
    limit = trainer.limit_train_batches
    used = _count_used(batches, limit)
    interval = getattr(trainer, "val_check_interval", None)  # not set if it is a time
    if isinstance(interval, int) and trainer.check_val_every_n_epoch is not None and interval > used:
        yield (
            f"--trainer.val_check_interval {interval} is beyond the {used} batches of an epoch; give less, "
            "a fraction such as 0.5, or --trainer.check_val_every_n_epoch null to count over all epochs"
        )
    epochs, smallest = trainer.max_epochs, trainer.min_steps
    if epochs is not None and epochs > 0 and smallest:
        steps = math.ceil(used / trainer.accumulate_grad_batches) * epochs
        if steps < smallest:
            yield (
                f"--trainer.min_steps {smallest} is more than the {steps} steps of --trainer.max_epochs {epochs}, at "
                "which training ends; give less, or more epochs"
            )
