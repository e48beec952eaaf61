"""Plot of a confusion matrix: row percentages and counts, readable with many classes and in any script."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_FONTS = [
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "Microsoft YaHei", "SimHei", "PingFang SC", "Arial Unicode MS",
]  # fmt: skip
_FONT_FILES = ("notosanscjk", "notosanssc", "sourcehansans", "wqy", "droidsansfallback", "msyh", "simhei", "pingfang")
MAX_CLASSES = 150  # beyond this the plot cannot be read
_MAX_CLASSES_WITH_COUNTS = 15
_MAX_CLASSES_WITH_PERCENTAGES = 100
_MAX_LABEL_LENGTH = 30  # characters


def plot_confusion_matrix(counts: np.ndarray, label_names: Sequence[str], title: str) -> Figure:
    """Plots the true class by row and the predicted class by column; cells show the percentage of their row.

    Cells show percentage and count for up to 15 classes, only the percentage for up to 100, and only color for more.
    Colors and percentages are row-normalized: the diagonal shows the recall of each class.

    Args:
        counts: int `(classes, classes)`, texts by true and predicted class.
        label_names: Class names in the order of both axes.
        title: Shown above the matrix; may have several lines.
    """
    import matplotlib

    num_classes = len(label_names)
    names = [_truncate_label(name) for name in label_names]
    cell_size = _choose_cell_size(num_classes)
    installed = _find_fonts(names)
    with matplotlib.rc_context(
        {
            "font.family": [font for font in _FONTS if font in installed] or ["sans-serif"],
            "text.parse_math": False,
        }
    ):
        side = cell_size * num_classes + 2.2
        figure = Figure(figsize=(max(side + 0.8, 5.5), max(side, 4.5)), layout="constrained")
        axes = figure.subplots()
        ratios = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        image = axes.imshow(100 * ratios, cmap="Blues", vmin=0, vmax=100)
        label_size = 10 if num_classes <= 30 else 8
        axes.set_xticks(range(num_classes), names, fontsize=label_size)
        if max(map(_measure_width, names), default=0) * label_size / 72 > cell_size * 0.95:
            axes.tick_params(axis="x", labelrotation=90)
        axes.set_yticks(range(num_classes), names, fontsize=label_size)
        axes.tick_params(length=0)
        axes.set_xticks(np.arange(-0.5, num_classes), minor=True)
        axes.set_yticks(np.arange(-0.5, num_classes), minor=True)
        axes.grid(which="minor", color="#e2e6ea", linewidth=0.6)
        axes.tick_params(which="minor", length=0)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        figure.suptitle(title, fontsize=12 if num_classes <= 30 else 18)
        if num_classes <= _MAX_CLASSES_WITH_PERCENTAGES:
            _write_cells(axes, counts, ratios, cell_size)
        figure.colorbar(image, ax=axes, shrink=0.7, aspect=30, label="% of the true class (row)")
    return figure


def format_row_percentage(ratio: float) -> str:
    """Formats a cell: whole percent, `<1` for less than one percent.

    >>> [format_row_percentage(ratio) for ratio in (1.0, 0.996, 0.874, 0.004)]
    ['100', '99', '87', '<1']
    """
    percentage = round(100 * ratio)
    if ratio < 0.01:
        return "<1"
    return "99" if percentage == 100 and ratio < 1 else f"{percentage}"


def _write_cells(axes: Axes, counts: np.ndarray, ratios: np.ndarray, cell_size: float) -> None:
    """Writes the percentage, and for up to 15 classes the count, into every non-empty cell."""
    with_counts = len(counts) <= _MAX_CLASSES_WITH_COUNTS
    size = 10 if with_counts else min(9.0, 26 * cell_size)
    for (row, column), count in np.ndenumerate(counts):
        if not count:
            continue
        color = "white" if ratios[row, column] > 0.5 else "black"
        percentage = format_row_percentage(float(ratios[row, column]))
        if with_counts:
            for text, offset, font_size in ((f"{percentage}%", 6, size), (f"{count:,}", -8, 7.5)):
                axes.annotate(
                    text, (column, row), (0, offset), textcoords="offset points", ha="center", va="center",
                    color=color, fontsize=font_size,
                )  # fmt: skip
        else:
            axes.text(column, row, percentage, ha="center", va="center", color=color, fontsize=size)


def _choose_cell_size(num_classes: int) -> float:
    """Returns the side of a cell in inches: smaller with many classes, so that the image stays below 26 inches.

    >>> [round(_choose_cell_size(num_classes), 2) for num_classes in (2, 15, 40, 77, 150)]
    [1.2, 0.62, 0.32, 0.3, 0.15]
    """
    if num_classes <= 4:
        return 1.2
    if num_classes <= 8:
        return 0.8
    if num_classes <= _MAX_CLASSES_WITH_COUNTS:
        return 0.62
    if num_classes <= 30:
        return 0.36
    return min(0.32, 23.0 / num_classes)


def _truncate_label(name: str) -> str:
    """Truncates a long class name for the axes."""
    return name if len(name) <= _MAX_LABEL_LENGTH else f"{name[: _MAX_LABEL_LENGTH - 1]}…"


def _measure_width(name: str) -> float:
    """Estimates the width of a label in units of its font size; East Asian characters are twice as wide.

    >>> _measure_width("ab"), _measure_width("财经")
    (1.2, 2.0)
    """
    return sum(1.0 if unicodedata.east_asian_width(char) in "WF" else 0.6 for char in name)


def _find_fonts(label_names: Sequence[str]) -> set[str]:
    """Returns the names of the available fonts, after searching for CJK fonts if a label needs one."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    names = set(fontManager.get_font_names())
    if not names.intersection(_FONTS[1:]) and not all(map(str.isascii, label_names)):
        # matplotlib caches its font list; fonts installed later are missing from it
        for path in findSystemFonts():
            if Path(path).name.lower().startswith(_FONT_FILES):
                fontManager.addfont(path)
        names = set(fontManager.get_font_names())
    return names
