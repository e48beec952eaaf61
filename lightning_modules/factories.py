"""The configured parts of a model, as functions that build them once the sizes of the data are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contracts.text_spec import TextSpec
from lightning_modules.encoders.base import TextEncoder, check_output_dim
from lightning_modules.heads.base import Head
from lightning_modules.losses.base import Loss, check_task
from lightning_modules.losses.binary_cross_entropy import BinaryCrossEntropy
from lightning_modules.losses.cross_entropy import CrossEntropy
from lightning_modules.optim.optimizers import OptimizerFactory
from lightning_modules.optim.schedules import ScheduleFactory


@dataclass(frozen=True)
class ModelFactories:
    """Builds the parts of a `TextClassifier`; each factory is a class or a function with the arguments of one."""

    encoder: Callable[[TextSpec], TextEncoder]
    head: Callable[[TextSpec, int], Head]
    loss: Callable[[TextSpec], Loss] | None
    optimizer: OptimizerFactory
    lr_scheduler: ScheduleFactory | None

    def __post_init__(self) -> None:
        """Raises a `TypeError` if a part is no class or function, such as a class name that only a config may give."""
        for name, factory in vars(self).items():
            if factory is not None and not callable(factory):
                raise TypeError(f"{name} accepts a class or a function that builds one; got {factory!r:.60}")

    def build_encoder(self, spec: TextSpec) -> TextEncoder:
        """Builds the encoder, with random or pretrained weights.

        Raises:
            UsageError: Its class rejects its arguments, or has no `output_dim`.
        """
        encoder = self.encoder(spec)
        check_output_dim(encoder)
        return encoder

    def build_loss(self, spec: TextSpec) -> Loss:
        """Builds the loss; if none is configured, `CrossEntropy` for one label per text and else `BinaryCrossEntropy`.

        Raises:
            UsageError: The loss rejects its arguments, or is made for the other task.
        """
        default = CrossEntropy if spec.task == "single_label" else BinaryCrossEntropy
        loss = (self.loss or default)(spec)
        check_task(loss, spec)
        return loss
