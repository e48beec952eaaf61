"""A folder of arrays, built once and memory-mapped ever after.

The folder's name is a hash of everything that shaped it, so it never goes stale. It is built beside its place and moved
there in one step: a reader never sees half of it, and of two runs that build it at once the second finds it done.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from contracts.errors import UsageError

_MARK = "complete.json"


def compute_cache_key(parts: dict[str, Any]) -> str:
    """A short hash that changes with any of the parts."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


def open_or_build(root: Path, key: str, build: Callable[[Path], None]) -> Path:
    """Returns the folder of that key, and builds it first where it is not there.

    Args:
        root: The folder of all caches; made where missing.
        key: From `compute_cache_key`.
        build: Fills the empty folder that it is given. What it raises goes through, and nothing is left behind.

    Raises:
        UsageError: The root is no folder, or nothing can be written there.
    """
    folder = root / key
    if is_complete(folder):
        return folder
    unfinished = root / f".{key}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    try:
        unfinished.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"--data.cache_dir {root} cannot be written to ({error.strerror}); name another") from error
    try:
        build(unfinished)
        (unfinished / _MARK).write_text("{}", encoding="utf-8")
        try:
            unfinished.rename(folder)
        except OSError:
            if not is_complete(folder):  # not another run's finished work: remains of a deleted one
                shutil.rmtree(folder, ignore_errors=True)
                unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def is_complete(folder: Path) -> bool:
    """Whether the folder was built to its end."""
    return (folder / _MARK).is_file()


def save_texts(folder: Path, name: str, texts: list[str]) -> None:
    """Writes strings as one block of bytes and where each begins."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    np.save(folder / f"{name}.bytes.npy", np.frombuffer(b"".join(encoded), np.uint8))
    np.save(folder / f"{name}.bounds.npy", offsets)


def load_texts(folder: Path, name: str) -> list[str]:
    """The inverse of `save_texts`."""
    block = np.load(folder / f"{name}.bytes.npy").tobytes()
    bounds = np.load(folder / f"{name}.bounds.npy").tolist()
    return [block[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(bounds)]
