"""Logs gradient norms, the ratio of clipped steps, and the parameter of the first non-finite gradient."""

from __future__ import annotations

from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.utilities.rank_zero import rank_zero_warn
from torch import Tensor, nn
from torch.optim import Optimizer

from contracts.errors import UsageError


class GradientNorm(Callback):
    """Logs gradient norms, unscaled and before clipping: in total and of each parameter group, and the clipped ratio.

    The norms of each step are kept on the device and read every `every_n_steps` steps, so that no step waits for the
    device; the first non-finite gradient is still reported with its parameter and step.

    `first_non_finite` and `first_non_finite_step` are that parameter and step. With a `GradScaler` (16-mixed) such
    gradients are normal and skipped by the scaler: they are only counted, in `non_finite_steps`.

    Args:
        every_n_steps: Steps between two log entries, at least 1.
    """

    steps: int
    clipped_steps: int
    non_finite_steps: int
    first_non_finite: str | None
    first_non_finite_step: int | None
    _window_steps: int
    _window_clipped: int

    def __init__(self, every_n_steps: int = 50) -> None:
        if every_n_steps < 1:
            raise UsageError(f"every_n_steps is a number of steps and must be at least 1, got {every_n_steps}")
        self.every_n_steps = every_n_steps
        self._reset()
        self._clip_above: float | None = None
        self._has_scaler = False
        self._groups: list[tuple[str, list[nn.Parameter]]] = []
        self._parameters: list[nn.Parameter] = []
        self._names: list[str] = []
        self._order: list[int] = []
        self._pending: list[Tensor] = []  # (parameters,) per step
        self._first_pending_step = 0

    @property
    def clipped_ratio(self) -> float:
        """Fraction of all steps so far whose gradients were clipped by norm."""
        return self.clipped_steps / max(self.steps, 1)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Resets the counts; a resumed run then loads those of its checkpoint."""
        if stage == "fit":
            self._reset()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Reads the limit for clipping by norm from the trainer."""
        clips_by_norm = trainer.gradient_clip_val and trainer.gradient_clip_algorithm in (None, "norm")
        self._clip_above = float(trainer.gradient_clip_val or 0) if clips_by_norm else None
        self._pending.clear()
        self._parameters = []

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Computes the gradient norms of a step, after unscaling by the scaler and before clipping."""
        if len(self._parameters) != sum(len(group["params"]) for group in optimizer.param_groups):
            self._read_pending()
            self._name_parameters(pl_module, optimizer)
        norms = compute_parameter_norms(self._parameters)
        if norms is None:
            return
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        self._has_scaler = scaler is not None
        if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
            norms = norms / scaler.scale(norms.new_ones(()))  # a fused optimizer unscales later, inside its step

        if not self._pending:
            self._first_pending_step = trainer.global_step
        self._pending.append(norms)
        if (trainer.global_step + 1) % self.every_n_steps == 0:
            self._log(trainer, self._read_pending())

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Reads the steps since the last log entry."""
        self._read_pending()

    def state_dict(self) -> dict[str, Any]:
        """Returns the counts so far."""
        self._read_pending()
        return {name: getattr(self, name) for name in _COUNTS}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the state saved by `state_dict`."""
        for name in _COUNTS:
            setattr(self, name, state_dict[name])

    def _reset(self) -> None:
        self.steps = 0
        self.clipped_steps = 0
        self.non_finite_steps = 0
        self.first_non_finite = None
        self.first_non_finite_step = None
        self._window_steps = 0
        self._window_clipped = 0

    def _name_parameters(self, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Stores the optimizer's parameters with their groups, names and order in the model."""
        self._groups = [(group.get("name", str(i)), group["params"]) for i, group in enumerate(optimizer.param_groups)]
        self._parameters = [parameter for _, parameters in self._groups for parameter in parameters]
        names = {parameter: (index, name) for index, (name, parameter) in enumerate(pl_module.named_parameters())}
        self._order = [names.get(parameter, (-1, ""))[0] for parameter in self._parameters]
        self._names = [names.get(parameter, (-1, "a parameter outside the model"))[1] for parameter in self._parameters]

    def _read_pending(self) -> Tensor | None:
        """Reads the pending norms from the device, updates the counts, and returns the last norms `(parameters,)`."""
        if not self._pending:
            return None
        norms = torch.stack(self._pending).cpu().double()  # steps parameters
        self._pending.clear()
        self.steps += len(norms)
        self._window_steps += len(norms)
        totals = torch.linalg.vector_norm(norms, dim=1)
        if self._clip_above is not None:
            clipped = int(((totals > self._clip_above) & totals.isfinite()).sum())
            self.clipped_steps += clipped
            self._window_clipped += clipped
        non_finite_steps = (~totals.isfinite()).nonzero().flatten().tolist()
        self.non_finite_steps += len(non_finite_steps)
        if non_finite_steps and not self._has_scaler and self.first_non_finite is None:
            self._warn_non_finite(
                self._first_pending_step + non_finite_steps[0], ~norms[non_finite_steps[0]].isfinite()
            )
        return norms[-1]

    def _warn_non_finite(self, step: int, is_non_finite: Tensor) -> None:
        """Warns of the first step with non-finite gradients, naming the parameter nearest to the loss."""
        # Non-finite gradients propagate backwards to the embedding, so the last parameter is nearest to their origin.
        non_finite = is_non_finite.nonzero().flatten().tolist()
        nearest = max(non_finite, key=self._order.__getitem__)
        self.first_non_finite, self.first_non_finite_step = self._names[nearest], step
        rank_zero_warn(
            f"gradients are non-finite at step {step}, in {len(non_finite)} of {len(is_non_finite)} parameters; the "
            f"one nearest to the loss is {self.first_non_finite}. Try a lower learning rate, "
            "--trainer.gradient_clip_val 1 or --trainer.precision 32. This warning is given once."
        )

    def _log(self, trainer: Trainer, norms: Tensor | None) -> None:
        """Logs the norms of the last step, the clipped ratios and the number of non-finite steps."""
        if norms is None:
            return
        metrics = {"watch_gradient_norm/total": float(torch.linalg.vector_norm(norms))}
        norms_by_group = norms.split([len(parameters) for _, parameters in self._groups])
        for (name, _), group_norms in zip(self._groups, norms_by_group, strict=True):
            metrics[f"watch_gradient_norm/{name}"] = float(torch.linalg.vector_norm(group_norms))
        if self._clip_above is not None:
            metrics["watch_gradient_norm/clipped_ratio"] = self._window_clipped / self._window_steps
            metrics["watch_gradient_norm/clipped_ratio_so_far"] = self.clipped_ratio
        if self._has_scaler or self.non_finite_steps:
            metrics["watch_gradient_norm/non_finite_steps"] = float(self.non_finite_steps)
        self._window_steps = self._window_clipped = 0
        for logger in trainer.loggers:
            logger.log_metrics(metrics, step=trainer.global_step)


