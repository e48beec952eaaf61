"""Label names that differ only in case, white space or Unicode form, and are probably meant as one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def group_similar_labels(names: Iterable[str]) -> list[list[str]]:
    """Groups label names that are equal after case folding, whitespace and NFKC normalization; groups of 2 or more.

    >>> group_similar_labels(["NUM", "num ", "LOC"])
    [['NUM', 'num ']]
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(" ".join(unicodedata.normalize("NFKC", name).casefold().split()), []).append(name)
    return [group for group in groups.values() if len(group) > 1]
