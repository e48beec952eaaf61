"""Builds every configured part once, without memory for its weights, to detect invalid arguments before any work.

Constructors check their arguments, but a model is built only when the sizes of the data are known; with large data that
is minutes after the start, and the run folder exists by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from contracts.discovery import find_implementations
from contracts.errors import DataError, UsageError
from contracts.text_spec import TextSpec
from datamodules.augmentations.base import Augmentation
from datamodules.text_datamodule import TextDataModule
from datamodules.tokenizers.base import Tokenizer
from datamodules.vectors.options import TrainingCorpus
from lightning_modules.encoders.base import TextEncoder
from lightning_modules.factories import ModelFactories
from lightning_modules.heads.base import Head
from lightning_modules.losses.base import check_loss_without_end
from lightning_modules.monitor import check_monitor
from lightning_modules.optim.lr_schedulers import dry_run_lr_scheduler
from lightning_modules.optim.optimizer_checks import check_optimizer
from lightning_modules.optim.optimizers import OptimizerFactory
from lightning_modules.optim.schedules import ScheduleFactory


def dry_run_model(
    factories: ModelFactories, monitor: str, spec: TextSpec, endless: bool = False
) -> dict[str, tuple[int, ...]]:
    """Builds every part of a model once and returns the shape of each weight by its name in a checkpoint.

    Args:
        factories: The configured parts.
        monitor: The metric that selects the best checkpoint.
        spec: May be a placeholder, before any data are read.
        endless: Whether training has no last step.

    Returns:
        Shapes; empty if a part cannot be built without memory, whose constructor is then not checked.

    Raises:
        UsageError: A part rejects its arguments, does not fit such data, or could not be loaded from a checkpoint.
    """
    check_loss_and_monitor(factories, monitor, spec)
    if endless:
        with name_option_in_errors("loss"):
            check_loss_without_end(factories.build_loss(spec), spec)
    dry_run_optimizer(factories.optimizer, factories.lr_scheduler, endless)
    return compute_weight_shapes(factories, spec)


def check_loss_and_monitor(factories: ModelFactories, monitor: str, spec: TextSpec) -> None:
    """Raises an error if loss or monitored metric do not fit the data.

    Raises:
        UsageError: A loss for the other task, or a metric that this task does not have.
    """
    with name_option_in_errors("loss"):
        factories.build_loss(spec)
    check_monitor(monitor, spec)


def compute_weight_shapes(factories: ModelFactories, spec: TextSpec) -> dict[str, tuple[int, ...]]:
    """Builds encoder and head on the meta device and returns the shapes of their weights; see `dry_run_model`.

    Raises:
        UsageError: A constructor rejects its arguments, or a checkpoint could not name its class.
    """
    try:
        with torch.device("meta"):
            with name_option_in_errors("encoder"):
                encoder = factories.build_encoder(spec)
            with name_option_in_errors("head"):
                head = factories.head(spec, encoder.output_dim)
    except RuntimeError:  # it reads a tensor that holds no numbers
        return {}
    with name_option_in_errors("encoder"):
        encoder.check_architecture()
    check_class_is_registered(encoder, TextEncoder, "model.encoder")
    check_class_is_registered(head, Head, "model.head")
    both = nn.ModuleDict({"encoder": encoder, "head": head})
    return {name: tuple(weight.shape) for name, weight in both.state_dict().items() if isinstance(weight, Tensor)}


def dry_run_initialization(factories: ModelFactories, spec: TextSpec, data: TrainingCorpus) -> None:
    """Initializes an encoder without memory from the training texts; the real one finds the word vectors cached.

    Raises:
        UsageError: Word vectors are missing.
        DataError: Word vectors are damaged or do not fit the texts.
    """
    try:
        with torch.device("meta"):
            encoder = factories.build_encoder(spec)
        encoder.prepare_training(data)
        encoder.check_initialized()
    except RuntimeError:  # it reads a tensor that holds no numbers
        return


def dry_run_optimizer(
    make_optimizer: OptimizerFactory, make_lr_scheduler: ScheduleFactory | None, endless: bool
) -> None:
    """Builds optimizer and scheduler for a matrix and a bias of one number each, and performs one step.

    Args:
        make_optimizer: Builds the optimizer.
        make_lr_scheduler: Builds the scheduler, if there is one.
        endless: Whether training has no last step, which a schedule over ratios of training needs.

    Raises:
        UsageError: A constructor rejects its arguments, torch's included.
    """
    with name_option_in_errors("optimizer"):
        check_optimizer(make_optimizer)
        weights = nn.Parameter(torch.zeros(1, 1)), nn.Parameter(torch.zeros(1))
        optimizer = make_optimizer([{"params": [weight]} for weight in weights])
        for group, weight in zip(optimizer.param_groups, weights, strict=True):
            weight.grad = torch.zeros_like(weight)
            group |= {"capturable": False} if "capturable" in group else {}  # checked once the device is known
        try:
            optimizer.step()
        except RuntimeError as error:  # for example, made for sparse gradients
            raise UsageError(str(error)) from error
    if make_lr_scheduler is None:
        return
    with name_option_in_errors("lr_scheduler"):
        dry_run_lr_scheduler(make_lr_scheduler, optimizer, endless)


def check_preprocessing_is_registered(datamodule: TextDataModule) -> None:
    """Raises an error if tokenizer or test-time augmentations could not be loaded from a checkpoint.

    Raises:
        UsageError: A checkpoint could not name the class.
    """
    check_class_is_registered(datamodule.tokenizer, Tokenizer, "data.tokenizer")
    variants = datamodule.augmenter.make_variants()
    for augmentation in () if variants is None else variants.pipeline.augmentations:
        check_class_is_registered(augmentation, Augmentation, "data.augmentations")


def check_class_is_registered(part: object, base: type[Any], option: str) -> None:
    """Raises an error for an object that a checkpoint could not name, since its class lies outside this project.

    Class names in a checkpoint are looked up among this project's classes only, so that a file from an unknown author
    cannot run code. Without this check a model would be trained and could then not be loaded.

    Args:
        part: An encoder, head, tokenizer or augmentation.
        base: The base class of its extension point.
        option: The option that chose it, without dashes.

    Raises:
        UsageError: Its class is not one of this project's.
    """
    if type(part) not in find_implementations(base):
        cls = type(part)
        folder = base.__module__.rpartition(".")[0].replace(".", "/")
        raise UsageError(
            f"--{option} {cls.__module__}.{cls.__name__} lies outside of this project, and a checkpoint may only name "
            f"this project's classes, so the trained model could not be loaded; move its file into {folder}/ and give "
            f"--{option} {cls.__name__}"
        )


@contextmanager
def name_option_in_errors(option: str) -> Iterator[None]:
    """Puts the option of the model whose class rejects its arguments in front of the message."""
    try:
        yield
    except DataError as error:
        raise DataError(f"--model.{option}: {error}") from error
    except (ValueError, TypeError) as error:  # ours is a `ValueError`, and so are torch's own
        raise UsageError(f"--model.{option}: {error}") from error
