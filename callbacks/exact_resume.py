"""Mends how Lightning 2.6 resumes a run, so that it ends as it would have, and can be resumed again.

A checkpoint written after an epoch's last batch is taken up in the next epoch, which Lightning then forgets to count as
begun: a later checkpoint in that epoch looks like one at its end, and its place in the epoch is not loaded. With
`max_steps`, an epoch that was complete is completed once more, and the next one is skipped in the count and so in the
order of the texts.

Where something asks for the length of training before the state is restored, as a schedule over its shares does, the
loader is made by then and Lightning leaves its place in the epoch unloaded.

A resumed run has a folder of its own, and there Lightning forgets what the best checkpoint had scored: the best of the
epochs that are left would be taken for the best of all.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.utilities.rank_zero import rank_zero_warn

from contracts.errors import UsageError


class ExactResume(Callback):
    """Counts each epoch once, also where a run was resumed, goes on at its place, and brings its best along."""

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Notes which weights the optimizer's state belongs to."""
        checkpoint["learned"] = _learned(pl_module)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Refuses the state of other weights: a fused optimizer does not check, and would write beyond its memory.

        Raises:
            UsageError: Another part of the model learns now; with other texts these are other vectors of ids.
        """
        ours, weights = _learned(pl_module), checkpoint["state_dict"]
        theirs = checkpoint.get("learned", {name: list(weights[name].shape) for name in ours if name in weights})
        if trainer.state.fn == "fit" and theirs != ours:
            name = next(name for name in sorted(ours | theirs) if ours.get(name) != theirs.get(name))
            raise UsageError(
                f"the checkpoint was written while other weights were learned: of {name} {theirs.get(name, 'nothing')} "
                f"then and {ours.get(name, 'nothing')} now; resume with the same training texts and the same config"
            )

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Sets the counts right after Lightning loaded them and before it acts on them."""
        loop = trainer.fit_loop
        loader, states = loop._combined_loader, loop._combined_loader_states_to_load
        if loader is not None and states:
            loader._load_state_dicts(states)
            loop._combined_loader_states_to_load = []
        current = loop.epoch_progress.current
        begun, ended = current.ready, current.processed  # type: ignore[attr-defined]  # annotated as its base class
        if loop.restarted_mid_epoch and begun == ended:
            loop.reset_restart_stage()  # so that the epoch that follows is counted as begun, with its hooks
        elif loop.restarted_on_epoch_end:
            loop.epoch_progress.increment_completed()
            loop._restarting = False  # its setter refuses this with `max_steps`
            loop.epoch_loop.restarting = False
            loop.reset_restart_stage()
        for callback in trainer.checkpoint_callbacks:
            if isinstance(callback, ModelCheckpoint) and callback.monitor is not None and callback.save_top_k == 1:
                _bring_best_along(trainer, callback)


def _learned(model: LightningModule) -> dict[str, list[int]]:
    """The shape of each weight that learns, by name."""
    return {name: list(weight.shape) for name, weight in model.named_parameters() if weight.requires_grad}


def _bring_best_along(trainer: Trainer, callback: ModelCheckpoint) -> None:
    former = Path(callback.best_model_path)
    if not callback.best_model_path or callback.dirpath is None:
        return
    if former.parent.resolve() == Path(callback.dirpath).resolve():
        return
    moved = Path(callback.dirpath) / former.name  # with the whole folder of the run
    former = former if former.is_file() else moved
    if not former.is_file():
        rank_zero_warn(f"the best checkpoint so far is gone, so the best is chosen anew from here on: {former}")
        callback.best_model_path = ""
        return
    here = Path(callback.dirpath) / former.name
    if trainer.is_global_zero and former != here:
        here.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(former, here)
    trainer.strategy.barrier()
    state = torch.load(here, weights_only=True, map_location="cpu")["callbacks"][callback.state_key]
    score = state["best_model_score"].to(trainer.strategy.root_device)
    callback.best_model_path = callback.kth_best_model_path = str(here)
    callback.best_model_score = callback.kth_value = score
    callback.best_k_models = {str(here): score}
