"""Mends how Lightning 2.6 counts epochs when a run resumes from the end of one, so that it can be resumed again.

A checkpoint written after an epoch's last batch is taken up in the next epoch, which Lightning then forgets to count as
begun: a later checkpoint in that epoch looks like one at its end, and its place in the epoch is not loaded. With
`max_steps`, an epoch that was complete is completed once more, and the next one is skipped in the count and so in the
order of the texts.
"""

from __future__ import annotations

from pytorch_lightning import Callback, LightningModule, Trainer


class ExactResume(Callback):
    """Counts each epoch once, also where a run was resumed."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Sets the counts right after Lightning loaded them and before it acts on them."""
        loop = trainer.fit_loop
        current = loop.epoch_progress.current
        begun, ended = current.ready, current.processed  # type: ignore[attr-defined]  # annotated as its base class
        if loop.restarted_mid_epoch and begun == ended:
            loop.reset_restart_stage()  # so that the epoch that follows is counted as begun, with its hooks
        elif loop.restarted_on_epoch_end:
            loop.epoch_progress.increment_completed()
            loop._restarting = False  # its setter refuses this with `max_steps`
            loop.epoch_loop.restarting = False
            loop.reset_restart_stage()
