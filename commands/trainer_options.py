"""Checks the plain options of the trainer before any class is instantiated or data are read.

Lightning accepts several values that then fail in the middle of a run, or that it ignores. Each option is listed in
`docs/trainer_options.md`, with what it does here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from jsonargparse import Namespace
from pytorch_lightning.accelerators import AcceleratorRegistry, CUDAAccelerator, MPSAccelerator

from contracts.errors import UsageError, suggest_name

ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps")
STRATEGIES = (
    "auto",
    "single_device",
    "ddp",
    "ddp_find_unused_parameters_false",
    "ddp_find_unused_parameters_true",
)
PROFILERS = ("simple", "advanced", "pytorch")

_MINIMUM = {
    "min_epochs": (0, "the smallest number of epochs to train"),
    "min_steps": (0, "the smallest number of steps to train"),
    "check_val_every_n_epoch": (1, "a number of epochs"),
    "num_sanity_val_steps": (-1, "a number of validation batches (-1: all)"),
    "log_every_n_steps": (0, "a number of steps (0: no logging within an epoch)"),
    "accumulate_grad_batches": (1, "a number of batches per optimizer step"),
}
"""The smallest value of an option and its meaning, where Lightning accepts smaller ones."""

_UNSUPPORTED_PRECISIONS = {
    "16-true": "the weights would be in half precision, in which Adam and small gradients underflow; use 16-mixed or "
    "bf16-mixed",
    "transformer-engine": "it needs layers of NVIDIA's transformer_engine; use bf16-mixed",
    "transformer-engine-float16": "it needs layers of NVIDIA's transformer_engine; use 16-mixed",
}


def check_trainer_options(trainer: Namespace, verb: str) -> None:
    """Raises an error with all plain trainer options that have no effect here, or would fail during the run.

    Args:
        trainer: The options of the trainer.
        verb: `fit`, `validate` or `test`.

    Raises:
        UsageError: One line for each option.
    """
    checks = [_find_device_errors, _find_range_errors, _find_interval_errors, _find_unsupported, _find_folder_errors]
    errors = [error for check in checks for error in check(trainer)]
    errors += _find_length_errors(trainer) if verb == "fit" else _find_empty_evaluation(trainer, verb)
    if errors:
        raise UsageError("\n       ".join(errors))


def read_duration(value: Any) -> float | None:
    """Returns the seconds of a duration as Lightning accepts it; None for anything else.

    >>> read_duration("00:01:00:30"), read_duration({"minutes": 2}), read_duration("soon"), read_duration(0.5)
    (3630.0, 120.0, None, None)
    """
    if isinstance(value, timedelta):
        return value.total_seconds()
    try:
        if isinstance(value, str):
            days, hours, minutes, seconds = (int(part) for part in value.strip().split(":"))
            return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
        if isinstance(value, (dict, Namespace)):
            return timedelta(**dict(vars(value) if isinstance(value, Namespace) else value)).total_seconds()
    except (TypeError, ValueError):
        return None
    return None


def _find_device_errors(trainer: Namespace) -> Iterator[str]:
    """Yields errors of accelerator, devices and strategy."""
    accelerator, devices, strategy = trainer.accelerator, trainer.devices, trainer.strategy
    if not isinstance(accelerator, str) or accelerator not in ACCELERATORS:
        yield _format_choice("accelerator", accelerator, ACCELERATORS)
        return
    kinds = {"gpu": (CUDAAccelerator, MPSAccelerator), "cuda": (CUDAAccelerator,), "mps": (MPSAccelerator,)}
    available = any(kind.is_available() for kind in kinds.get(accelerator, (CUDAAccelerator, MPSAccelerator)))
    if accelerator in kinds and not available:
        names = [name for name in AcceleratorRegistry if AcceleratorRegistry[name]["accelerator"].is_available()]
        yield f"--trainer.accelerator {accelerator}: this machine has no such device; it has: {', '.join(names)}"
        return
    if isinstance(strategy, str) and strategy not in STRATEGIES:
        yield _format_choice("strategy", strategy, STRATEGIES)
    elif strategy is None:
        yield "--trainer.strategy must be a name, got null; auto is the default"
    count = _count_devices(devices)
    if accelerator == "cpu" or not available:
        if devices != "auto" and (isinstance(devices, list) or count is None or count < 1):
            yield f"--trainer.devices on a CPU is a number of processes, at least 1, or auto; got {devices}"
    elif devices != "auto" and (count is None or count == 0):
        yield f"--trainer.devices is a number of devices, -1 for all, a list of their numbers, or auto; got {devices}"
    if strategy == "single_device" and count is not None and count > 1:
        yield f"--trainer.strategy single_device trains on one device, and --trainer.devices is {devices}; use ddp"


def _count_devices(devices: Any) -> int | None:
    """Returns the number of devices that an option asks for, -1 for all; None for `auto` and for what is invalid."""
    if isinstance(devices, list):
        return len(devices)
    if isinstance(devices, str):
        numbers = devices.strip().strip(",").split(",")
        if not all(number.strip().lstrip("-").isdecimal() for number in numbers):
            return None
        return int(numbers[0]) if len(numbers) == 1 and "," not in devices else len(numbers)
    return devices if isinstance(devices, int) else None


def _find_range_errors(trainer: Namespace) -> Iterator[str]:
    """Yields errors of numbers outside their range."""
    for name, (minimum, meaning) in _MINIMUM.items():
        value = trainer.get(name)
        if value is not None and value < minimum:
            yield f"--trainer.{name} is {meaning} and must be at least {minimum}, got {value}"
    overfit = trainer.overfit_batches
    if isinstance(overfit, float) and overfit > 1:  # Lightning takes 2.0 for two times all batches
        yield f"--trainer.overfit_batches is a number of batches, or a fraction of at most 1.0, got {overfit}"
    clip = trainer.gradient_clip_val
    if clip is not None and not clip >= 0:
        yield (
            f"--trainer.gradient_clip_val is the largest norm of the gradients and must be 0 or more (0 or null: no "
            f"limit), got {clip:g}"
        )
    if trainer.gradient_clip_algorithm is not None and not clip:
        yield (
            f"--trainer.gradient_clip_algorithm {trainer.gradient_clip_algorithm} has no effect without "
            "--trainer.gradient_clip_val"
        )


def _find_interval_errors(trainer: Namespace) -> Iterator[str]:
    """Yields errors of the interval between validations and of the duration of training."""
    interval = trainer.val_check_interval
    is_time = isinstance(interval, (str, dict, Namespace, timedelta))
    if is_time and not read_duration(interval):
        yield _format_duration("val_check_interval", interval)
    elif interval is not None and not is_time and interval == 0:
        yield (
            "--trainer.val_check_interval 0 is no interval: give a number of batches, a fraction of an epoch "
            "such as 0.5, or a time DD:HH:MM:SS; --trainer.limit_val_batches 0 switches validation off"
        )
    if trainer.max_time is not None and not read_duration(trainer.max_time):
        yield _format_duration("max_time", trainer.max_time)


def _format_duration(name: str, value: Any) -> str:
    value = dict(vars(value)) if isinstance(value, Namespace) else value
    return (
        f"--trainer.{name} is a time above 0, as DD:HH:MM:SS (00:01:30:00 for 90 minutes) or as "
        f"{{hours: 1, minutes: 30}}, got {value}"
    )


def _find_unsupported(trainer: Namespace) -> Iterator[str]:
    """Yields errors of options that this project has no use for."""
    if trainer.precision in _UNSUPPORTED_PRECISIONS:
        yield (
            f"--trainer.precision {trainer.precision} is not supported: {_UNSUPPORTED_PRECISIONS[trainer.precision]}"
        )
    if isinstance(trainer.profiler, str) and trainer.profiler not in PROFILERS:
        yield _format_choice("profiler", trainer.profiler, PROFILERS)
    if trainer.barebones:
        yield (
            "--trainer.barebones is not supported: it switches off validation logs, checkpoints and the report, which "
            "are what a run is for; to measure speed use `python -m benchmarks.lightning_overhead`"
        )
    if trainer.use_distributed_sampler:
        yield (
            "--trainer.use_distributed_sampler true is not supported: the samplers of --data.sampler share the texts "
            "among processes themselves, and Lightning would replace them; leave it out"
        )
    if trainer.model_registry is not None:
        yield (
            "--trainer.model_registry is not supported: it uploads checkpoints to Lightning's model hub; they are in "
            "the run folder, below checkpoints/"
        )


def _find_folder_errors(trainer: Namespace) -> Iterator[str]:
    """Yields the error of a folder of runs that is missing or not on a file system."""
    folder = trainer.default_root_dir
    if folder is None:
        yield "--trainer.default_root_dir must be a folder, got null; the default is runs"
    elif "://" in str(folder):
        yield f"--trainer.default_root_dir must be a folder of this machine, got {folder}"


def _find_length_errors(trainer: Namespace) -> Iterator[str]:
    """Yields errors of limits that leave nothing to train or contradict each other."""
    for name in ("max_epochs", "max_steps"):
        if trainer.get(name) == 0:
            yield f"--trainer.{name} 0 leaves nothing to train; give at least 1, or -1 for no such limit"
    if trainer.limit_train_batches == 0:
        yield (
            "--trainer.limit_train_batches 0 leaves nothing to train; give a number of batches per epoch, at least 1, "
            "or a fraction of them such as 0.1"
        )
    for unit in ("epochs", "steps"):
        smallest, largest = trainer.get(f"min_{unit}"), trainer.get(f"max_{unit}")
        if smallest is not None and largest is not None and 0 < largest < smallest:
            yield (
                f"--trainer.min_{unit} {smallest} is more than --trainer.max_{unit} {largest}, at which training ends; "
                "give less, or a larger maximum"
            )


def _find_empty_evaluation(trainer: Namespace, verb: str) -> Iterator[str]:
    """Yields the error of a limit that leaves no batch to evaluate."""
    name = {"validate": "limit_val_batches", "test": "limit_test_batches"}[verb]
    if trainer.get(name) == 0:
        yield f"--trainer.{name} 0 leaves nothing to evaluate; give a number of batches, at least 1, or leave it out"


def _format_choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Returns the message for a name that an option does not take."""
    value = value.get("class_path", value) if isinstance(value, (dict, Namespace)) else value
    return (
        f"--trainer.{name} {value} is not supported.{suggest_name(str(value), allowed)} It takes: {', '.join(allowed)}"
    )
