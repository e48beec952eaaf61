"""Lists all advice on a data report, in the order of the page: data quality first."""

from __future__ import annotations

from exploration.advice.data_quality import advise_on_data_quality
from exploration.advice.item import Advice
from exploration.advice.training_options import advise_on_training_options
from exploration.data_report import DataReport


def list_advice(report: DataReport) -> list[Advice]:
    """Returns all advice that applies: first on data quality, which distorts scores, then on training options."""
    return [*advise_on_data_quality(report), *advise_on_training_options(report)]
