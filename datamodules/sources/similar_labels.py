"""Labels that people take for one, and a computer for several."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def group_similar_labels(names: Iterable[str]) -> list[list[str]]:
    """Labels that are the same but for capitals, white space and forms of characters, in groups.

    >>> group_similar_labels(["NUM", "num ", "LOC"])
    [['NUM', 'num ']]
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(" ".join(unicodedata.normalize("NFKC", name).casefold().split()), []).append(name)
    return [group for group in groups.values() if len(group) > 1]
