"""Parses the verb of `train.py`: `fit` (the default), `validate` or `test`."""

from __future__ import annotations

from pathlib import Path

from commands.common_names import suggest_class
from contracts.errors import UsageError, suggest_name

_VERBS = ("fit", "validate", "test")


def add_verb(arguments: list[str]) -> list[str]:
    """Returns the arguments beginning with a verb: `fit` is prepended if they begin with an option.

    Raises:
        UsageError: The first argument is neither an option nor a verb.
    """
    first = arguments[0] if arguments else "-"
    if first.startswith("-"):
        return ["fit", *arguments]
    if first in _VERBS:
        return arguments
    if first == "predict":
        raise UsageError("train.py does not label texts; that is `python predict.py RUN_OR_CHECKPOINT FILE`")
    meant = f"--data.source Files --data.source.path {first}" if Path(first).exists() else suggest_class(first)
    suggestion = f" Did you mean {meant}?" if meant else suggest_name(first, _VERBS)
    raise UsageError(f"there is no verb {first}.{suggestion} It takes: {', '.join(_VERBS)}")
