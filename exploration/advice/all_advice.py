"""All advice that a data report gives rise to, in the order of the page: faults of the data first."""

from __future__ import annotations

from exploration.advice.data_quality import advise_on_data_quality
from exploration.advice.item import Advice
from exploration.advice.training_options import advise_on_training_options
from exploration.data_report import DataReport


def list_advice(report: DataReport) -> list[Advice]:
    """Lists all advice whose condition holds: what distorts scores first, then what may improve them."""
    return [*advise_on_data_quality(report), *advise_on_training_options(report)]
