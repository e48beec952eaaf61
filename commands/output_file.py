"""The file named by `--output`: checked before any work, and replaced only by a complete one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from contracts.errors import UsageError


def check_output(path: Path, inputs: Iterable[Path] = (), *, create_folder: bool = False) -> None:
    """Checks, before any work, that a file can be written at a path.

    An existing file is accepted: `open_output` replaces it once the new one is complete.

    Args:
        path: As given with `--output`.
        inputs: Files that are read; none of them may be replaced.
        create_folder: Whether the folder of the file may be missing, since `open_output` creates it.

    Raises:
        UsageError: The path is a folder or one of the inputs, or its folder is missing or not writable.
    """
    try:
        if path.is_dir():
            raise UsageError(f"--output {path} is a folder; name a file in it")
        if path.exists():
            _check_replaceable(path, inputs)
        if not _is_special(path):
            _check_folder(path, create_folder)
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise _create_write_error(path, error) from None


@contextmanager
def open_output(path: Path, encoding: str = "utf-8", errors: str = "strict") -> Iterator[TextIO]:
    """Opens a file for text that appears under its name only once it is complete.

    Until then the text is in a hidden file beside it, which is deleted if anything fails: readers see the former file
    or the whole new one. A link is followed; a device or a pipe, such as `/dev/null`, is written to directly.

    Args:
        path: Replaced where it exists; its folder is created where it is missing.
        encoding: Of the text; line ends are written as they come.
        errors: How `open` treats characters that the encoding lacks.

    Raises:
        UsageError: The file cannot be written.
    """
    target = Path(os.path.realpath(path))
    partial = target if _is_special(target) else target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding=encoding, errors=errors, newline="") as file:
            yield file
        if partial != target:
            partial.replace(target)
    except OSError as error:
        raise _create_write_error(path, error) from error
    finally:
        if partial != target:
            partial.unlink(missing_ok=True)


def _check_replaceable(path: Path, inputs: Iterable[Path]) -> None:
    if any(other.exists() and other.samefile(path) for other in inputs):
        raise UsageError(f"--output {path} is one of the files that are read; name another, so that it is kept")
    if not os.access(path, os.W_OK):
        raise UsageError(f"--output {path} is a file that may not be written; name another")


def _check_folder(path: Path, may_be_missing: bool) -> None:
    folder = path.parent
    if may_be_missing:
        folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"--output {path}: the folder {folder} {what}; make it, or name another")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"--output {path}: the folder {folder} may not be written; name another")


def _is_special(path: Path) -> bool:
    """Whether a path is a device or a pipe, which must not be replaced by a file."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _create_write_error(path: Path, error: OSError) -> UsageError:
    return UsageError(f"--output {path} cannot be written: {error.strerror or error}; name another file")
