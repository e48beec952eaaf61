"""Which names of the best and the last checkpoint are refused, since one file could replace the other."""

from __future__ import annotations

import re
from itertools import product

import pytest
import torch

from callbacks.checkpointing.best_checkpoint import BestCheckpoint
from callbacks.checkpointing.file_names import format_file_name
from callbacks.checkpointing.last_checkpoint import LastCheckpoint
from callbacks.checkpointing.name_collisions import can_coincide, check_names_differ
from contracts.errors import UsageError

TEMPLATES = ("best", "last", "{epoch}", "{step}", "{epoch}-{step}", "{epoch}{step}", "1-{epoch}", "{epoch:02d}", "11")


def build(best: dict, last: dict) -> tuple[BestCheckpoint, LastCheckpoint]:
    options = {"enable_version_counter": False}
    kept = BestCheckpoint(**{"filename": "best", "monitor": "validation/loss"} | options | best)
    return kept, LastCheckpoint(**{"filename": "last"} | options | last)


@pytest.mark.parametrize(
    ("best", "last"),
    [
        ({"filename": "last"}, {}),
        ({}, {"filename": "best"}),
        ({}, {"filename": "Best"}),
        ({"filename": "x"}, {"filename": "x"}),
        ({"filename": None}, {"filename": None}),
        ({"filename": "last"}, {"filename": "{epoch}"}),
        ({"save_top_k": 3}, {"filename": "best-{epoch}-{step}"}),
        ({"filename": "best-{epoch}"}, {"filename": "best-{epoch}"}),
        ({"filename": "{validation/loss:.0f}", "auto_insert_metric_name": False}, {"filename": "12"}),
        ({"filename": "a", "enable_version_counter": True}, {"filename": "a-v1"}),
    ],
)
def test_names_that_can_coincide_are_refused(best, last):
    with pytest.raises(UsageError, match=r"--checkpoint.filename .* can have the same name, and one would replace"):
        check_names_differ(*build(best, last))


@pytest.mark.parametrize(
    ("best", "last"),
    [
        ({}, {}),
        ({"save_top_k": -1}, {}),
        ({"save_top_k": 0, "filename": "last"}, {}),
        ({"filename": "{epoch}-{validation/loss:.2f}"}, {"filename": "{epoch}"}),
        ({"filename": None}, {"filename": "last-{epoch}-{step}"}),
    ],
)
def test_names_that_differ_are_taken(best, last):
    check_names_differ(*build(best, last))


@pytest.mark.parametrize(("one", "other"), list(product(TEMPLATES, TEMPLATES)))
@pytest.mark.parametrize("inserts", [True, False])
def test_every_coincidence_of_small_numbers_is_found(one, other, inserts):
    """The second formula: all names of both templates with counts up to 12, and 1 of them is enough."""
    counts = [{"epoch": torch.tensor(a), "step": torch.tensor(b)} for a, b in product(range(1, 13), range(1, 13))]
    ours, theirs = ({format_file_name(name, values, inserts) for values in counts} for name in (one, other))
    assert can_coincide((one, inserts, False), (other, inserts, False)) == bool(ours & theirs)
    assert all(re.fullmatch(r"[\w=-]+", name) for name in ours)
