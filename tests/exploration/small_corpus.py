"""Small corpora with planted faults."""

from __future__ import annotations

from datamodules.sources.base import Rows
from exploration.corpus import Corpus


def corpus(train, validation=(), test=(), task="single_label"):
    """Each split is rows of `(text, label)`; splits without rows are left out."""
    splits = {"train": train, "validation": validation, "test": test}
    made = {name: Rows([t for t, _ in rows], [y for _, y in rows]) for name, rows in splits.items() if rows}
    return Corpus("planted", task, made, made)
