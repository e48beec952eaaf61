"""Renders the plots of a report as SVG with text elements, displayed in the fonts of the browser."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from exploration.number_format import format_axis_number
from exploration.statistics.lengths import LengthStatistics
from exploration.statistics.vocabulary_growth import VocabularyGrowth

_COLORS = {"train": "#31629e", "validation": "#d08a1d", "test": "#b5403d"}
_STYLE: Any = {  # matplotlib types its keys one by one
    "svg.fonttype": "none",
    "svg.hashsalt": "exploration",  # the same data gives the same file
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#999",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "xtick.color": "#333",
    "ytick.color": "#333",
}
_SIZE = (4.7, 2.9)  # inches: two plots side by side on a desktop, one below the other on a phone


def plot_lengths(lengths: LengthStatistics) -> str:
    """Plots the length histogram of each split, with the 99th percentile of training."""
    with rc_context(_STYLE):
        figure, axes = _create_axes()
        for split, ratios in lengths.histogram.items():
            axes.stairs(
                np.asarray(ratios) * 100, lengths.edges, color=_COLORS[split], label=split,
                fill=split == "train", alpha=0.45 if split == "train" else 1, linewidth=1.3,
            )  # fmt: skip
        p99 = lengths.percentiles["train"]["p99"]
        axes.axvline(p99, color="#333", linewidth=1, linestyle="--")
        axes.text(
            p99, 1.01, f"p99: {p99:,}", ha="center", va="bottom", transform=axes.get_xaxis_transform(), fontsize=9
        )
        axes.set(xlim=(0, lengths.edges[-1]), ylim=(0, None), xlabel=lengths.unit, ylabel="% of texts")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
        if len(lengths.histogram) > 1:
            axes.legend(
                frameon=False, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(-0.02, 1), borderaxespad=0,
                columnspacing=1, handlelength=1.5,
            )  # fmt: skip
        return _render_svg(figure, f"Histogram of text lengths in {lengths.unit}")


def plot_vocabulary_growth(growth: VocabularyGrowth) -> str:
    """Plots types against tokens, both on logarithmic scales, with Heaps' law."""
    with rc_context(_STYLE):
        figure, axes = _create_axes()
        tokens = np.asarray(growth.tokens, float)
        axes.plot(tokens, growth.types, color=_COLORS["train"], linewidth=2, label="training texts")
        axes.plot(
            tokens, growth.factor * tokens**growth.exponent, color="#777", linestyle="--", linewidth=1,
            label=f"Heaps' law: {growth.factor:.1f} × tokens^{growth.exponent:.2f}",
        )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="tokens (log scale)", ylabel="types (log scale)")
        axes.legend(frameon=False, loc="lower right", fontsize=9)
        return _render_svg(figure, "Types against tokens")


def _create_axes() -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE)
    return figure, figure.add_axes((0.15, 0.18, 0.81, 0.72))


def _render_svg(figure: Figure, title: str) -> str:
    """Renders a figure as an `<svg>` element that scales with the page and uses its font."""
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: format_axis_number(value)))
        axis.set_minor_formatter(NullFormatter())
    file = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the reader's browser has it
        figure.savefig(file, format="svg", metadata={"Date": None}, transparent=True)
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head = rf'<svg class="plot" viewBox="\1" role="img" aria-label="{title}">'
    svg = re.sub(r'^<svg[^>]*?viewBox="([^"]+)"[^>]*>', head, svg, count=1, flags=re.DOTALL)
    return svg.replace("'DejaVu Sans'", "var(--font)").replace("xlink:href=", "href=")
