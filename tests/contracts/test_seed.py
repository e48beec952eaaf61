"""Seeding a step's draws."""

import torch

from contracts.seed import seed_generators


def test_the_draws_are_those_after_torchs_own_seeding():
    torch.manual_seed(5)
    expected = torch.rand(3)
    seed_generators(5, torch.device("cpu"))
    assert torch.equal(torch.rand(3), expected)


def test_nothing_is_noted_for_devices_that_are_not_there():
    """`torch.manual_seed` leaves a stack trace behind for each call and each kind of device, for as long as it runs."""
    waiting = torch.cuda._queued_calls
    before = len(waiting)
    seed_generators(5, torch.device("cpu"))
    assert len(waiting) == before


def test_the_generator_of_the_device_is_set_too(monkeypatch):
    seeds = []
    monkeypatch.setattr(torch.cuda, "manual_seed", seeds.append)
    seed_generators(7, torch.device("cuda", 0))
    assert seeds == [7]
