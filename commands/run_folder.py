"""The folder of a run: what it is called, and what must not be done to it."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from jsonargparse import Namespace

from commands.checks import class_name
from contracts.errors import UsageError


def default_run_name(config: Namespace) -> str:
    """Data and model in one word, `thucnews_text_cnn` say."""
    source = config.data.source
    path = (source.get("init_args") or {}).get("path")
    data = Path(str(path)).resolve().name.split(".")[0] if path else class_name(source) or "data"
    words = (data, class_name(config.model.encoder) or "model")
    return "_".join(_snake(word) for word in words)


def check_run_folder(config: Namespace, verb: str) -> None:
    """Refuses names that are no names of a folder, and the folder of a run that has ended.

    Args:
        config: Of that verb.
        verb: `fit` goes on in the folder that it finds where it resumes.

    Raises:
        UsageError: Such a name, or such a folder.
    """
    for option in ("name", "version"):
        given = config.get(option)
        if given is not None and (given in ("", ".", "..") or re.search(r"[/\\\0]", given)):
            raise UsageError(
                f"--{option} is the name of one folder, without slashes and not `..`, got {given!r}; "
                "--trainer.default_root_dir says where it stands"
            )
    trainer = config.trainer
    resumes = verb == "fit" and config.get("ckpt_path") is not None
    if config.version is None or resumes or trainer.fast_dev_run or trainer.logger not in (None, True):
        return
    folder = Path(trainer.default_root_dir) / (config.name or default_run_name(config)) / config.version
    if (folder / "report.json").exists():
        raise UsageError(
            f"{folder} holds the report of an earlier run, which would be overwritten; give another --version, or "
            "--version null to count on"
        )


def explain_write_error(error: OSError, config: Namespace | None) -> str | None:
    """Says that a folder of a run cannot be written; None where something else is wrong.

    Args:
        error: As caught.
        config: Of the verb; None where options could not be read.
    """
    if config is None:
        return None
    if error.errno in _FULL:  # whichever file it was, which the system does not always say
        return f"nothing more can be written ({error.strerror}); make room, or choose another {_OPTIONS}"
    named = error.filename
    folders = (Path(config.trainer.default_root_dir), Path(config.data.cache_dir))
    if not isinstance(named, (str, os.PathLike)) or not any(_meet(Path(named), folder) for folder in folders):
        return None
    return f"{os.fspath(named)} cannot be written ({error.strerror}); mend it, or choose another {_OPTIONS}"


_FULL = (errno.ENOSPC, errno.EDQUOT)
_OPTIONS = "folder with --trainer.default_root_dir, --name and --version, or --data.cache_dir"


def _meet(one: Path, other: Path) -> bool:
    """Whether one is the other or lies in it, either way round: a folder above may be what cannot be made."""
    one, other = Path(os.path.abspath(one)), Path(os.path.abspath(other))
    return one.is_relative_to(other) or other.is_relative_to(one)


def _snake(word: str) -> str:
    """Lower case with underscores, safe as a folder.

    >>> _snake("TextCNN"), _snake("RNN"), _snake("my data")
    ('text_cnn', 'rnn', 'my_data')
    """
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word)
    return re.sub(r"[^0-9A-Za-z_-]+", "_", word).strip("_").lower() or "data"
