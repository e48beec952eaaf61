"""Builds the learning-rate scheduler: how long it is, how often it steps, and by which metric.

Schedules over ratios of training, `OneCycleLR` and `CyclicLR` step with the optimizer, as their documentation says;
`ReduceLROnPlateau` steps after each validation, where its metric exists; any other once per epoch.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from pytorch_lightning import Trainer
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    CyclicLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
)

from contracts.console import announce
from contracts.errors import UsageError
from lightning_modules.monitor import infer_mode
from lightning_modules.optim.schedules import ProgressSchedule, ScheduleFactory

Scheduler = LRScheduler | ReduceLROnPlateau

COMBINING = (SequentialLR, ChainedScheduler)
"""Schedulers of schedulers, which a function in Python can build and options cannot."""
_NEVER = sys.maxsize  # a frequency: Lightning would step a plateau scheduler by a metric that is not new, or missing
_DEFAULT_HALF_CYCLE = 2000  # steps, of `CyclicLR`
_LENGTHS = ("total_steps", "_schedule_phases")  # what `OneCycleLR` saves of the length of training


def configure_lr_scheduler(
    make_scheduler: ScheduleFactory,
    optimizer: Optimizer,
    total_steps: int | float,
    monitor: str,
    has_validation: bool = True,
) -> dict[str, Any]:
    """Builds the scheduler and returns Lightning's configuration of it: how often it steps, and by which metric.

    Args:
        make_scheduler: A class or function with the arguments of one. See the module for how often each kind steps.
        optimizer: The optimizer to schedule.
        total_steps: Optimizer steps of the training; infinity if it has no end.
        monitor: The metric for `ReduceLROnPlateau`.
        has_validation: Whether training has validations, which `ReduceLROnPlateau` needs.

    Raises:
        UsageError: The scheduler needs the length of training, and that has no end; or its own length is too short; or
            it follows a metric that is never computed.
    """
    try:
        scheduler = build_lr_scheduler(make_scheduler, optimizer, total_steps)
    except UsageError as error:
        raise UsageError(f"--model.lr_scheduler: {error}") from error
    for name, steps in _choose_length(*_get_class_and_arguments(make_scheduler), total_steps).items():
        announce(f"{type(scheduler).__name__}: {name} {steps:,}, for one cycle in training")
    if isinstance(scheduler, ReduceLROnPlateau):
        if not has_validation:
            raise UsageError(
                f"--model.lr_scheduler ReduceLROnPlateau follows {monitor}, and this training has no validation; "
                "choose another scheduler, or let it validate (--trainer.limit_val_batches)"
            )
        scheduler._init_is_better(infer_mode(monitor), scheduler.threshold, scheduler.threshold_mode)
        scheduler._reset()  # the best value is now the worst of this mode: with that of the other no value is better
        return {"scheduler": scheduler, "interval": "epoch", "frequency": _NEVER, "monitor": monitor}
    return {"scheduler": scheduler, "interval": "step" if _steps_with_optimizer(scheduler) else "epoch"}


def build_lr_scheduler(make_scheduler: ScheduleFactory, optimizer: Optimizer, total_steps: int | float) -> Scheduler:
    """Builds the scheduler, with the length of training where it needs one.

    A single `max_lr` or `base_lr` of `OneCycleLR` and `CyclicLR` is that of the optimizer's own learning rate; groups
    with another one, such as the layers of `DifferentialLearningRates`, keep their ratio to it.

    Args:
        make_scheduler: As for `configure_lr_scheduler`.
        optimizer: Has the initial learning rate of each group.
        total_steps: Optimizer steps of the training; infinity if it has no end.

    Raises:
        UsageError: As for `configure_lr_scheduler`.
    """
    cls, arguments = _get_class_and_arguments(make_scheduler)
    if cls in COMBINING:
        raise UsageError(
            f"{cls.__name__} combines schedulers that are built already, which options cannot name; choose "
            "WarmupLinear, WarmupCosine or OneCycleLR, or pass a function that builds it: "
            "TextClassifier(lr_scheduler=…)"
        )
    if arguments.get("last_epoch", -1) != -1:
        raise UsageError(
            f"last_epoch {arguments['last_epoch']} would begin within the schedule, which torch does for a restored "
            "optimizer only; leave it out: --resume restores the schedule as well"
        )
    base_lr = float(optimizer.defaults["lr"])
    ratios = [float(group["lr"]) / base_lr if base_lr else 1.0 for group in optimizer.param_groups]
    try:
        more = _choose_length(cls, arguments, total_steps)
        scheduler = make_scheduler(optimizer, **more)
        if isinstance(scheduler, ProgressSchedule):
            scheduler.total_steps = total_steps  # type: ignore[assignment]  # typed as int; infinity is rejected
    except UsageError:
        raise
    except Exception as error:  # torch's constructors raise ValueError, TypeError, KeyError and ZeroDivisionError
        if "total_steps OR" in str(error):  # from a function that does not take total_steps
            error = UsageError(
                "OneCycleLR must know how many steps training has: pass functools.partial(OneCycleLR, max_lr=…), "
                "which is called with total_steps, or give total_steps"
            )
        name = "the scheduler" if cls is None else cls.__name__
        raise (
            error
            if isinstance(error, (ValueError, TypeError))
            else UsageError(f"{name} cannot be built: {type(error).__name__}: {error}")
        ) from error
    if isinstance(scheduler, OneCycleLR):
        _check_covers_training(scheduler, total_steps)
    if isinstance(scheduler, (OneCycleLR, CyclicLR)):
        _keep_group_ratios(scheduler, ratios)
    return scheduler


def dry_run_lr_scheduler(make_scheduler: ScheduleFactory, optimizer: Optimizer, endless: bool) -> None:
    """Builds a scheduler, steps it a few times and reads its state, before any work.

    Args:
        make_scheduler: As for `configure_lr_scheduler`.
        optimizer: Any of the configured class.
        endless: Whether training has no last step.

    Raises:
        UsageError: The scheduler rejects its arguments, cannot step with them, or could not be saved.
    """
    _, arguments = _get_class_and_arguments(make_scheduler)
    given = arguments.get("total_steps") or (arguments.get("epochs") or 0) * (arguments.get("steps_per_epoch") or 0)
    scheduler = build_lr_scheduler(make_scheduler, optimizer, math.inf if endless else given or 100)
    name = type(scheduler).__name__
    try:
        for _ in range(2):
            optimizer.step()
            scheduler.step(0.0) if isinstance(scheduler, ReduceLROnPlateau) else scheduler.step()
    except Exception as error:
        raise UsageError(
            f"{name} cannot step with these arguments: {type(error).__name__}: {error}; correct --model.lr_scheduler.…"
        ) from error
    try:
        scheduler.state_dict()
    except Exception as error:
        raise UsageError(
            f"the state of {name} cannot be saved ({error}): a function that it is given must be one of Python, as "
            "`def` makes it, not a builtin such as math.cos"
        ) from error


def step_plateau_schedulers(trainer: Trainer) -> None:
    """Steps every `ReduceLROnPlateau` by its metric; called after each validation of a training run.

    Lightning would step it at the end of an epoch, with an error if that had no validation and with the old metric
    from then on, and after the checkpoint of that epoch was written.
    """
    if trainer.sanity_checking or trainer.state.fn != "fit":
        return
    for config in trainer.lr_scheduler_configs:
        if isinstance(config.scheduler, ReduceLROnPlateau) and config.monitor in trainer.callback_metrics:
            config.scheduler.step(trainer.callback_metrics[config.monitor])


def drop_saved_length(checkpoint: Mapping[str, Any]) -> None:
    """Removes the length of training from the saved schedulers, so that a resumed run can be longer or shorter."""
    for state in checkpoint.get("lr_schedulers", ()):
        if all(name in state for name in _LENGTHS):
            for name in _LENGTHS:
                del state[name]


def _get_class_and_arguments(make_scheduler: Any) -> tuple[type | None, Mapping[str, Any]]:
    """Returns the class that a factory builds and its arguments, if it is a class or a partial call of one."""
    if isinstance(make_scheduler, partial):
        parts = (make_scheduler.func, *make_scheduler.args)  # a config gives a partial call of a function of the class
        return next((part for part in parts if inspect.isclass(part)), None), make_scheduler.keywords
    return (make_scheduler if inspect.isclass(make_scheduler) else None), {}


def _choose_length(cls: type | None, arguments: Mapping[str, Any], total_steps: int | float) -> dict[str, int]:
    """Returns the arguments that fit `OneCycleLR` and `CyclicLR` to the length of training, unless they are given."""
    if cls is OneCycleLR and arguments.get("total_steps") is None:
        given = [name for name in ("epochs", "steps_per_epoch") if arguments.get(name) is not None]
        if len(given) == 1:
            raise UsageError(f"OneCycleLR takes epochs and steps_per_epoch together, got {given[0]} only; leave it out")
        return {} if given else {"total_steps": _check_finite("OneCycleLR", total_steps)}
    is_default = arguments.get("step_size_up", _DEFAULT_HALF_CYCLE) == _DEFAULT_HALF_CYCLE
    is_longer = total_steps < 2 * _DEFAULT_HALF_CYCLE
    if cls is CyclicLR and is_default and is_longer and arguments.get("step_size_down") is None:
        return {"step_size_up": max(1, int(total_steps) // 2)}
    return {}


def _check_finite(name: str, total_steps: int | float) -> int:
    """Returns the number of steps as an integer.

    Raises:
        UsageError: Training has no end.
    """
    if not 1 <= total_steps < math.inf:
        raise UsageError(
            f"{name} must know how long training is, got {total_steps} steps: set --trainer.max_epochs or "
            "--trainer.max_steps"
        )
    return int(total_steps)


def _check_covers_training(scheduler: OneCycleLR, total_steps: int | float) -> None:
    """Raises an error if training has more steps than the cycle, after which torch raises one."""
    if total_steps > scheduler.total_steps:
        raise UsageError(
            f"OneCycleLR has total_steps {scheduler.total_steps}, and training has {total_steps:g} steps; leave out "
            "total_steps (and epochs, steps_per_epoch): the length of training is filled in"
        )


def _steps_with_optimizer(scheduler: Scheduler) -> bool:
    """Whether a scheduler steps after each batch; a combination does if one of its parts does."""
    parts = getattr(scheduler, "_schedulers", ())
    return isinstance(scheduler, (ProgressSchedule, OneCycleLR, CyclicLR)) or any(map(_steps_with_optimizer, parts))


def _keep_group_ratios(scheduler: OneCycleLR | CyclicLR, ratios: list[float]) -> None:
    """Multiplies the bounds of each group by its ratio to the optimizer's learning rate, if all groups got the same."""
    groups = scheduler.optimizer.param_groups
    bounds = scheduler.max_lrs if isinstance(scheduler, CyclicLR) else [group["max_lr"] for group in groups]
    if len(set(map(float, bounds))) > 1:  # one for each group was given
        return
    for index, (group, ratio) in enumerate(zip(groups, ratios, strict=True)):
        for name in ("initial_lr", "max_lr", "min_lr"):
            if name in group:
                group[name] = group[name] * ratio
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].mul_(ratio)
        else:
            group["lr"] *= ratio
        scheduler.base_lrs[index] *= ratio
        if isinstance(scheduler, CyclicLR):
            scheduler.max_lrs[index] *= ratio
    scheduler._last_lr = [group["lr"] for group in groups]
