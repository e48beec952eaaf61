"""Checks the file of a checkpoint before it is loaded, and its tensors after: neither takes more memory than the file.

`torch.load(weights_only=True)` runs no code of a file, but some of what it may call allocates as much memory as the
file asks for, and it unpacks compressed parts of any size.
"""

from __future__ import annotations

import pickletools
import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

_MAX_PICKLE_SIZE = 2**28  # bytes
_MAX_OPERATIONS = 5_000_000
_ACCEPTED = re.compile(
    r"collections (OrderedDict|Counter)"
    r"|torch\._utils (_rebuild_tensor_v[23]|_rebuild_parameter|_rebuild_parameter_with_state)"
    r"|torch\.nn\.parameter Parameter"
    r"|torch (Size|device|\w+Storage|bool|u?int\d+|float\d+\w*|bfloat16|complex\d+)"
    r"|(builtins|__builtin__) (set|complex)"
)
"""What a checkpoint may name: what holds tensors and plain values, and allocates no memory by itself."""
_EXPANDED = 2**20  # values that a tensor may have beyond its storage, as `expand` makes them


def check_file(path: Path) -> None:
    """Raises an error unless a file is an uncompressed archive, as `torch.save` writes it, of tensors and plain values.

    Raises:
        ValueError: It is another file, larger when unpacked, or names other objects.
        OSError: It cannot be read.
        zipfile.BadZipFile: It is truncated.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if any(part.compress_type != zipfile.ZIP_STORED or part.compress_size != part.file_size for part in parts):
            raise ValueError("it is compressed, and a checkpoint is not")
        if sum(part.file_size for part in parts) > path.stat().st_size:
            raise ValueError("its parts are larger than the file")
        if any(".." in part.filename.split("/") or part.filename.startswith("/") for part in parts):
            raise ValueError("it has a part outside of its folder")
        names = [part.orig_filename for part in parts]
        if len({name.lower() for name in names}) != len(names):  # torch finds its parts by name, in any case
            raise ValueError("it has a part twice")
        pickles = [part for part in parts if ".pkl" in part.orig_filename.lower()]
        if len(pickles) != 1 or pickles[0].file_size > _MAX_PICKLE_SIZE:
            raise ValueError(f"it must hold one pickle of at most {_MAX_PICKLE_SIZE >> 20} MB")
        if pickles[0].orig_filename != f"{names[0].partition('/')[0]}/data.pkl":
            raise ValueError("its pickle must be named data.pkl and be in its folder")
        _check_pickle(archive.read(pickles[0]))


def is_archive(path: Path) -> bool:
    """Whether `check_file` accepts a file."""
    try:
        check_file(path)
    except (ValueError, OSError, zipfile.BadZipFile):
        return False
    return True


def _check_pickle(data: bytes) -> None:
    """Raises `ValueError` for a pickle that names other objects than tensors and plain values."""
    for number, (operation, argument, _) in enumerate(pickletools.genops(data)):
        if number > _MAX_OPERATIONS:
            raise ValueError(f"its pickle has more than {_MAX_OPERATIONS:,} operations")
        if operation.name == "GLOBAL" and not _ACCEPTED.fullmatch(str(argument)):
            name = str(argument).replace(" ", ".")
            raise ValueError(f"it holds {name}, which is neither a tensor nor a plain value")


def check_tensors(content: Any) -> None:
    """Raises an error for a tensor of a kind or size that its file does not account for.

    Args:
        content: What `torch.load` returned.

    Raises:
        ValueError: A tensor is sparse or quantized, or has far more values than its storage.
    """
    pending, seen = [content], set()
    while pending:
        part = pending.pop()
        if isinstance(part, Tensor):
            _check_tensor(part)
        elif isinstance(part, (dict, list, tuple, set)) and id(part) not in seen:
            seen.add(id(part))
            pending.extend(part.values() if isinstance(part, dict) else part)


def check_weights(weights: dict[str, Tensor]) -> None:
    """Raises an error for a weight that has more values than its storage, or complex ones.

    Raises:
        ValueError: There is one.
    """
    for weight in weights.values():
        _check_tensor(weight, expanded=0)
        if weight.is_complex():
            raise ValueError("it holds a weight of complex numbers")


def _check_tensor(tensor: Tensor, expanded: int = _EXPANDED) -> None:
    """Raises `ValueError` for a tensor of a kind or size that its file does not account for."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        raise ValueError("it holds a tensor that is sparse, quantized or without values")
    stored = tensor.untyped_storage().nbytes() // max(tensor.element_size(), 1)
    if tensor.numel() > max(stored, expanded):
        raise ValueError(f"it holds a tensor of shape {tuple(tensor.shape)} with {stored} values")
