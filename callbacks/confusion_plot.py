"""The confusion matrix as a picture that can be read, in any script."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

_FONTS = [
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "Microsoft YaHei", "SimHei", "PingFang SC", "Arial Unicode MS",
]  # fmt: skip
_FILES = ("notosanscjk", "notosanssc", "sourcehansans", "wqy", "droidsansfallback", "msyh", "simhei", "pingfang")
_WRITE_COUNTS_UP_TO = 25  # classes


def plot_confusion_matrix(counts: np.ndarray, label_names: Sequence[str], title: str) -> Figure:
    """Draws a row a true class and a column a decided one; colour is the share of the row, numbers are texts.

    Args:
        counts: int `(classes, classes)`.
        label_names: In the order of both axes.
        title: Stands above.
    """
    import matplotlib

    classes = len(label_names)
    side = float(np.clip(2.5 + 0.42 * classes, 5, 24))
    installed = _installed_fonts(label_names)
    with matplotlib.rc_context({"font.family": [font for font in _FONTS if font in installed] or ["sans-serif"]}):
        figure = Figure(figsize=(side + 1, side), layout="constrained")
        axes = figure.subplots()
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        size = 10 if classes <= _WRITE_COUNTS_UP_TO else 7
        axes.set_xticks(range(classes), label_names, rotation=90 if classes > 6 else 30, fontsize=size)
        if classes <= 6:
            for tick in axes.get_xticklabels():
                tick.set_horizontalalignment("right")
        axes.set_yticks(range(classes), label_names, fontsize=size)
        axes.set(xlabel="predicted", ylabel="true", title=title)
        if classes <= _WRITE_COUNTS_UP_TO:
            for (row, column), count in np.ndenumerate(counts):
                if count:
                    dark = shares[row, column] > 0.5
                    axes.text(
                        column,
                        row,
                        f"{count}",
                        ha="center",
                        va="center",
                        color="white" if dark else "black",
                        fontsize=9,
                    )
        figure.colorbar(picture, ax=axes, shrink=0.7, label="share of the true class")
    return figure


def _installed_fonts(label_names: Sequence[str]) -> set[str]:
    from matplotlib.font_manager import findSystemFonts, fontManager

    names = set(fontManager.get_font_names())
    if not names.intersection(_FONTS[1:]) and not all(map(str.isascii, label_names)):
        # its list is kept from when it first ran, and one may have been installed since
        for path in findSystemFonts():
            if Path(path).name.lower().startswith(_FILES):
                fontManager.addfont(path)
        names = set(fontManager.get_font_names())
    return names
