"""Formats numbers for the page, the terminal and advice; never in scientific notation."""

from __future__ import annotations


class Ratio(float):
    """A ratio in [0, 1], shown as a percentage."""


def format_number(value: int | float) -> str:
    """Formats counts with thousands separators, other numbers with one or two decimals, ratios as percentages.

    >>> [format_number(value) for value in (12345, 3.14159, 12345.678, 1e21, Ratio(0.5))]
    ['12,345', '3.14', '12,345.7', '1,000,000,000,000,000,000,000.0', '50%']
    """
    if isinstance(value, Ratio):
        return format_percentage(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


def format_percentage(ratio: float) -> str:
    """Formats a ratio in [0, 1] with two significant digits; 0% and 100% are shown only if exact.

    >>> [format_percentage(ratio) for ratio in (0, 0.00004, 0.0114, 0.5, 0.9962, 0.99999, 1)]
    ['0%', '< 0.01%', '1.1%', '50%', '99.6%', '> 99.9%', '100%']
    """
    if 0 < ratio < 0.0001:
        return "< 0.01%"
    if 0.9995 < ratio < 1:
        return "> 99.9%"
    if 0.9945 < ratio < 1:
        return f"{100 * ratio:.1f}%"
    return f"{format_points(ratio)}%"


def format_points(ratio: float) -> str:
    """Formats a ratio as a number of percentage points with two significant digits.

    >>> [format_points(ratio) for ratio in (0.00123, 0.0996, 0.283, 1.0)]
    ['0.12', '10', '28', '100']
    """
    points = 100 * ratio
    return f"{points:.0f}" if points == 0 or points >= 9.95 else f"{points:.2g}"


def format_axis_number(value: float) -> str:
    """Formats a tick label of an axis in a few characters, with up to two decimals.

    >>> [format_axis_number(value) for value in (0, 0.5, 2.5, 250, 17_500, 2_000_000, 3_000_000_000)]
    ['0', '0.5', '2.5', '250', '17.5k', '2M', '3,000M']
    """
    unit, suffix = (1e6, "M") if abs(value) >= 1e6 else (1e3, "k") if abs(value) >= 1e4 else (1, "")
    return f"{value / unit:,.2f}".rstrip("0").rstrip(".") + suffix
