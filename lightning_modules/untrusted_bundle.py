"""Checks the plain values of a bundle from a file of unknown origin, before anything is built from them."""

from __future__ import annotations

from typing import Any, get_args

from contracts.errors import DataError
from contracts.text_spec import Task, TextSpec
from contracts.untrusted import check_plain
from datamodules.sources.text_stream import TextColumns

_MAX_TOKENS = 2**24  # tokens per text
_MAX_IDS = 2**31 - 1
_MAX_NAME = 10_000  # characters of a label or column


def read_spec(plain: Any) -> TextSpec:
    """Restores a spec from the values in a checkpoint.

    Raises:
        DataError: A value is missing, of another type, or out of its range.
    """
    where = "the checkpoint's spec"
    check_plain(plain, where)
    fields = set(TextSpec.__dataclass_fields__)
    if type(plain) is not dict or not fields - {"pairs"} <= plain.keys() <= fields:
        raise DataError(f"{where} must have the values {', '.join(sorted(fields))}")
    _check_values(plain, where)
    return TextSpec.from_dict(plain)


def _check_values(plain: dict[str, Any], where: str) -> None:
    """Raises `DataError` for a value of another type or out of its range."""
    names, counts = plain["label_names"], plain["class_counts"]
    if plain["task"] not in get_args(Task) or type(plain.get("pairs", False)) is not bool:
        raise DataError(f"{where} has the task {_show(plain['task'])}; it must be one of {', '.join(get_args(Task))}")
    if not isinstance(names, (list, tuple)) or not names or not all(_is_name(name) for name in names):
        raise DataError(f"{where} must have label_names, one string for each class")
    if len(set(names)) != len(names):
        raise DataError(f"{where} has a label name twice")
    if not isinstance(counts, (list, tuple)) or not all(_is_count(count, 0, 2**53) for count in counts):
        raise DataError(f"{where} must have class_counts, an integer for each class")
    if len(counts) != len(names):
        raise DataError(f"{where} has {len(counts)} class_counts for {len(names)} label_names")
    limits = {"vocabulary_size": (1, _MAX_IDS), "max_length": (1, _MAX_TOKENS), "num_rows": (0, 2**53)}
    for name, (smallest, largest) in limits.items():
        if not _is_count(plain[name], smallest, largest):
            raise DataError(f"{where} has {name} {_show(plain[name])}; it must be in [{smallest}, {largest}]")
    if not _is_count(plain["padding_id"], 0, plain["vocabulary_size"] - 1):
        raise DataError(f"{where} has padding_id {_show(plain['padding_id'])}, which is no id of its vocabulary")


def read_text_columns(plain: Any) -> TextColumns:
    """Restores the names of the text columns from the values in a checkpoint.

    Raises:
        DataError: They are no names.
    """
    fields = set(TextColumns._fields)
    if type(plain) is not dict or plain.keys() != fields or not _is_name(plain["text"]):
        raise DataError("the checkpoint's text columns must be names of columns")
    if plain["text_pair"] is not None and not _is_name(plain["text_pair"]):
        raise DataError("the checkpoint's text columns must be names of columns")
    return TextColumns(**plain)


def _is_name(value: Any) -> bool:
    return type(value) is str and len(value) <= _MAX_NAME


def _is_count(value: Any, smallest: int, largest: int) -> bool:
    return type(value) is int and smallest <= value <= largest


def _show(value: Any) -> str:
    return repr(value)[:50]
