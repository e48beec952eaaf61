"""Sets and logs separate learning rates of the head, the encoder and each of its layers."""

from __future__ import annotations

from pytorch_lightning import Callback, LightningModule, Trainer
from torch.optim import Optimizer

from contracts.console import announce
from lightning_modules.optim.parameter_groups import LearningRatePlan


class DifferentialLearningRates(Callback):
    """Sets different learning rates for head, encoder and its layers; by default only logs the learning rates.

    Args:
        head_lr_multiplier: Learning rate of the head as a multiple of the optimizer's, above 0.
        backbone_lr: Learning rate of the encoder's top layer; that of the optimizer if null; 0 freezes the encoder.
        layer_decay: Learning rate of each layer as a fraction of the layer above it, in (0, 1]; for transformers often
            0.65 to 0.95.
    """

    def __init__(
        self, head_lr_multiplier: float = 1.0, backbone_lr: float | None = None, layer_decay: float = 1.0
    ) -> None:
        self.plan = LearningRatePlan(head_lr_multiplier, backbone_lr, layer_decay)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Sets the learning rates of the model before it builds its optimizer; resuming requires all groups by then."""
        if stage == "fit":
            pl_module.learning_rate_plan = self.plan  # type: ignore[assignment]  # plain data, not a module

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Announces the parameter groups and their learning rates if they differ from the optimizer's."""
        if self.plan.is_neutral:
            return
        for optimizer in trainer.optimizers:
            for name, group in _list_named_groups(optimizer):
                num_parameters = sum(parameter.numel() for parameter in group["params"])
                learning_rate = float(group.get("initial_lr", group["lr"]))
                announce(f"{name}: {num_parameters:,} parameters at learning rate {learning_rate:.3g}")

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Logs the learning rates of the next step, every `log_every_n_steps` steps."""
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]  # set by a part of the trainer
        if not trainer.loggers or not every or (trainer.global_step + 1) % every:
            return
        rates = {f"watch_learning_rate/{name}": float(group["lr"]) for name, group in _list_named_groups(optimizer)}
        for logger in trainer.loggers:
            logger.log_metrics(rates, step=trainer.global_step)


def _list_named_groups(optimizer: Optimizer) -> list[tuple[str, dict]]:
    """Returns the parameter groups with their names, or their indices if unnamed."""
    return [(group.get("name", str(index)), group) for index, group in enumerate(optimizer.param_groups)]
