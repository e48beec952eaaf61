"""The folder of a run: its name, checks before it is written to, and its removal if nothing was trained."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from jsonargparse import Namespace

from commands.checks import get_class_name
from contracts.errors import UsageError


def build_run_name(config: Namespace) -> str:
    """Joins the names of data and model, as in `thucnews_text_cnn`."""
    source = config.data.source
    path = (source.get("init_args") or {}).get("path")
    data = Path(str(path)).resolve().name.split(".")[0] if path else get_class_name(source) or "data"
    words = (data, get_class_name(config.model.encoder) or "model")
    return "_".join(_to_snake_case(word) for word in words)


def check_run_folder(config: Namespace, resumes: bool) -> None:
    """Raises an error for a name that cannot be a folder, and for the folder of a run that has a report.

    Args:
        config: Of one verb.
        resumes: Whether training continues from a checkpoint, which may be in its own folder.

    Raises:
        UsageError: Such a name, or such a folder.
    """
    for option in ("name", "version"):
        given = config.get(option)
        if given is not None and (given in ("", ".", "..") or re.search(r"[/\\\0]", given)):
            raise UsageError(
                f"--{option} is the name of one folder, without slashes and not `..`, got {given!r}; "
                "--trainer.default_root_dir is the folder above it"
            )
    trainer = config.trainer
    if config.version is None or resumes or trainer.fast_dev_run or trainer.logger not in (None, True):
        return
    folder = Path(trainer.default_root_dir) / (config.name or build_run_name(config)) / config.version
    if (folder / "report.json").exists():
        raise UsageError(
            f"{folder} holds the report of an earlier run, which would be overwritten; give another --version, or "
            "--version null for the next number"
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


def remove_unused_folder(folder: Path) -> None:
    """Removes config and curves of a run that trained nothing, and the folders that are empty without them."""
    if not folder.is_dir():
        return
    for file in (*folder.glob("events.out.tfevents.*"), folder / "config.yaml", folder / "hparams.yaml"):
        file.unlink(missing_ok=True)
    for empty in (folder / "checkpoints", folder, folder.parent, folder.parent.parent):
        try:
            empty.rmdir()
        except OSError:  # not there, or not empty
            continue


def format_write_error(error: OSError, config: Namespace | None) -> str | None:
    """Returns the message for a folder of a run that cannot be written; None if the error has another cause.

    Args:
        error: As caught.
        config: Of the verb; None if options could not be parsed.
    """
    if config is None:
        return None
    if error.errno in _DISK_FULL_ERRORS:  # whichever file it was: the system does not always name it
        return f"nothing more can be written ({error.strerror}); make room, or choose another {_FOLDER_OPTIONS}"
    path = error.filename
    folders = (Path(config.trainer.default_root_dir), Path(config.data.cache_dir))
    if not isinstance(path, (str, os.PathLike)) or not any(_is_one_inside_other(Path(path), one) for one in folders):
        return None
    return f"{os.fspath(path)} cannot be written ({error.strerror}); fix it, or choose another {_FOLDER_OPTIONS}"


_DISK_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT)
_FOLDER_OPTIONS = "folder with --trainer.default_root_dir, --name and --version, or --data.cache_dir"


def _is_one_inside_other(one: Path, other: Path) -> bool:
    """Whether one path is the other or is in it, either way round: a folder above may be what cannot be made."""
    one, other = Path(os.path.abspath(one)), Path(os.path.abspath(other))
    return one.is_relative_to(other) or other.is_relative_to(one)


def _to_snake_case(word: str) -> str:
    """Converts a name to lower case with underscores, safe as a folder.

    >>> _to_snake_case("TextCNN"), _to_snake_case("RNN"), _to_snake_case("my data")
    ('text_cnn', 'rnn', 'my_data')
    """
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word)
    return re.sub(r"[^0-9A-Za-z_-]+", "_", word).strip("_").lower() or "data"
