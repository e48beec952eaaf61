"""A callback that makes one of several processes fail, at a place and in a way that a test chooses."""

from __future__ import annotations

import os
import signal
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer


class FailingRank(Callback):
    """Raises an error, or kills its process, on one rank.

    Args:
        rank: The rank that fails.
        where: `start`, before the processes know each other, `train` or `validation`.
        how: `raise` or `kill`.
    """

    def __init__(self, rank: int = 1, where: str = "train", how: str = "raise") -> None:
        self.rank, self.where, self.how = rank, where, how
        if where == "start" and os.environ.get("LOCAL_RANK") == str(rank):
            self._fail()

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        if self.where == "train" and trainer.global_rank == self.rank and trainer.global_step == 2:
            self._fail()

    def on_validation_batch_start(self, trainer: Trainer, *_: Any) -> None:
        if self.where == "validation" and trainer.global_rank == self.rank and trainer.global_step > 0:
            self._fail()

    def _fail(self) -> None:
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise RuntimeError("this rank fails")
