"""Formats metrics and losses for tables."""

from __future__ import annotations


def format_metric(value: float | None) -> str:
    """Formats a metric or a loss in at most nine characters; None as a dash.

    >>> [format_metric(value) for value in (0.25, None, float("nan"), 123456.0)]
    ['0.2500', '–', 'nan', '1.235e+05']
    """
    if value is None:
        return "–"
    return f"{value:.4f}" if abs(value) < 10_000 else f"{value:.4g}"
