"""The columns of a table that hold texts and labels, and reading their values as rows."""

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
    """Named columns of equal length."""

    where: str
    """Its origin, for messages: a file, or a split of a data set."""
    names: list[str]

    def get_column(self, name: str) -> list[Any]:
        """Returns all values of one column; read-only."""

    def locate_rows(self, rows: Sequence[int]) -> list[str]:
        """Returns where to find rows in the origin, such as "line 7"; may be slow."""


class ColumnChoice(NamedTuple):
    """The columns to read from one table."""

    text: str
    text_pair: str | None
    label: str
    task: Task

    @property
    def names(self) -> list[str]:
        """The names of the columns to read."""
        return [name for name in (self.text, self.text_pair, self.label) if name is not None]


@dataclass(frozen=True)
class Columns:
    """The column names set by the user; a name that is not the default must exist.

    Args:
        text: The column of texts.
        text_pair: The column of second texts; `None` to ignore it.
        label: The column of one label per text; `None` to ignore it.
        labels: The column of lists of labels; `None` to ignore it.
    """

    text: str
    text_pair: str | None
    label: str | None
    labels: str | None

    def __post_init__(self) -> None:
        """Checks that there is a column of labels, and that no column has two roles."""
        if self.label is None and self.labels is None:
            raise UsageError(
                "label_column and labels_column are both null, so no column holds labels; name one of them with "
                "--data.source.label_column (one label per text) or --data.source.labels_column (several)"
            )
        for option in ("text_pair", "label", "labels"):
            if getattr(self, option) == self.text:
                raise UsageError(
                    f'text_column and {option}_column both name "{self.text}"; name another with '
                    f"--data.source.text_column or --data.source.{option}_column"
                )

    def choose(self, names: Sequence[str], where: str) -> ColumnChoice:
        """Chooses the columns to read from one table.

        Args:
            names: The names of all its columns.
            where: Its origin, for messages.

        Raises:
            DataError: A column is missing, or two of them could hold the labels.
        """
        self._require("text", names, where)
        if self._is_renamed("text_pair"):
            self._require("text_pair", names, where)
        pair = self.text_pair if self.text_pair in names else None
        # a name set by the user decides between one label and several, whatever else the table holds
        renamed = [option for option in ("label", "labels") if self._is_renamed(option)]
        if len(renamed) == 1:
            self._require(renamed[0], names, where)
            option = renamed[0]
        else:
            option = self._choose_label_option(names, where)
        task: Task = "single_label" if option == "label" else "multi_label"
        return ColumnChoice(self.text, pair, getattr(self, option), task)

    def _choose_label_option(self, names: Sequence[str], where: str) -> str:
        """Chooses between the column of one label and that of label lists."""
        present = [option for option in ("label", "labels") if getattr(self, option) in names]
        if len(present) == 1:
            return present[0]
        if present:
            raise DataError(
                f'{where} has both a column "{self.label}" (one label per text) and a column "{self.labels}" '
                "(several); ignore one with --data.source.labels_column null or --data.source.label_column null"
            )
        contents = {"label": "one label per text", "labels": "several"}
        wanted = " or ".join(f'"{getattr(self, k)}" ({v})' for k, v in contents.items() if getattr(self, k) is not None)
        others = [name for name in names if name != self.text]
        suggestion, advice = _suggest_column(self.label or str(self.labels), others)
        fix = advice or "Name it with --data.source.label_column or --data.source.labels_column."
        raise DataError(f"{where} has no column {wanted}; it has: {join_names(names)}.{suggestion} {fix}")

    def _require(self, option: str, names: Sequence[str], where: str) -> None:
        """Raises an error if a column does not exist."""
        name = getattr(self, option)
        if name in names:
            return
        suggestion, advice = _suggest_column(name, names)
        fix = advice or f"Name it with --data.source.{option}_column."
        raise DataError(f'{where} has no column "{name}"; it has: {join_names(names)}.{suggestion} {fix}')

    def _is_renamed(self, option: str) -> bool:
        """Returns whether the user set another name than the default."""
        return getattr(self, option) not in (None, _DEFAULTS.get(option))


def check_same_columns(table: Table, choice: ColumnChoice, first: tuple[str, ColumnChoice], fix: str) -> None:
    """Checks that a table has the same type of labels, and second texts, as the first one of its source.

    Args:
        table: Table of one split.
        choice: Its columns.
        first: Origin and columns of the first table.
        fix: A sentence for the message.

    Raises:
        DataError: It has not.
    """
    where, columns = first
    if (choice.task, choice.text_pair) != (columns.task, columns.text_pair):
        raise DataError(
            f"{table.where} does not fit {where}: it has the columns {join_names(choice.names)}, but the other "
            f"{join_names(columns.names)}. {fix}"
        )


