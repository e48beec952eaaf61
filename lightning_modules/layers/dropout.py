"""The range check of dropout arguments."""

from __future__ import annotations

from contracts.errors import UsageError


def check_dropout(**probabilities: float) -> None:
    """Raises an error, with the name of the argument, for a dropout outside [0, 1)."""
    for name, probability in probabilities.items():
        if not 0 <= probability < 1:
            raise UsageError(f"{name} is the fraction of values set to zero and must be in [0, 1), got {probability}")
