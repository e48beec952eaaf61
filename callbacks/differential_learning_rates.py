"""Lets head, encoder and each of its layers learn at rates of their own, and shows these rates."""

from __future__ import annotations

from pytorch_lightning import Callback, LightningModule, Trainer
from torch.optim import Optimizer

from contracts.console import announce
from lightning_modules.optim.parameter_groups import LearningRatePlan


class DifferentialLearningRates(Callback):
    """Sets the rates of head and encoder apart, for every encoder; by default it only logs the rates.

    Args:
        head_lr_multiplier: The head's rate as a multiple of the optimizer's, above 0.
        backbone_lr: The rate of the encoder's top layer; the optimizer's own where null, and 0 leaves the encoder as
            it is.
        layer_decay: Each layer's rate as a share of the one above it, in (0, 1]; for transformers often 0.65 to
            0.95.
    """

    def __init__(
        self, head_lr_multiplier: float = 1.0, backbone_lr: float | None = None, layer_decay: float = 1.0
    ) -> None:
        self.plan = LearningRatePlan(head_lr_multiplier, backbone_lr, layer_decay)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Hands the plan over before the optimizer is built; all groups are in from the start, which resuming needs."""
        if stage == "fit":
            pl_module.learning_rate_plan = self.plan  # type: ignore[assignment]  # plain data, not a module

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Shows the groups, where they differ."""
        if self.plan.is_neutral:
            return
        for optimizer in trainer.optimizers:
            for name, group in _named_groups(optimizer):
                size = sum(parameter.numel() for parameter in group["params"])
                rate = float(group.get("initial_lr", group["lr"]))
                announce(f"{name}: {size:,} parameters at learning rate {rate:.3g}")

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Logs the rates of the step about to be made."""
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]  # set by a part of the trainer
        if not trainer.loggers or not every or (trainer.global_step + 1) % every:
            return
        rates = {f"watch_learning_rate/{name}": float(group["lr"]) for name, group in _named_groups(optimizer)}
        for logger in trainer.loggers:
            logger.log_metrics(rates, step=trainer.global_step)


def _named_groups(optimizer: Optimizer) -> list[tuple[str, dict]]:
    return [(group.get("name", str(place)), group) for place, group in enumerate(optimizer.param_groups)]
