"""Writes the file of `--output`: checks the path first, and replaces an existing file only by a complete one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from contracts.errors import UsageError


def check_output(path: Path, inputs: Iterable[Path] = (), *, create_folder: bool = False) -> None:
    """Checks that a file can be written to a path.

    An existing file is accepted: `open_output` replaces it once the new one is complete.

    Args:
        path: The value of `--output`.
        inputs: Input files, none of which may be replaced.
        create_folder: Whether the folder of the file may be missing, since `open_output` creates it.

    Raises:
        UsageError: The path is a folder or one of the inputs, or its folder is missing or not writable.
    """
    try:
        if path.is_dir():
            raise UsageError(f"--output {path} is a folder; name a file in it")
        if path.exists():
            _check_replaceable(path, inputs)
        if not is_special_file(path):
            _check_folder(path, create_folder)
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise _create_write_error(path, error) from None


@contextmanager
def open_output(path: Path, encoding: str = "utf-8", errors: str = "strict") -> Iterator[TextIO]:
    """Opens a text file for writing that is renamed to its final name when complete.

    Until then the text is in a hidden file in the same folder, which is deleted on failure: readers see the old file or
    the complete new one. A link is followed; a device or a pipe, such as `/dev/null`, is written to directly.

    Args:
        path: An existing file is replaced; a missing folder is created.
        encoding: Encoding of the file; line ends are not translated.
        errors: Handling of characters that cannot be encoded, as for `open`.

    Raises:
        UsageError: The file cannot be written.
    """
    target = Path(os.path.realpath(path))
    partial = target if is_special_file(target) else target.with_name(f".{target.name}.{os.getpid()}")
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
    """Raises `UsageError` if an existing file is an input or not writable."""
    if any(other.exists() and other.samefile(path) for other in inputs):
        raise UsageError(f"--output {path} is one of the files that are read; name another, so that it is kept")
    if not os.access(path, os.W_OK):
        raise UsageError(f"--output {path} is a file that may not be written; name another")


def _check_folder(path: Path, may_be_missing: bool) -> None:
    """Raises `UsageError` if the folder of a file does not exist (unless it may be missing) or is not writable."""
    folder = path.parent
    if may_be_missing:
        folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"--output {path}: the folder {folder} {problem}; make it, or name another")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"--output {path}: the folder {folder} may not be written; name another")


def is_special_file(path: Path) -> bool:
    """Whether a path is a device or a pipe, such as `/dev/null`, which must not be replaced by a file."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _create_write_error(path: Path, error: OSError) -> UsageError:
    return UsageError(f"--output {path} cannot be written: {error.strerror or error}; name another file")
