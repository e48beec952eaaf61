"""Pictures of the findings, as SVG whose text stays text.

The reader's browser picks the fonts, so labels in any script can be read, also where the machine that draws has no
font for them. Room for labels is reckoned by hand for the same reason.
"""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from exploration.class_distribution import ClassDistribution
from exploration.lengths import LengthStatistics
from exploration.vocabulary_growth import VocabularyGrowth

COLORS = {"train": "#31629e", "validation": "#d08a1d", "test": "#b5403d"}
_STYLE: Any = {  # matplotlib types its keys one by one
    "svg.fonttype": "none",
    "svg.hashsalt": "exploration",  # the same data, the same file
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
_WIDTH = 8.2  # inches
_ROW = 0.2  # inches of a bar


def plot_classes(classes: ClassDistribution) -> str:
    """A bar a class: its training texts, dots for the other splits; logarithmic where they differ much."""
    names = [_short(name) for name in classes.names]
    log = classes.ratio > 15
    height = 1.0 + _ROW * max(4, len(names))
    with rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height))
        left = min(0.45, (0.25 + _room(names)) / _WIDTH)
        axes = figure.add_axes((left, 0.55 / height, 0.95 - left, 1 - 0.95 / height))
        places = np.arange(len(names))
        counts = np.asarray(classes.counts["train"], float)
        axes.barh(places, counts, height=0.72, color=COLORS["train"], label="train")
        for shift, split in zip((-0.17, 0.17), [name for name in classes.counts if name != "train"], strict=False):
            others = np.asarray(classes.counts[split], float)
            others[others == 0] = np.nan  # shifted, so that equal counts do not hide one another
            axes.plot(
                others,
                places + shift,
                linestyle="",
                marker="o",
                markersize=5.5,
                markeredgecolor="white",
                markeredgewidth=0.6,
                color=COLORS[split],
                label=split,
            )
        axes.set_yticks(places, names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        if log:
            axes.set_xscale("log")
            axes.set_xlim(left=0.8)
        _plain_numbers(axes, x=True)
        axes.set_xlabel("texts" + (" (logarithmic)" if log else ""))
        _legend_above(axes, len(classes.counts))
        return _svg(figure, "Texts of each class, by split")


def plot_lengths(characters: LengthStatistics, tokens: LengthStatistics) -> str:
    """Two histograms, with the length that covers 99 % of training marked."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, 3))
        for place, lengths in enumerate((tokens, characters)):
            axes = figure.add_axes((0.07 + 0.49 * place, 0.16, 0.42, 0.66))
            for split, shares in lengths.histogram.items():
                axes.stairs(
                    np.asarray(shares) * 100, lengths.edges, color=COLORS[split], label=split,
                    fill=split == "train", alpha=0.45 if split == "train" else 1, linewidth=1.3,
                )  # fmt: skip
            covering = lengths.covering["train"][3]
            axes.axvline(covering, color="#333", linewidth=1, linestyle="--")
            axes.text(
                covering, 1.01, f"99 %: {covering:,}", ha="center", va="bottom", transform=axes.get_xaxis_transform(),
                fontsize=9,
            )  # fmt: skip
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=0)
            axes.set_xlabel(lengths.unit)
            _plain_numbers(axes, x=True)
            if not place:
                axes.set_ylabel("% of texts")
                _legend_above(axes, len(lengths.histogram), height=1.08)
        return _svg(figure, "How long texts are, in tokens and in characters")


def plot_vocabulary_growth(growth: VocabularyGrowth) -> str:
    """Different tokens against tokens read, both logarithmic, with Heaps' law."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH * 0.62, 3))
        axes = figure.add_axes((0.15, 0.17, 0.81, 0.73))
        tokens = np.asarray(growth.tokens, float)
        axes.plot(tokens, growth.types, color=COLORS["train"], linewidth=2, label="training texts")
        axes.plot(
            tokens, growth.factor * tokens**growth.exponent, color="#777", linestyle="--", linewidth=1,
            label=f"Heaps' law: {growth.factor:.1f} × tokens^{growth.exponent:.2f}",
        )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="tokens read", ylabel="different tokens")
        _plain_numbers(axes, x=True)
        _plain_numbers(axes, x=False)
        axes.legend(frameon=False, loc="lower right", fontsize=9)
        return _svg(figure, "How the vocabulary grows")


def _svg(figure: Figure, title: str) -> str:
    file = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the reader's browser has it
        figure.savefig(file, format="svg", metadata={"Date": None}, transparent=True)
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    head = rf'<svg class="picture" viewBox="\1" role="img" aria-label="{title}">'
    drawn = re.sub(r'^<svg[^>]*?viewBox="([^"]+)"[^>]*>', head, drawn, count=1, flags=re.DOTALL)
    return drawn.replace("'DejaVu Sans'", "var(--font)").replace("xlink:href=", "href=")


def _legend_above(axes: Axes, columns: int, height: float = 1) -> None:
    if columns > 1:
        drawn, names = axes.get_legend_handles_labels()
        order = sorted(range(len(names)), key=lambda place: names[place] != "train")
        axes.legend(
            [drawn[i] for i in order], [names[i] for i in order], frameon=False, ncols=columns, loc="lower left",
            bbox_to_anchor=(0, height), borderaxespad=0.1, fontsize=9,
        )  # fmt: skip


def _plain_numbers(axes: Axes, x: bool) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis = axes.xaxis if x else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: _brief(value)))
    axis.set_minor_formatter(NullFormatter())


def _brief(value: float) -> str:
    """A round number that leaves room for its neighbours.

    >>> [_brief(value) for value in (0.5, 250, 17_500, 2_000_000)]
    ['0.5', '250', '17.5k', '2M']
    """
    for unit, sign in ((1e6, "M"), (1e4, "k")):
        if abs(value) >= unit:
            return f"{value / (1e6 if sign == 'M' else 1e3):g}{sign}"
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _short(name: str, most: int = 44) -> str:
    return name if len(name) <= most else f"{name[:most]} …"


def _room(names: Sequence[str]) -> float:
    """Inches that the widest label takes; Chinese signs are as wide as they are high."""
    wide = [sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.6 for sign in name) for name in names]
    return max(wide, default=0) * 10 / 72
