"""The run folder: its name and path, checks before training, and its removal if no step was trained."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Collection
from pathlib import Path

from jsonargparse import Namespace

from commands.checks import get_class_name
from contracts.errors import UsageError


def build_run_name(config: Namespace) -> str:
    """Returns the default name of a run, made of data and encoder, such as `thucnews_text_cnn`."""
    source = config.data.source
    path = (source.get("init_args") or {}).get("path")
    data = Path(str(path)).resolve().name.split(".")[0] if path else get_class_name(source) or "data"
    words = (data, get_class_name(config.model.encoder) or "model")
    return "_".join(_to_snake_case(word) for word in words)


def check_run_folder(config: Namespace, resumes: bool) -> None:
    """Raises an error for an invalid folder name, and for a folder that contains the report of an earlier run.

    Args:
        config: Config of one verb.
        resumes: Whether training continues from a checkpoint, which may be in its own folder.

    Raises:
        UsageError: The name is invalid, or the folder contains a report.
    """
    for option in ("name", "version"):
        name = config.get(option)
        if name is not None and (name in ("", ".", "..") or re.search(r"[/\\\0]", name)):
            raise UsageError(
                f"--{option} is the name of one folder, without slashes and not `..`, got {name!r}; "
                "--trainer.default_root_dir is the folder above it"
            )
    trainer = config.trainer
    _check_queued_checkpoint(Path(trainer.default_root_dir))
    if config.version is None or resumes or trainer.fast_dev_run:
        return
    folder = Path(trainer.default_root_dir) / (config.name or build_run_name(config)) / config.version
    if (folder / "report.json").exists():
        raise UsageError(
            f"{folder} holds the report of an earlier run, which would be overwritten; give another --version, or "
            "--version null for the next number"
        )


def _check_queued_checkpoint(root: Path) -> None:
    """Raises `UsageError` for the checkpoint of another job of Slurm, which Lightning would load without asking."""
    is_queued_again = os.environ.get("SLURM_RESTART_COUNT", "0") != "0"
    found = next(root.glob("hpc_ckpt_*.ckpt"), None)
    if found is not None and not is_queued_again:
        raise UsageError(
            f"{found} is of a job of Slurm that was queued again, and this run would continue from it; move it away, "
            "or choose another --trainer.default_root_dir"
        )


def shorten_path(path: Path, configured: Path) -> Path:
    """Returns an absolute path as configured if that is the same folder, otherwise relative to the working directory.

    A folder outside the working directory stays absolute. The path of an uninterrupted run is kept where possible:
    Lightning restores the score of the best checkpoint only if the path of its folder is the same string.

    Args:
        path: An absolute path.
        configured: The path in the config of the run, which may be relative to another working directory.
    """
    if configured.absolute() == path:
        return configured
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def remove_unused_files(folder: Path, previous: Collection[Path]) -> None:
    """Removes the config and event files of a run without training steps, and the folders that are then empty.

    Args:
        folder: The run folder, which may be missing.
        previous: Files that were in the folder before the run, which stay.
    """
    if not folder.is_dir():
        return
    for file in (*folder.glob("events.out.tfevents.*"), folder / "config.yaml", folder / "hparams.yaml"):
        if file not in previous:
            file.unlink(missing_ok=True)
    for empty in (folder / "checkpoints", folder, folder.parent, folder.parent.parent):
        try:
            empty.rmdir()
        except OSError:  # missing, or not empty
            continue


def format_write_error(error: OSError, config: Namespace | None) -> str | None:
    """Returns the error message if the run folder or cache cannot be written; None if the error has another cause.

    Args:
        error: The caught error.
        config: Config of the verb; None if options could not be parsed.
    """
    if config is None:
        return None
    if error.errno in _DISK_FULL_ERRORS:  # for any file: the system does not always report which
        return f"nothing more can be written ({error.strerror}); make room, or choose another {_FOLDER_OPTIONS}"
    path = error.filename
    folders = (Path(config.trainer.default_root_dir), Path(config.data.cache_dir))
    if not isinstance(path, (str, os.PathLike)) or not any(_is_same_or_nested(Path(path), one) for one in folders):
        return None
    return f"{os.fspath(path)} cannot be written ({error.strerror}); fix it, or choose another {_FOLDER_OPTIONS}"


_DISK_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT)
_FOLDER_OPTIONS = "folder with --trainer.default_root_dir, --name and --version, or --data.cache_dir"


def _is_same_or_nested(one: Path, other: Path) -> bool:
    """Whether the paths are equal or one contains the other: it may be a parent folder that cannot be created."""
    one, other = Path(os.path.abspath(one)), Path(os.path.abspath(other))
    return one.is_relative_to(other) or other.is_relative_to(one)


def _to_snake_case(word: str) -> str:
    """Converts a name to lower case with underscores, safe as a folder.

    >>> _to_snake_case("TextCNN"), _to_snake_case("RNN"), _to_snake_case("my data")
    ('text_cnn', 'rnn', 'my_data')
    """
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word)
    return re.sub(r"[^0-9A-Za-z_-]+", "_", word).strip("_").lower() or "data"
