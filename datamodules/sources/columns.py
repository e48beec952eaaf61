"""Which columns of a table hold texts and labels, and the checks that tables from everywhere share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from contracts.errors import DataError, UsageError, join_names, suggest_name
from contracts.text_spec import Task
from datamodules.sources.base import Rows

_DEFAULTS = {"text_pair": "text_pair", "label": "label", "labels": "labels"}


class Table(Protocol):
    """Columns under names, all of one length."""

    where: str
    """Where it came from, as a message may say it."""
    names: list[str]

    def column(self, name: str) -> list[Any]:
        """All values of one column; for reading only."""

    def places(self, rows: Sequence[int]) -> list[str]:
        """Where a reader finds these rows, such as "line 7"; may be slow."""


class Chosen(NamedTuple):
    """The columns to read from one table."""

    text: str
    text_pair: str | None
    label: str
    task: Task

    @property
    def names(self) -> list[str]:
        """The columns in use."""
        return [name for name in (self.text, self.text_pair, self.label) if name is not None]


@dataclass(frozen=True)
class Columns:
    """The user's choice of column names; a name that is not the default must be there.

    Args:
        text: Holds the texts.
        text_pair: Holds second texts; `None` where it is not to be read.
        label: Holds one label a text; `None` where it is not to be read.
        labels: Holds a list of labels a text; `None` where it is not to be read.
    """

    text: str
    text_pair: str | None
    label: str | None
    labels: str | None

    def __post_init__(self) -> None:
        """Refuses names that cannot all be meant."""
        if self.label is None and self.labels is None:
            raise UsageError(
                "label_column and labels_column are both null, so no column holds labels; name one of them with "
                "--data.source.label_column (one label a text) or --data.source.labels_column (several)"
            )
        for option in ("text_pair", "label", "labels"):
            if getattr(self, option) == self.text:
                raise UsageError(
                    f'text_column and {option}_column both name "{self.text}"; name another with '
                    f"--data.source.text_column or --data.source.{option}_column"
                )

    def choose(self, names: Sequence[str], where: str) -> Chosen:
        """Picks the columns of one table.

        Raises:
            DataError: A column is missing, or two of them could hold the labels.
        """
        self._require("text", names, where)
        if self._renamed("text_pair"):
            self._require("text_pair", names, where)
        pair = self.text_pair if self.text_pair in names else None
        # a name that the user gave says which kind of labels is meant, whatever else the table holds
        renamed = [option for option in ("label", "labels") if self._renamed(option)]
        if len(renamed) == 1:
            self._require(renamed[0], names, where)
            option = renamed[0]
        else:
            option = self._label_option(names, where)
        task: Task = "single_label" if option == "label" else "multi_label"
        return Chosen(self.text, pair, getattr(self, option), task)

    def _label_option(self, names: Sequence[str], where: str) -> str:
        present = [option for option in ("label", "labels") if getattr(self, option) in names]
        if len(present) == 1:
            return present[0]
        if present:
            raise DataError(
                f'{where} has both a column "{self.label}" (one label a text) and a column "{self.labels}" (several); '
                "leave one out with --data.source.labels_column null or --data.source.label_column null"
            )
        wanted = {"label": "one label a text", "labels": "several"}
        words = " or ".join(f'"{getattr(self, k)}" ({v})' for k, v in wanted.items() if getattr(self, k) is not None)
        near = suggest_name(self.label or str(self.labels), [name for name in names if name != self.text])
        raise DataError(
            f"{where} has no column {words}; it has: {join_names(names)}.{near} "
            "Name it with --data.source.label_column or --data.source.labels_column."
        )

    def _require(self, option: str, names: Sequence[str], where: str) -> None:
        name = getattr(self, option)
        if name in names:
            return
        sign = next((sign for sign in ";\t|," if len(names) == 1 and sign in names[0]), None)
        mend = f"Name it with --data.source.{option}_column."
        if sign is not None:
            shown = "$'\\t'" if sign == "\t" else f'"{sign}"'
            mend = f"Its columns seem to be parted by {shown}: say so with --data.source.delimiter {shown}."
        raise DataError(
            f'{where} has no column "{name}"; it has: {join_names(names)}.{suggest_name(name, names)} {mend}'
        )

    def _renamed(self, option: str) -> bool:
        return getattr(self, option) not in (None, _DEFAULTS.get(option))


def read_rows(table: Table, chosen: Chosen) -> Rows:
    """Takes texts and labels out of a table.

    Raises:
        DataError: A text is no text, or a row has no label, or something else where its label should be.
    """
    texts = _texts(table, chosen.text)
    pairs = None if chosen.text_pair is None else _texts(table, chosen.text_pair)
    if chosen.task == "single_label":
        return Rows(texts, _single_labels(table, chosen.label), pairs)
    return Rows(texts, _label_lists(table, chosen.label), pairs)


def _texts(table: Table, name: str) -> list[str]:
    values = table.column(name)
    if set(map(type, values)) <= {str}:
        return values
    texts = ["" if value is None else _word(value) for value in values]
    bad = [row for row, text in enumerate(texts) if text is None]
    if bad:
        raise DataError(
            f'{table.where}: column "{name}" holds something other than text in {_examples(table, bad, values)}. '
            "Name the column of texts with --data.source.text_column, or mend the rows."
        )
    return texts  # type: ignore[return-value]  # no row is left without a text


def _single_labels(table: Table, name: str) -> list[str]:
    values = table.column(name)
    kinds = set(map(type, values))
    if kinds & {list, dict}:
        bad = [row for row, value in enumerate(values) if isinstance(value, (list, dict))]
        raise DataError(
            f'{table.where}: column "{name}" should hold one label a text, but holds a list or an object in '
            f"{_examples(table, bad, values)}. For several labels a text: --data.source.labels_column {name}"
        )
    if kinds != {str} or not all(map(str.strip, set(values))):
        values = [None if value is None or not (word := _word(value)) or word.isspace() else word for value in values]
        bad = [row for row, value in enumerate(values) if value is None]
        if bad:
            raise DataError(
                f'{table.where}: {_rows(len(bad))} no label in column "{name}": {join_names(table.places(bad))}. '
                "Give each row a label, or leave it out."
            )
    return values


def _label_lists(table: Table, name: str) -> list[list[str]]:
    values = table.column(name)
    if set(map(type, values)) == {str}:  # few cells are distinct
        known = {cell: _label_list(cell) for cell in set(values)}
        found = [known[cell] for cell in values]
    else:
        found = [_label_list(value) for value in values]
    bad = [row for row, value in enumerate(found) if value is None]
    if bad:
        raise DataError(
            f'{table.where}: column "{name}" should hold JSON lists of label names, such as ["joy", "love"], or [] '
            f"for none, but does not in {_examples(table, bad, values)}. "
            f"For one label a text: --data.source.label_column {name}"
        )
    return [list(value) for value in found if value is not None]  # a list of its own for each row


def _label_list(value: Any) -> list[str] | None:
    """The labels of one row, each once; `None` where they are no list of names."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (json.JSONDecodeError, RecursionError):
            return None
    if not isinstance(value, list):
        return None
    words = [_word(item) for item in value]
    if not all(word and not word.isspace() for word in words):
        return None
    return [word for word in dict.fromkeys(words) if word is not None]


def _word(value: Any) -> str | None:
    """A string, number or truth value as JSON words it; `None` for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value == value:  # not a missing number
        return str(value)
    return None


def _examples(table: Table, rows: list[int], values: Sequence[Any]) -> str:
    """Rows for a message, the first with what it holds."""
    shown = json.dumps(values[rows[0]], ensure_ascii=False, default=repr)
    first, *others = table.places(rows)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    return f"{_count(len(rows))}: {join_names([f'{first} ({shown})', *others])}"


def _count(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


def _rows(number: int) -> str:
    return "1 row has" if number == 1 else f"{number} rows have"
