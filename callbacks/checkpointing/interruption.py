"""Saves a checkpoint and stops on Ctrl-C or SIGTERM: all processes after the same training step or validation batch."""

from __future__ import annotations

import copy
import os
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy
from torch import distributed

from callbacks.checkpointing.checkpoint_file import build_checkpoint, write_checkpoint
from callbacks.checkpointing.last_checkpoint import LastCheckpoint, is_validated_next
from contracts.interrupts import StopRequest, raise_interrupt


class SaveOnInterrupt(Checkpoint):
    """Saves the last checkpoint and stops on SIGINT or SIGTERM, so that the resumed run equals one that did not stop.

    In training, the checkpoint is that after the present optimizer step. In validation, it is that after the step
    before the validation, which the resumed run repeats. Before and after training, an interrupt raises at once.
    """

    def __init__(self) -> None:
        self._request = StopRequest()
        self._before_validation: dict[str, Any] | None = None
        self._group: Any = None
        self._pending: tuple[Any, torch.Tensor] | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Replaces the handlers of both signals, also Lightning's; a job of Slurm keeps that of SIGTERM."""
        self._request = StopRequest(
            is_silent=not trainer.is_global_zero, keeps_termination="SLURM_JOB_ID" in os.environ
        )
        self._request.install()
        if trainer.world_size > 1 and distributed.is_initialized():
            self._group = distributed.new_group(backend="gloo")  # on the CPU: no step waits for the device
            epoch_loop: Any = trainer.fit_loop.epoch_loop
            epoch_loop._broadcast_sigterm_tensor = _do_nothing  # waits for the device, and asks rank 0 only

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Saves and stops if a process has received a signal; keeps the state that a validation starts from."""
        number = self._agree()
        if trainer.fit_loop.epoch_loop._should_accumulate():  # gradients are not part of a checkpoint
            self._request.number = self._request.number or number
            return
        if number and not (self._keeps_state(trainer) and is_validated_next(trainer)):
            self._save(trainer, build_checkpoint(trainer, "last"))
            raise_interrupt(number)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keeps the state that the validation starts from; weights and optimizer do not change in a validation."""
        if trainer.state.fn != "fit" or trainer.sanity_checking or not self._keeps_state(trainer):
            return
        checkpoint = build_checkpoint(trainer, "last")
        self._before_validation = checkpoint | {
            part: copy.deepcopy(checkpoint[part]) for part in ("loops", "callbacks")
        }
        progress = self._before_validation["loops"]["fit_loop"]["epoch_loop.val_loop.batch_progress"]
        for count in (progress["total"], progress["current"]):
            count["ready"] += 1  # as in the first batch: otherwise Lightning would leave out the validation
            count["started"] += 1

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Saves the state before the validation and stops, if a process has received a signal."""
        if trainer.state.fn != "fit" or trainer.sanity_checking or self._before_validation is None:
            return
        number = self._agree()
        if number:
            self._save(trainer, self._before_validation)
            raise_interrupt(number)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Releases the state before the validation."""
        self._before_validation = None

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restores the handlers; stops if a signal came after the last step, whose weights are saved already."""
        self._agree()
        number = self._agree()  # of all processes, since the answer is one call late
        self._request.uninstall()
        if number:
            raise_interrupt(number)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Restores the handlers."""
        self._request.uninstall()
        self._before_validation = self._group = self._pending = None

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Restores the handlers."""
        self._request.uninstall()

    @staticmethod
    def _keeps_state(trainer: Trainer) -> bool:
        """Whether the state before a validation is kept; not where building it gathers weights of all processes."""
        return isinstance(trainer.strategy, (SingleDeviceStrategy, DDPStrategy)) and _find_last(trainer) is not None

    def _agree(self) -> int:
        """Returns the signal that any process has received, the same on all; with several, by the previous call.

        The answer is awaited one call later, when it has arrived: no step waits for it.
        """
        if self._group is None:
            return self._request.number
        number = 0
        if self._pending is not None:
            work, answer = self._pending
            work.wait()
            number = int(answer)
        received = torch.tensor(self._request.number)
        work = distributed.all_reduce(received, distributed.ReduceOp.MAX, group=self._group, async_op=True)
        self._pending = work, received
        return number

    def _save(self, trainer: Trainer, checkpoint: dict[str, Any]) -> None:
        last = _find_last(trainer)
        if last is not None:
            write_checkpoint(trainer, checkpoint, last.format_resume_path())


def _find_last(trainer: Trainer) -> LastCheckpoint | None:
    return next((one for one in trainer.checkpoint_callbacks if isinstance(one, LastCheckpoint)), None)


def _do_nothing() -> None:
    pass
