"""Cache folders of arrays, built once and memory-mapped afterwards.

The name of a folder is a hash of everything that shaped its contents, so it is never stale. It is built under another
name and renamed when complete, so that no reader sees an unfinished folder; one process builds it, and others wait.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.build_lock import build_once, create_write_error

_COMPLETE_FILE = "complete.json"


def compute_cache_key(parts: dict[str, Any]) -> str:
    """Computes a short hash that changes with any of the parts."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


def open_or_build(root: Path, key: str, build: Callable[[Path], None]) -> Path:
    """Returns the cache folder of a key, after building it if it does not exist.

    Args:
        root: The folder of all caches; created if missing.
        key: Name of the folder, from `compute_cache_key`.
        build: Fills the empty folder that it is given. Its exceptions are passed on, and nothing is left behind. If
            another process builds the folder, this one waits, and builds it if the other fails.

    Raises:
        UsageError: The root is not a folder, or is not writable.
    """
    folder = root / key
    if is_complete(folder):
        return folder
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise create_write_error(root, error) from error
    build_once(folder, is_complete, lambda unfinished: _build(unfinished, folder, build))
    return folder


def _build(unfinished: Path, folder: Path, build: Callable[[Path], None]) -> None:
    """Builds a folder under another name and renames it; replaces what is left of a deleted folder."""
    unfinished.mkdir()
    build(unfinished)
    (unfinished / _COMPLETE_FILE).write_text("{}", encoding="utf-8")
    try:
        unfinished.rename(folder)
    except OSError:
        if not is_complete(folder):  # not completed by another run, which had taken this one for dead
            shutil.rmtree(folder, ignore_errors=True)
            unfinished.rename(folder)


def is_complete(folder: Path) -> bool:
    """Returns whether the folder was built completely."""
    return (folder / _COMPLETE_FILE).is_file()


def save_strings(folder: Path, name: str, texts: list[str]) -> None:
    """Saves strings as one array of bytes and one of the bounds of each string."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    np.save(folder / f"{name}.bytes.npy", np.frombuffer(b"".join(encoded), np.uint8))
    np.save(folder / f"{name}.bounds.npy", offsets)


def load_strings(folder: Path, name: str) -> list[str]:
    """Loads all strings saved by `save_strings` into memory."""
    block = np.load(folder / f"{name}.bytes.npy").tobytes()
    bounds = np.load(folder / f"{name}.bounds.npy").tolist()
    return [block[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(bounds)]
