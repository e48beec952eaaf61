"""Makes every chosen part once, without memory for its weights, so that what it refuses is refused at once.

Constructors check their arguments, but a model is built only when the data have said its sizes; with large data that
is minutes after the start, and the folder of the run is there by then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contracts.errors import DataError, UsageError
from contracts.text_spec import TextSpec
from datamodules.vectors.options import TrainingCorpus
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.heads.base import Head
from lightning_modules.optim.schedules import ProgressSchedule, ScheduleFactory


def compute_weight_shapes(
    spec: TextSpec, make_encoder: Callable[[TextSpec], TextEncoder], make_head: Callable[[TextSpec, int], Head]
) -> dict[str, tuple[int, ...]]:
    """The shape of each weight of the model for such data, by its name in a checkpoint.

    Args:
        spec: May be made up.
        make_encoder: As the classifier has it.
        make_head: As the classifier has it.

    Returns:
        Nothing where a part cannot be made without memory; its constructor is then not tried.

    Raises:
        UsageError: A constructor refuses its arguments.
    """
    try:
        with torch.device("meta"):
            with name_option_in_errors("encoder"):
                encoder = make_encoder(spec)
            with name_option_in_errors("head"):
                head = make_head(spec, encoder.output_dim)
    except RuntimeError:  # it looks into a tensor that holds no numbers
        return {}
    both = nn.ModuleDict({"encoder": encoder, "head": head})
    return {name: tuple(weight.shape) for name, weight in both.state_dict().items() if isinstance(weight, Tensor)}


def dry_run_initialization(
    spec: TextSpec, make_encoder: Callable[[TextSpec], TextEncoder], data: TrainingCorpus
) -> None:
    """Lets an encoder without memory take what a new one needs of the training texts; the real one finds it cached.

    Args:
        spec: Of the data.
        make_encoder: As the classifier has it.
        data: Set up.

    Raises:
        UsageError: It was told to start from what is not there.
        DataError: What it starts from cannot be used for such texts.
    """
    try:
        with torch.device("meta"):
            encoder = make_encoder(spec)
        encoder.prepare_training(data)
        encoder.check_initialized()
    except RuntimeError:  # it looks into a tensor that holds no numbers
        return


def dry_run_optimizer(
    make_optimizer: Callable[[Iterable], Optimizer], make_schedule: ScheduleFactory | None, endless: bool
) -> None:
    """Makes optimizer and schedule for a matrix and a bias of one number each, and takes a step.

    Args:
        make_optimizer: As the classifier has it.
        make_schedule: As the classifier has it.
        endless: Whether training has no end, which a schedule over shares of training cannot do without.

    Raises:
        UsageError: A constructor refuses its arguments, torch's included.
    """
    with name_option_in_errors("optimizer"):
        weights = nn.Parameter(torch.zeros(1, 1)), nn.Parameter(torch.zeros(1))
        optimizer = make_optimizer([{"params": [weight]} for weight in weights])
        for weight in weights:
            weight.grad = torch.zeros_like(weight)
        try:
            optimizer.step()
        except RuntimeError as error:  # made for gradients of another kind
            raise UsageError(str(error)) from error
    if make_schedule is None:
        return
    with name_option_in_errors("lr_scheduler"):
        schedule = make_schedule(optimizer)
        if endless and isinstance(schedule, ProgressSchedule):
            schedule.total_steps = math.inf  # type: ignore[assignment]  # it refuses infinity


@contextmanager
def name_option_in_errors(option: str) -> Iterator[None]:
    """Names the option of the model whose class refuses its arguments."""
    try:
        yield
    except DataError as error:
        raise DataError(f"--model.{option}: {error}") from error
    except (ValueError, TypeError) as error:  # ours is a `ValueError`, and so are torch's own
        raise UsageError(f"--model.{option}: {error}") from error
