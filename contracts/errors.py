"""The two kinds of fault a user can mend, and the wording they share.

Scripts end with exit code 2 on a `UsageError` (what was asked for cannot be) and 1 on a `DataError` (what was found in
the data cannot be used). Both carry the whole message: what, got, allowed, how to mend.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """What the user asked for cannot be done; the message says what can."""

    exit_code = 2


class DataError(ValueError):
    """The data cannot be used as they are; the message says where and how to mend them."""

    exit_code = 1


def suggest_name(name: str, allowed: Iterable[str]) -> str:
    """Words the nearest valid name as a question, with a leading space; empty where none is near.

    >>> suggest_name("TextCNM", ["TextCNN", "RNN"])
    ' Did you mean "TextCNN"?'
    >>> suggest_name("zzz", ["TextCNN", "RNN"])
    ''
    """
    by_lower = {candidate.lower(): candidate for candidate in allowed}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return f' Did you mean "{by_lower[close[0]]}"?' if close else ""


def join_names(names: Iterable[str], max_names: int = 8) -> str:
    """Joins names for a message and cuts a long list.

    >>> join_names(["a", "b", "c"], max_names=2)
    'a, b and 1 more'
    """
    names = list(names)
    if len(names) <= max_names:
        return ", ".join(names)
    return f"{', '.join(names[:max_names])} and {len(names) - max_names} more"
