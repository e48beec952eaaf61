"""Writes predictions as CSV, TSV or JSON lines: the columns of the input, then those of the prediction."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, TextIO

from contracts.errors import DataError, UsageError, join_names
from lightning_modules.prediction_columns import format_prediction, name_prediction_columns
from lightning_modules.predictor import Prediction

_BYTE_ORDER_MARK = "\ufeff"
_DECIMALS = 7  # of confidence and probabilities


class PredictionWriter(Protocol):
    """Writes one row per text."""

    def write(self, row: Mapping[str, Any], prediction: Prediction) -> None:
        """Writes the columns of the input and the prediction."""


class DelimitedWriter:
    """Writes CSV or TSV; the constructor writes the header.

    Args:
        file: Text file open for writing, without translation of line ends.
        columns: Columns of the input; missing values of a row are written as empty strings.
        label_names: Names of all classes.
        delimiter: Field delimiter.
        byte_order_mark: Whether to write a byte order mark, by which Excel detects UTF-8.

    Raises:
        UsageError: The input has a column of the same name as one of the prediction.
    """

    def __init__(
        self, file: TextIO, columns: Sequence[str], label_names: Sequence[str], delimiter: str, byte_order_mark: bool
    ) -> None:
        names = name_prediction_columns(label_names)
        _check_names(columns, names)
        self._columns = columns
        self._writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        file.write(_BYTE_ORDER_MARK * byte_order_mark)
        self._writer.writerow([*columns, *names])

    def write(self, row: Mapping[str, Any], prediction: Prediction) -> None:
        """Writes a row.

        Raises:
            DataError: It has a column that is not in the header.
        """
        extra = sorted(row.keys() - set(self._columns))
        if extra:
            raise DataError(
                f"--keep_columns: the header does not name {join_names(extra)}, which no first row of a "
                "file has, but a later row does; write JSON lines, where each row has its own names (--format jsonl)"
            )
        values = (_format_value(row.get(name)) for name in self._columns)
        labels, confidence, probabilities = prediction
        self._writer.writerow([*values, *format_prediction(labels, confidence, probabilities.values())])


class JsonLinesWriter:
    """Writes one JSON object per text; probabilities are an object by class name.

    Args:
        file: Text file open for writing.
        columns: Columns of the first rows of the input; later rows may have others.

    Raises:
        UsageError: The input has a column of the same name as one of the prediction.
    """

    _NAMES = ("prediction", "confidence", "probabilities")

    def __init__(self, file: TextIO, columns: Sequence[str]) -> None:
        _check_names(columns, self._NAMES)
        self._file = file

    def write(self, row: Mapping[str, Any], prediction: Prediction) -> None:
        """Writes an object.

        Raises:
            UsageError: It has a column of the same name as one of the prediction.
        """
        _check_names(row, self._NAMES)
        probabilities = {name: round(value, _DECIMALS) for name, value in prediction.probabilities.items()}
        confidence = round(prediction.confidence, _DECIMALS)
        values = zip(self._NAMES, (prediction.prediction, confidence, probabilities), strict=True)
        self._file.write(json.dumps({**row, **dict(values)}, ensure_ascii=False) + "\n")


def _check_names(columns: Collection[str], names: Collection[str]) -> None:
    """Raises `UsageError` if a column of the input has the name of a column of the prediction."""
    common = [name for name in columns if name in names]
    if common:
        raise UsageError(
            f"--keep_columns: both the input and the prediction have {join_names(common)} among "
            "their columns; rename it in the input, or leave out --keep_columns"
        )


def _format_value(value: object) -> str:
    """Formats a value of the input as a table cell: strings unchanged, None as empty, all others as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
