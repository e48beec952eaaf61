from __future__ import annotations

import numpy as np

from datamodules.samplers.base import SamplingContext
from datamodules.samplers.shuffle import Shuffle


def test_each_row_comes_once_in_every_epoch():
    sampler = Shuffle(SamplingContext(np.zeros(23, int), np.ones(23, int), 1, 5, seed=0))
    for epoch in range(3):
        sampler.set_epoch(epoch)
        assert sorted(np.concatenate(list(sampler)).tolist()) == list(range(23))


def test_what_cannot_be_shared_out_differs_between_epochs():
    left_out = set()
    for epoch in range(8):
        seen = set()
        for rank in range(3):
            sampler = Shuffle(SamplingContext(np.zeros(11, int), np.ones(11, int), 1, 2, 0, rank, 3))
            sampler.set_epoch(epoch)
            seen |= set(np.concatenate(list(sampler)).tolist())
        assert len(seen) == 9
        left_out |= set(range(11)) - seen
    assert len(left_out) > 2


def test_a_repeated_epoch_draws_the_same_batches_and_others_without():
    """Overfitting trained on other batches in each epoch, since the order is drawn from the epoch."""
    for repeats, same in ((True, True), (False, False)):
        sampler = Shuffle(SamplingContext(np.zeros(23, int), np.ones(23, int), 1, 5, 0, repeats_epoch=repeats))
        first, second = (sampler.plan_epoch(epoch).tolist() for epoch in (0, 1))
        assert (first == second) is same