def compute_parameter_norms(parameters: list[nn.Parameter]) -> Tensor | None:
    """Computes the 2-norm of each parameter's gradient, float `(parameters,)`; None if no parameter has a gradient.

    A parameter without a gradient has norm 0.

    >>> weight = nn.Parameter(torch.zeros(2)); weight.grad = torch.tensor([3.0, 4.0])
    >>> compute_parameter_norms([weight, nn.Parameter(torch.zeros(1))])
    tensor([5., 0.])
    """
    gradients = [_get_values(parameter.grad) for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return None
    # Summed in 32 bits or more: the square of a half-precision gradient overflows above 255.
    dtype = torch.promote_types(gradients[0].dtype, torch.float32)
    norms = torch._foreach_norm(gradients, 2.0, dtype=dtype)
    if len(gradients) == len(parameters):
        return torch.stack(norms)
    zero, remaining = torch.zeros_like(norms[0]), iter(norms)
    return torch.stack([zero if parameter.grad is None else next(remaining) for parameter in parameters])


def _get_values(gradient: Tensor) -> Tensor:
    """Returns a dense gradient unchanged, and the values of a sparse one."""
    return gradient.coalesce().values() if gradient.is_sparse else gradient


_COUNTS = (
    "steps",
    "clipped_steps",
    "non_finite_steps",
    "first_non_finite",
    "first_non_finite_step",
    "_window_steps",
    "_window_clipped",
)
