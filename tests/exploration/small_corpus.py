"""Small corpora, with planted faults or without any."""

from __future__ import annotations

from dataclasses import replace

from datamodules.sources.base import Rows
from exploration.corpus import Corpus


def corpus(train, validation=(), test=(), task="single_label"):
    """Each split is rows of `(text, label)`; splits without rows are left out."""
    splits = {"train": train, "validation": validation, "test": test}
    made = {name: Rows([t for t, _ in rows], [y for _, y in rows]) for name, rows in splits.items() if rows}
    return Corpus("planted", task, made, made)


def faultless_rows(count=2400):
    """Two classes, no duplicates, known words, one script."""
    words = {"a": ["apple", "pear", "plum"], "b": ["iron", "zinc", "tin"]}
    names = ["red", "green", "blue", "dark", "pale", "old", "new", "big", "small", "long", "short", "odd"]
    rows = []
    for i in range(count):
        label = "ab"[i % 2]
        rows.append((" ".join([words[label][i % 3], *(names[i // 12**k % 12] for k in range(4))]), label))
    return rows


def replace_figure(report, path, value):
    """Replaces one figure of a report, such as `classes.ratio`; a dict is merged into the one there."""
    section, name = path.split(".")
    figures = getattr(report, section)
    if isinstance(value, dict) and isinstance(getattr(figures, name), dict):
        value = getattr(figures, name) | value
    return replace(report, **{section: replace(figures, **{name: value})})
