"""Options that contradict each other, or that would leave a run without what it needs."""

from __future__ import annotations

import pytest

from commands.checks import check_seed
from contracts.errors import UsageError


@pytest.mark.parametrize("seed", [False, -1, 99999999999, 2**32])
def test_a_seed_that_no_generator_takes_is_refused(seed):
    words = f"--seed_everything takes a number from 0 to 4294967295, got {str(seed).lower()}; the default is 0"
    with pytest.raises(UsageError, match=words):
        check_seed(seed)


@pytest.mark.parametrize("seed", [True, None, 0, 7, 2**32 - 1])
def test_other_seeds_are_taken(seed):
    check_seed(seed)
