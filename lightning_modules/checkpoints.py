"""Checkpoint files: found by path, read without running their code, and checked against data and model."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from contracts.errors import DataError, UsageError, join_names, suggest_name
from contracts.text_spec import TextSpec
from datamodules.tokenizers.base import Tokenizer
from lightning_modules.checkpoint_file import check_file, check_tensors, check_weights
from lightning_modules.checkpoint_records import choose_best, choose_last
from lightning_modules.untrusted_bundle import read_spec

FORMAT = 1
"""The version of a bundle's layout; a checkpoint of another version is rejected."""


def find_run_folder(path: Path) -> Path:
    """Finds the run folder of a path: itself, or the newest version in it that holds a checkpoint.

    Args:
        path: A folder: `runs/NAME/version_2`, or `runs/NAME`, whose `version_N` with the largest number is taken.

    Raises:
        UsageError: There is no such folder, or no checkpoint in it.
    """
    if not path.is_dir():
        near = suggest_name(path.name, _list_runs(path.parent))
        meant = near.replace('"', f'"{path.parent}/', 1) if path.parent != Path() else near
        raise UsageError(f"there is no checkpoint or run folder {path}{'.' * bool(near)}{meant}")
    if _list_checkpoints(path):
        return path
    versions = [folder for folder in path.iterdir() if folder.is_dir() and _list_checkpoints(folder)]
    if not versions and _list_runs(path):
        raise UsageError(
            f"{path} holds several runs; name one of them: "
            f"{join_names((str(path / name) for name in _list_runs(path)), 20)}"
        )
    if not versions:
        raise UsageError(
            f"{path} holds no checkpoint (checkpoints/*.ckpt); did its run end before the first validation?"
        )
    return max(versions, key=lambda folder: (_parse_version(folder), folder.stat().st_mtime))


def find_checkpoint(path: Path, which: Literal["best", "last"] = "best") -> Path:
    """Finds the checkpoint of a path: itself, or one of a run folder.

    Args:
        path: A checkpoint, or a folder as in `find_run_folder`.
        which: Of a run folder, the checkpoint with the best recorded score, or the last one to resume from; if the run
            has only others, one of these.

    Raises:
        UsageError: There is none.
    """
    if path.is_file():
        return path
    files = _list_checkpoints(find_run_folder(path))
    chosen = choose_best(files) if which == "best" else choose_last(files)
    if chosen is not None:
        return chosen
    named = [file for file in files if file.name.startswith(which)]
    others = [file for file in files if not file.name.startswith("last")]
    return max(named or others or files, key=lambda file: file.stat().st_mtime)


def find_config(checkpoint: Path) -> Path | None:
    """Finds the `config.yaml` of the run folder that a checkpoint is in; None if there is none."""
    folder = checkpoint.parent.parent if checkpoint.parent.name == "checkpoints" else checkpoint.parent
    file = folder / "config.yaml"
    return file if file.is_file() else None


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Reads a checkpoint of this project without running any code of it.

    Raises:
        DataError: The file is truncated, or not a checkpoint of this project.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # guesses at what other bytes may be
            check_file(path)
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
            check_tensors(checkpoint)
    except Exception as error:  # of any type: bytes that are no pickle are read as one
        raise DataError(
            f"{path} cannot be read as a checkpoint: it is truncated or of another format ({_summarize(error)})"
        ) from error
    parts = checkpoint if isinstance(checkpoint, dict) else {}
    bundle = parts.get("bundle")
    if not isinstance(bundle, dict) or not isinstance(parts.get("state_dict"), dict):
        raise DataError(f"{path} was not written by this project: it lacks the parts `state_dict` and `bundle`")
    if bundle.get("format") != FORMAT:
        raise DataError(
            f"{path} was written in format {bundle.get('format')!r} and this version reads format {FORMAT}; "
            "use the version of the project that wrote it"
        )
    for name, value in parts["state_dict"].items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise DataError(f"{path} is damaged: its state_dict must hold tensors by name")
    try:
        check_weights(parts["state_dict"])
    except ValueError as error:
        raise DataError(f"{path} is damaged: {error}") from error
    for name in ("epoch", "global_step"):
        if type(parts.get(name, 0)) is not int:
            raise DataError(f"{path} is damaged: its {name} must be an integer")
    missing = {"encoder", "head", "spec", "tokenizer"} - bundle.keys()
    if missing:
        raise DataError(f"{path} is damaged: its bundle lacks {join_names(sorted(missing))}")
    return parts


