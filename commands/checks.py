"""Checks a parsed config for options that contradict each other, before any class is instantiated or data are read."""

from __future__ import annotations

from typing import Any

from jsonargparse import Namespace

from commands.trainer_options import check_trainer_options
from contracts.discovery import find_implementations
from contracts.errors import UsageError
from datamodules.samplers.base import TextSampler
from lightning_modules.monitor import check_monitor

_LARGEST_SEED = 2**32 - 1


def get_class_name(choice: Any) -> str | None:
    """Returns the class name at the end of a `class_path` in a config; None if no class is named."""
    path = choice.get("class_path") if isinstance(choice, (dict, Namespace)) else None
    return path.rsplit(".", 1)[-1] if path else None


def check_seed(seed: Any) -> None:
    """Raises `UsageError` for a seed that torch and NumPy do not take, and for none: a run could not be repeated."""
    if seed is False or (not isinstance(seed, bool) and isinstance(seed, int) and not 0 <= seed <= _LARGEST_SEED):
        got = str(seed).lower()
        raise UsageError(f"--seed_everything takes a number from 0 to {_LARGEST_SEED}, got {got}; the default is 0")


def check_combinations(config: Namespace) -> None:
    """Raises an error for options that do not work together.

    Args:
        config: Config of one verb.

    Raises:
        UsageError: Class weights beside a balanced sampler; a metric that does not exist; word vectors that would be
            unfrozen after the last epoch.
    """
    check_monitor(config.model.monitor)
    frozen_epochs = (config.model.encoder.get("init_args") or Namespace()).get("unfreeze_after") or 0
    epochs = config.trainer.max_epochs
    if epochs is not None and 0 < epochs <= frozen_epochs:
        raise UsageError(
            f"--model.encoder.unfreeze_after {frozen_epochs} leaves none of the {epochs} epochs (--trainer.max_epochs) "
            "for the vectors to be trained in; give less, or --model.encoder.vectors_mode static"
        )
    every = config.trainer.check_val_every_n_epoch
    is_by_validation = get_class_name(config.model.lr_scheduler) == "ReduceLROnPlateau"
    if is_by_validation and every is not None and epochs is not None and 0 < epochs < every:
        raise UsageError(
            f"--model.lr_scheduler ReduceLROnPlateau steps after a validation, and --trainer.check_val_every_n_epoch "
            f"{every} allows none in the {epochs} epochs (--trainer.max_epochs); give less, or another scheduler"
        )
    sampler = get_class_name(config.data.sampler)
    samplers = find_implementations(TextSampler)  # type: ignore[type-abstract]  # never instantiated by this type
    if sampler in {cls.__name__ for cls in samplers if cls.balances}:
        weights = _find_class_weights(config.model.loss)
        if weights:
            raise UsageError(
                f"--data.sampler {sampler} and --model.loss{weights} would both compensate for imbalance, which gives "
                "rare classes too much weight; choose one of them"
            )


def check_verb(config: Namespace, verb: str) -> None:
    """Raises an error for options that leave a verb nothing to train or evaluate, or that are out of range.

    Args:
        config: Config of that verb.
        verb: `fit`, `validate` or `test`.

    Raises:
        UsageError: No checkpoint to evaluate; trainer options that have no effect here or would fail later.
    """
    if verb != "fit" and config.get("ckpt_path") is None:
        raise UsageError(
            f"`{verb}` evaluates a trained model and there is none: give --ckpt_path RUN_OR_CHECKPOINT, with the data "
            "and the config it was trained with (--config RUN/config.yaml)"
        )
    check_trainer_options(config.trainer, verb)


def _find_class_weights(loss: Any, key: str = "") -> str | None:
    """Returns the option of a loss, or of its base loss, that sets class weights, with its value; None if unset."""
    if get_class_name(loss) is None:
        return None
    for name, value in vars(loss.get("init_args") or Namespace()).items():
        weights_classes = name in ("class_weights", "alpha", "positive_weights") and not isinstance(value, float)
        if weights_classes and value is not None:
            return f"{key}.{name} {value}"
        if name == "base":
            return _find_class_weights(value, f"{key}.base")
    return None