def read_rows(table: Table, choice: ColumnChoice) -> Rows:
    """Reads texts and labels from the selected columns of a table.

    Raises:
        DataError: A value is not a text or not a label, or a row has no label.
    """
    texts = _read_texts(table, choice.text)
    pairs = None if choice.text_pair is None else _read_texts(table, choice.text_pair)
    if choice.task == "single_label":
        return Rows(texts, _read_labels(table, choice.label), pairs)
    return Rows(texts, _read_label_lists(table, choice.label), pairs)


def _read_texts(table: Table, name: str) -> list[str]:
    """Reads a column of texts."""
    values = table.get_column(name)
    if set(map(type, values)) <= {str}:
        return values
    texts = ["" if value is None else _to_string(value) for value in values]
    bad = [row for row, text in enumerate(texts) if text is None]
    if bad:
        raise DataError(
            f'{table.where}: column "{name}" holds something other than text in {_format_rows(table, bad, values)}. '
            "Name the column of texts with --data.source.text_column, or fix the rows."
        )
    return texts  # type: ignore[return-value]  # no row is left without a text


def _read_labels(table: Table, name: str) -> list[str]:
    """Reads a column of one label per text."""
    values = table.get_column(name)
    types = set(map(type, values))
    if types & {list, dict}:
        bad = [row for row, value in enumerate(values) if isinstance(value, (list, dict))]
        raise DataError(
            f'{table.where}: column "{name}" should hold one label per text, but holds a list or an object in '
            f"{_format_rows(table, bad, values)}. For several labels per text: --data.source.labels_column {name}"
        )
    if types != {str} or not all(map(str.strip, set(values))):
        labels = ["" if value is None else (_to_string(value) or "") for value in values]
        bad = [row for row, label in enumerate(labels) if not label or label.isspace()]
        if bad:
            rows = "1 row has" if len(bad) == 1 else f"{len(bad)} rows have"
            raise DataError(
                f'{table.where}: {rows} no label in column "{name}": {join_names(table.locate_rows(bad))}. '
                "Give each row a label, or remove it."
            )
        return labels
    return values


def _read_label_lists(table: Table, name: str) -> list[list[str]]:
    """Reads a column of label lists."""
    values = table.get_column(name)
    if set(map(type, values)) == {str}:  # few cells are distinct
        parsed = {cell: _parse_label_list(cell) for cell in set(values)}
        lists = [parsed[cell] for cell in values]
    else:
        lists = [_parse_label_list(value) for value in values]
    bad = [row for row, value in enumerate(lists) if value is None]
    if bad:
        raise DataError(
            f'{table.where}: column "{name}" should hold JSON lists of label names, such as ["joy", "love"], or [] '
            f"for none, but does not in {_format_rows(table, bad, values)}. "
            f"For one label per text: --data.source.label_column {name}"
        )
    return [list(value) for value in lists if value is not None]  # each row has a list of its own


def _parse_label_list(value: Any) -> list[str] | None:
    """Parses the labels of one row, without repeats; `None` if it is not a list of names."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (json.JSONDecodeError, RecursionError):
            return None
    if not isinstance(value, list):
        return None
    labels = [_to_string(item) for item in value]
    if not all(label and not label.isspace() for label in labels):
        return None
    return [label for label in dict.fromkeys(labels) if label is not None]


def _to_string(value: Any) -> str | None:
    """Converts a string, number or boolean to a string as JSON writes it; `None` for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value == value:  # not NaN, which is a missing number
        return str(value)
    return None


def _format_rows(table: Table, rows: list[int], values: Sequence[Any]) -> str:
    """Formats the number and the locations of rows for a message, the first with its value."""
    count = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    value = json.dumps(values[rows[0]], ensure_ascii=False, default=repr)
    value = value if len(value) <= 60 else f"{value[:57]}..."
    first, *others = table.locate_rows(rows)
    return f"{count}: {join_names([f'{first} ({value})', *others])}"


def find_unsplit_delimiter(names: Sequence[str]) -> str | None:
    """Returns the delimiter that the only column name of a table contains, so that it is a whole header; else None.

    >>> find_unsplit_delimiter(["text;label"]), find_unsplit_delimiter(["text", "label"])
    (';', None)
    """
    return next((sign for sign in ";\t|," if len(names) == 1 and sign in names[0]), None)


def _suggest_column(name: str, names: Sequence[str]) -> tuple[str, str]:
    """Returns the question with the nearest column, and the fix for a header that was not split; each may be empty."""
    delimiter = find_unsplit_delimiter(names)
    if delimiter is None:
        return suggest_name(name, names), ""
    shown = "$'\\t'" if delimiter == "\t" else f'"{delimiter}"'
    return "", f"Its columns seem to be separated by {shown}: set --data.source.delimiter {shown}."
