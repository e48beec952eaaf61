"""The check that every dropout of a constructor shares."""

from __future__ import annotations

from contracts.errors import UsageError


def check_dropout(**shares: float) -> None:
    """Refuses a dropout that is no share, by the name of its argument."""
    for name, share in shares.items():
        if not 0 <= share < 1:
            raise UsageError(f"{name} is the share of values set to zero and must be in [0, 1), got {share}")
