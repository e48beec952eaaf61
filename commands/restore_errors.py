"""Errors while a checkpoint's training state is restored: the checkpoint is damaged, so they are data errors."""

from __future__ import annotations

import traceback
from pathlib import Path

from contracts.errors import DataError, UsageError

_RESTORING = {"checkpoint_connector.py", "best_restoration.py", "exact_resume.py"}
"""The modules of Lightning and of this project that restore weights, loops, callbacks and optimizers."""
_MAX_REASON = 200


def format_restore_error(error: BaseException, checkpoint: Path | str | None, verb: str) -> str | None:
    """Formats an error that was raised while a checkpoint was restored; None for any other error.

    Args:
        error: Of any type.
        checkpoint: The file that is restored; None if there is none.
        verb: `fit`, `validate` or `test`.
    """
    if checkpoint is None or not isinstance(error, Exception) or isinstance(error, UsageError):
        return None
    if isinstance(error, DataError) and str(checkpoint) in str(error):
        return None
    frames = traceback.extract_tb(error.__traceback__)
    if not any(Path(frame.filename).name in _RESTORING for frame in frames):
        return None
    reason = f"{type(error).__name__}: {' '.join(str(error).split())[:_MAX_REASON]}"
    if verb != "fit":
        return f"{checkpoint} cannot be evaluated: it is damaged ({reason})"
    return (
        f"{checkpoint} cannot be continued from: its training state is damaged ({reason}); label texts with predict.py"
    )
