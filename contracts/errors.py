"""The two exceptions for errors that users can fix, and functions that format names in their messages.

Scripts exit with code 2 on a `UsageError` (invalid options) and 1 on a `DataError` (unusable data or files). Each
message is complete: what is wrong, the value, what is allowed, how to fix it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """Raised for options that are invalid or contradict each other; the message lists what is allowed."""

    exit_code = 2


class DataError(ValueError):
    """Raised for invalid data or files; the message has the location of the error and the fix."""

    exit_code = 1


def suggest_name(name: str, allowed: Iterable[str]) -> str:
    """Returns a question with the most similar allowed name, with a leading space; empty if none is similar.

    The beginning of a longer name counts as similar too.

    >>> suggest_name("TextCNM", ["TextCNN", "RNN"])
    ' Did you mean "TextCNN"?'
    >>> suggest_name("reviewz", ["demo_rnn", "reviews_text_cnn"])
    ' Did you mean "reviews_text_cnn"?'
    >>> suggest_name("text", ["id", "sentence", "note"])
    ''
    """
    by_lower = {candidate.lower(): candidate for candidate in allowed}
    beginnings = {lower[: len(name)]: candidate for lower, candidate in by_lower.items()} if len(name) > 3 else {}
    for candidates, cutoff in ((by_lower, 0.6), (beginnings, 0.75)):
        close = difflib.get_close_matches(name.lower(), candidates, n=1, cutoff=cutoff)
        if close:
            return f' Did you mean "{candidates[close[0]]}"?'
    return ""


def join_names(names: Iterable[str], max_names: int = 8) -> str:
    """Joins names with commas; replaces those beyond the first `max_names` by their number.

    >>> join_names(["a", "b", "c"], max_names=2)
    'a, b and 1 more'
    """
    names = list(names)
    if len(names) <= max_names:
        return ", ".join(names)
    return f"{', '.join(names[:max_names])} and {len(names) - max_names} more"