def check_checkpoint_matches(
    checkpoint: dict[str, Any], path: Path, spec: TextSpec, tokenizer: Tokenizer, shapes: dict[str, tuple[int, ...]]
) -> None:
    """Raises an error for a checkpoint of other labels, another vocabulary or another model.

    Args:
        checkpoint: Contents, from `read_checkpoint`.
        path: Its file, for the message.
        spec: Spec of the data module.
        tokenizer: Tokenizer of the data module.
        shapes: The shape of each weight that is to be loaded, by name; empty where they are not known.

    Raises:
        UsageError: It does not match.
        DataError: Its spec or its tokenizer is damaged, or its weights are not finite.
    """
    config = f"add --config {find_config(path) or 'RUN/config.yaml'}"
    bundle = checkpoint["bundle"]
    try:
        saved = read_spec(bundle["spec"])
        tokenizer_is_same = json.loads(bundle["tokenizer"]) == json.loads(tokenizer.to_json())
    except (DataError, TypeError, ValueError, RecursionError) as error:
        reason = error if isinstance(error, DataError) else f"its tokenizer cannot be read: {_summarize(error)}"
        raise DataError(f"{path} is damaged: {reason}") from error
    if saved.task != spec.task:
        raise UsageError(
            f"{path} was trained for the task {saved.task}, and these data have the task {spec.task}; {config} for "
            "those it was trained on, or label new texts with predict.py"
        )
    if saved.label_names != spec.label_names:
        raise UsageError(
            f"{path} was trained for the labels {join_names(saved.label_names)}, and these data have "
            f"{join_names(spec.label_names)}; {config} for those it was trained on, or label new texts with predict.py"
        )
    if not tokenizer_is_same:
        raise UsageError(
            f"{path} was trained with another vocabulary than these data and options give; {config} for the data and "
            "the options it was trained with, or label new texts with predict.py"
        )
    weights = {name: tuple(value.shape) for name, value in checkpoint["state_dict"].items()}
    differing = [name for name in sorted(shapes.keys() | weights.keys()) if shapes.get(name) != weights.get(name)]
    if shapes and differing:
        name = differing[0]
        there, here = (f"of shape {of[name]}" if name in of else "missing" for of in (weights, shapes))
        raise UsageError(
            f"{path} holds another model than the one chosen: {name} is {there} there and {here} here; "
            f"{config} for the model that was trained"
        )
    check_finite(checkpoint["state_dict"], path)


def check_finite(weights: dict[str, Tensor], path: Path) -> None:
    """Raises `DataError` if a weight of a checkpoint is not finite."""
    for name, weight in weights.items():
        if weight.is_floating_point() and not bool(weight.isfinite().all()):
            raise DataError(
                f"{path} holds weights that are not finite ({name}): its training diverged, or it is damaged"
            )


def check_same_data(spec: TextSpec, tokenizer_json: str | None, data_spec: TextSpec, data_tokenizer_json: str) -> None:
    """Raises an error if a model in memory was built for other labels or another vocabulary than those of the data.

    Args:
        spec: What the model was built for.
        tokenizer_json: The tokenizer of its training data; None if it has seen no data yet.
        data_spec: The spec of the data that it is about to be used with.
        data_tokenizer_json: The tokenizer of these data.

    Raises:
        UsageError: They differ.
    """
    if spec.task != data_spec.task:
        raise UsageError(
            f"this model was built for the task {spec.task}, and these data have the task {data_spec.task}; "
            "make a new TextClassifier for them"
        )
    if spec.label_names != data_spec.label_names:
        raise UsageError(
            f"this model was built for the labels {join_names(spec.label_names)}, and these data have "
            f"{join_names(data_spec.label_names)}; make a new TextClassifier for them"
        )
    if tokenizer_json in (None, data_tokenizer_json):
        return
    if json.loads(tokenizer_json) != json.loads(data_tokenizer_json):
        raise UsageError(
            "this model was built for another vocabulary than that of these data; make a new TextClassifier for them, "
            "or label new texts with lightning_modules.predictor.load"
        )


def _list_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of one run: below its folder `checkpoints`, or in the folder itself."""
    return sorted((folder / "checkpoints").rglob("*.ckpt")) or sorted(folder.glob("*.ckpt"))


def _list_runs(folder: Path) -> list[str]:
    """Lists the names of the folders in a folder that hold checkpoints, directly or in a version below."""
    folders = sorted(entry for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []
    return [
        run.name
        for run in folders
        if _list_checkpoints(run) or any(_list_checkpoints(below) for below in run.iterdir() if below.is_dir())
    ]


def _parse_version(folder: Path) -> int:
    """Parses the number of a folder `version_N`; -1 for any other name."""
    numbered = re.fullmatch(r"version_(\d+)", folder.name)
    return int(numbered[1]) if numbered else -1


def _summarize(error: Exception) -> str:
    """Shortens torch's message to what is useful to the user."""
    # torch's own message also recommends reading the file without this protection, which must not be passed on
    unknown = re.search(r"GLOBAL (\S+)", str(error))
    if unknown:
        return f"it holds {unknown[1]}, which is neither a tensor nor a plain value"
    message = str(error).partition("WeightsUnpickler error:")[2] or str(error)
    first = message.strip().partition("\n")[0]
    return first[:200] if first and "weights_only" not in first else type(error).__name__
