"""Fixes resuming in Lightning 2.6: a resumed run ends as if it had not been interrupted, and can be resumed again.

A checkpoint written after the last batch of an epoch is resumed in the next epoch, which Lightning does not count as
started: a later checkpoint in that epoch looks like one at its end, and its position in the epoch is not loaded. With
`max_steps`, a complete epoch is counted as completed once more, and the next one is skipped in the count and so in the
order of the texts.

If the length of training is computed before the state is restored, for instance by a schedule over ratios of training,
the loader already exists and Lightning does not load its position in the epoch.

In a new run folder, Lightning does not restore the score of the best checkpoint: the best of the remaining epochs would
count as the best of all.
"""

from __future__ import annotations

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from callbacks.checkpointing.best_restoration import restore_best_checkpoints
from contracts.errors import UsageError


class ExactResume(Callback):
    """Restores epoch counts, the position in the epoch and the best checkpoints when a run is resumed."""

    _saved_callbacks: dict[str, Any] | None = None

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Saves the shapes of the trainable weights, to which the optimizer state belongs."""
        checkpoint["trainable_shapes"] = _list_trainable_shapes(pl_module)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Rejects optimizer states of other weights: a fused optimizer does not check and would access invalid memory.

        Raises:
            UsageError: The trainable weights differ, for instance the token embeddings after a change of the texts.
        """
        if trainer.state.fn == "fit":
            self._saved_callbacks = checkpoint["callbacks"]
        shapes, weights = _list_trainable_shapes(pl_module), checkpoint["state_dict"]
        all_saved = {name: list(weights[name].shape) for name in shapes if name in weights}
        saved = checkpoint.get("trainable_shapes", all_saved)
        if trainer.state.fn == "fit" and saved != shapes:
            name = next(name for name in sorted(shapes | saved) if shapes.get(name) != saved.get(name))
            raise UsageError(
                f"the checkpoint was written while other weights were trained: of {name} {saved.get(name, 'nothing')} "
                f"then and {shapes.get(name, 'nothing')} now; resume with the same training texts and the same config"
            )

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Corrects Lightning's progress counts after they are loaded and before they are used."""
        loop = trainer.fit_loop
        loader, states = loop._combined_loader, loop._combined_loader_states_to_load
        if loader is not None and states:
            loader._load_state_dicts(states)
            loop._combined_loader_states_to_load = []
        current = loop.epoch_progress.current
        started, ended = current.ready, current.processed  # type: ignore[attr-defined]  # annotated as its base class
        if loop.restarted_mid_epoch and started == ended:
            loop.reset_restart_stage()  # so that the next epoch is counted as started, with its hooks
        elif loop.restarted_on_epoch_end:
            loop.epoch_progress.increment_completed()
            loop._restarting = False  # its setter rejects this with `max_steps`
            loop.epoch_loop.restarting = False
            loop.reset_restart_stage()
        if self._saved_callbacks is not None:
            restore_best_checkpoints(trainer, self._saved_callbacks)
            self._saved_callbacks = None


def _list_trainable_shapes(model: LightningModule) -> dict[str, list[int]]:
    """Lists the shape of each trainable weight, by name."""
    return {name: list(weight.shape) for name, weight in model.named_parameters() if weight.requires_grad}
