"""Choices that contradict each other, refused before any class is made and any data are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonargparse import Namespace

from contracts.discovery import find_implementations
from contracts.errors import UsageError
from contracts.text_spec import Task, TextSpec
from datamodules.samplers.base import TextSampler
from lightning_modules.monitor import check_monitor


def class_name(chosen: Any) -> str | None:
    """The last word of a class path in a config; None where no class was chosen."""
    path = chosen.get("class_path") if isinstance(chosen, (dict, Namespace)) else None
    return path.rsplit(".", 1)[-1] if path else None


def choose_pretrained_tokenizer(config: Namespace, named_in: str | None) -> None:
    """Sets the tokenizer of a pretrained encoder to the one it was trained with, if the user has named none.

    Args:
        config: Of one verb; changed in place.
        named_in: Where the user has named a tokenizer: `the command line` or a config file; None if nowhere.

    Raises:
        UsageError: The named tokenizer has another vocabulary than the encoder.
    """
    if class_name(config.model.encoder) != "Pretrained":
        return
    model = config.model.encoder.init_args.model
    tokenizer = config.data.tokenizer
    if named_in is None:
        config.data.tokenizer = Namespace(
            class_path="datamodules.tokenizers.pretrained.Pretrained", init_args=Namespace(model=model)
        )
    elif class_name(tokenizer) != "Pretrained" or tokenizer.init_args.model != model:
        raise UsageError(
            f"--model.encoder Pretrained ({model}) knows only the ids of its own tokenizer, got --data.tokenizer "
            f"{class_name(tokenizer)} from {named_in}; leave the tokenizer out, or give --data.tokenizer Pretrained "
            f"--data.tokenizer.model {model}"
        )


def check_combinations(config: Namespace) -> None:
    """Refuses what cannot go together.

    Raises:
        UsageError: Class weights beside a balanced sampler; a metric that does not exist; vectors that
            would learn after the last epoch.
    """
    check_monitor(config.model.monitor)
    later = (config.model.encoder.get("init_args") or Namespace()).get("unfreeze_after") or 0
    epochs = config.trainer.max_epochs
    if epochs is not None and 0 < epochs <= later:
        raise UsageError(
            f"--model.encoder.unfreeze_after {later} leaves none of the {epochs} epochs (--trainer.max_epochs) for the "
            "vectors to learn in; give less, or --model.encoder.vectors_mode static"
        )
    sampler = class_name(config.data.sampler)
    samplers = find_implementations(TextSampler)  # type: ignore[type-abstract]  # a seam that no checkpoint rebuilds
    if sampler in {cls.__name__ for cls in samplers if cls.balances}:
        weighted = _weights_of(config.model.loss)
        if weighted:
            raise UsageError(
                f"--data.sampler {sampler} and --model.loss{weighted} would both make up for rare classes, and "
                "together overshoot; choose one of them"
            )


def check_verb(config: Namespace, verb: str) -> None:
    """Refuses what leaves a verb nothing to do.

    Args:
        config: Of that verb.
        verb: `fit`, `validate` or `test`.

    Raises:
        UsageError: No checkpoint to measure; no step to train for; a limit on gradients below zero.
    """
    trainer = config.trainer
    if verb != "fit" and config.get("ckpt_path") is None:
        raise UsageError(
            f"`{verb}` measures a trained model and there is none: give --ckpt_path RUN_OR_CHECKPOINT, with the data "
            "and the config it was trained with (--config RUN/config.yaml)"
        )
    for name in ("max_epochs", "max_steps"):
        if verb == "fit" and trainer.get(name) == 0:
            raise UsageError(f"--trainer.{name} 0 leaves nothing to train; give at least 1, or -1 for no such limit")
    clip = trainer.get("gradient_clip_val")
    if clip is not None and not clip >= 0:
        raise UsageError(
            f"--trainer.gradient_clip_val is the most that gradients may measure and must be 0 or more (0 or null: no "
            f"limit), got {clip:g}"
        )


def build_placeholder_spec(config: Namespace, task: Task) -> TextSpec:
    """Data that no one has, for trying what was chosen before any row is read.

    Args:
        config: Of one verb; labels that its loss names are among those of the data.
        task: Of the data to come.
    """
    names = tuple(sorted({"", "?", *_named_labels(config.model.loss)}))
    return TextSpec(
        task=task,
        label_names=names,
        class_counts=(1,) * len(names),
        num_rows=len(names),
        vocabulary_size=2,
        padding_id=0,
        max_length=1,
    )


def _named_labels(loss: Any) -> Iterator[str]:
    for value in vars(loss.get("init_args") or Namespace()).values() if class_name(loss) else ():
        if isinstance(value, dict):
            yield from value
        yield from _named_labels(value)


def _weights_of(loss: Any, key: str = "") -> str | None:
    """The option that weighs classes in a loss or in the loss inside it, with its value."""
    if class_name(loss) is None:
        return None
    for name, value in vars(loss.get("init_args") or Namespace()).items():
        if (
            name in ("class_weights", "alpha", "positive_weights")
            and value is not None
            and not isinstance(value, float)
        ):
            return f"{key}.{name} {value}"
        if name == "base":
            return _weights_of(value, f"{key}.base")
    return None
