"""Restores the best checkpoints so far when a run is resumed, also in another folder, with the scores they record."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.utilities.rank_zero import rank_zero_warn

from lightning_modules.checkpoint_file import is_archive
from lightning_modules.checkpoint_records import read_record


def restore_best_checkpoints(trainer: Trainer, states: Mapping[str, Any]) -> None:
    """Restores what each checkpoint callback keeps by a metric; copies the files of another folder.

    The score of a file is the one it records: a run may have been killed between writing the best checkpoint and the
    last one, whose state then has an older score.

    Args:
        trainer: The trainer of the resumed run, on all ranks.
        states: The states of the callbacks in the checkpoint that the run is resumed from.
    """
    for callback in trainer.checkpoint_callbacks:
        if isinstance(callback, ModelCheckpoint) and callback.monitor is not None:
            state = states.get(callback.state_key)
            if state is not None and callback.save_top_k != 0:
                _restore(trainer, callback, state)


def _restore(trainer: Trainer, callback: ModelCheckpoint, state: Mapping[str, Any]) -> None:
    found: dict[str, float] = {}
    if trainer.is_global_zero:  # only this rank touches files
        for saved, score in state["best_k_models"].items():
            path = _copy_file(Path(saved), Path(str(callback.dirpath)), trainer.ckpt_path)
            if path is not None:
                record = read_record(path)
                found[str(path)] = float(score) if record is None or record.value is None else record.value
            elif saved == state["best_model_path"]:
                rank_zero_warn(
                    f"the best checkpoint so far is gone, so the best of the remaining epochs is saved: {saved}"
                )
    found = trainer.strategy.broadcast(found)
    sign = -1 if callback.mode == "min" else 1
    best_first = sorted(found, key=lambda path: -sign * found[path])
    kept = best_first if callback.save_top_k == -1 else best_first[: callback.save_top_k]
    device = trainer.strategy.root_device
    callback.best_k_models = {path: torch.tensor(found[path], device=device) for path in found if path in kept}
    callback.best_model_path = kept[0] if kept else ""
    callback.best_model_score = callback.best_k_models[kept[0]] if kept else None
    callback.kth_best_model_path = ""
    if kept and len(kept) == callback.save_top_k:
        callback.kth_best_model_path = min(callback.best_k_models, key=lambda path: sign * found[path])
        callback.kth_value = callback.best_k_models[callback.kth_best_model_path]


def _copy_file(saved: Path, folder: Path, resumed: Any) -> Path | None:
    """Returns the path of a checkpoint in a folder, copied there if it lies elsewhere; None if it is gone."""
    target = folder / saved.name
    if target.is_file():
        return target
    others = [saved] if resumed is None else [saved, Path(resumed).parent / saved.name]
    source = next((path for path in others if is_archive(path)), None)  # not any file that a checkpoint names
    if source is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    part.replace(target)
    return target
