"""The seed of the run, in the one place where Lightning keeps it."""

from __future__ import annotations

import os


def run_seed() -> int:
    """What `seed_everything` was called with, also in worker processes; 0 where it was not called."""
    return int(os.environ.get("PL_GLOBAL_SEED", "0"))
