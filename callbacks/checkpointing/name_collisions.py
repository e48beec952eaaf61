"""Refuses file names with which the best and the last checkpoint could replace each other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from callbacks.checkpointing.best_checkpoint import BestCheckpoint
from callbacks.checkpointing.file_names import COUNTERS, DEFAULT_TEMPLATE, split_template
from callbacks.checkpointing.last_checkpoint import LastCheckpoint
from contracts.errors import UsageError

_DIGITS = frozenset("0123456789")
_NUMBER = _DIGITS | frozenset(".+-einfa")  # also in scientific notation, and of `inf` and `nan`

Pattern = tuple[str | frozenset[str], ...]
"""A letter for each place, or the letters of which one or more may stand there."""


def check_names_differ(best: BestCheckpoint, last: LastCheckpoint) -> None:
    """Raises `UsageError` if a file of the best weights and one of the last weights can have the same name."""
    if best.save_top_k == 0:
        return
    ours = best.filename or DEFAULT_TEMPLATE
    for theirs in (last.filename or DEFAULT_TEMPLATE, last.resume_name):
        if can_coincide(
            (ours, best.auto_insert_metric_name, best._enable_version_counter),
            (theirs, last.auto_insert_metric_name, last._enable_version_counter),
        ):
            written = "" if theirs != last.resume_name or last.filename == theirs else ", of an interrupt,"
            raise UsageError(
                f"the files of --checkpoint.filename {ours} and of --last_checkpoint.filename {theirs}{written} can "
                "have the same name, and one would replace the other; begin one of them with another word, such as "
                "best and last"
            )


def can_coincide(one: tuple[str, bool, bool], other: tuple[str, bool, bool]) -> bool:
    """Whether two templates can give the same name, on any file system.

    Args:
        one: The template, whether `name=` is put before each value, and whether a version may be appended.
        other: The same of the other template.

    >>> can_coincide(("best", True, False), ("last-{epoch}", True, False))
    False
    >>> can_coincide(("{step}", False, False), ("{epoch:02d}", False, False))
    True
    """
    return any(_intersect(first, second) for first in _list_patterns(*one) for second in _list_patterns(*other))


def _list_patterns(template: str, inserts_names: bool, counts_versions: bool) -> Iterator[Pattern]:
    """Yields the pattern of a template, and that with a version."""
    pattern: list[str | frozenset[str]] = []
    for text, name, spec in split_template(template):
        pattern += text.casefold()
        if name is not None:
            pattern += (name.replace("/", "_") + "=").casefold() if inserts_names else ""
            pattern.append((_DIGITS if name in COUNTERS else _NUMBER) | frozenset(spec.casefold()))
    yield tuple(pattern)
    if counts_versions:
        yield (*pattern, "-", "v", _DIGITS)


def _intersect(one: Pattern, other: Pattern) -> bool:
    """Whether a name matches both patterns."""

    @cache
    def match(here: int, there: int, goes_on_here: bool, goes_on_there: bool) -> bool:
        """Whether the rests match; a place goes on if a letter of it has been read and more may follow."""
        if goes_on_here and match(here + 1, there, False, goes_on_there):
            return True
        if goes_on_there and match(here, there + 1, goes_on_here, False):
            return True
        if here == len(one) or there == len(other):
            return here == len(one) and there == len(other)
        first, second = one[here], other[there]
        if not frozenset(first) & frozenset(second):
            return False
        repeats_here, repeats_there = isinstance(first, frozenset), isinstance(second, frozenset)
        if not (repeats_here or repeats_there):
            return match(here + 1, there + 1, False, False)
        next_here = (here, True) if repeats_here else (here + 1, False)
        next_there = (there, True) if repeats_there else (there + 1, False)
        if (next_here, next_there) == ((here, goes_on_here), (there, goes_on_there)):  # a further letter adds nothing
            return False
        return match(next_here[0], next_there[0], next_here[1], next_there[1])

    return match(0, 0, False, False)
