"""Balance in each batch: class counts, copies and lengths of the batches that balanced samplers plan."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.samplers.base import SamplingContext
from datamodules.samplers.class_balanced import ClassBalanced
from datamodules.samplers.resampling import OverSampled, UnderSampled
from datamodules.samplers.stratified_batches import space_copies, stratify_batches

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.permutation(np.repeat(range(6), [1500, 800, 500, 300, 150, 40]))
LENGTHS = np.clip(RANDOM.normal(np.array([10, 7, 13, 8, 14, 15])[LABELS], 3), 1, None).astype(int)
"""As the demo data: 40 : 1, and rare classes are longer."""
BATCH = 64
SAMPLERS = {
    "inverse": ClassBalanced,
    "sqrt": partial(ClassBalanced, weighting="sqrt"),
    "natural": partial(ClassBalanced, schedule="deferred"),
    "of mixed lengths": partial(ClassBalanced, group_by_length=False),
    "over-sampled": OverSampled,
    "under-sampled": partial(UnderSampled, ratio=3.0),
}


def create_context(labels=LABELS, lengths=LENGTHS, batch_size=BATCH, rank=0, world_size=1) -> SamplingContext:
    classes = labels.shape[1] if labels.ndim == 2 else int(labels.max()) + 1
    return SamplingContext(labels, lengths, classes, batch_size, 3, rank, world_size, epochs=5)


def split_epoch(sampler, epoch: int = 0) -> list[np.ndarray]:
    sampler.set_epoch(epoch)
    return list(sampler)


def count_classes(batches: list[np.ndarray], labels=LABELS) -> np.ndarray:
    """Counts the texts of each class in each batch, `(batches, classes)`."""
    if labels.ndim == 2:
        return np.array([labels[batch].sum(0) for batch in batches])
    return np.array([np.bincount(labels[batch], minlength=labels.max() + 1) for batch in batches])


@pytest.fixture(params=SAMPLERS)
def make(request):
    return SAMPLERS[request.param]


def test_a_class_has_the_same_number_of_texts_in_each_batch_give_or_take_one(make):
    """Copies of one text have one length: when texts were repeated first and bucketed by length afterwards, the
    proportion of a class in a batch had a standard deviation of 0.17, and half of the batches lacked a class."""
    for epoch in range(3):
        counts = count_classes(split_epoch(make(create_context()), epoch)[:-1])
        assert np.ptp(counts, axis=0).max() <= 1
        assert counts.std(axis=0).max() <= 0.5  # of two adjacent integers


@pytest.mark.parametrize("world_size", [1, 2, 3, 4])
def test_the_shards_of_a_batch_have_the_same_number_of_texts_of_each_class_give_or_take_one(make, world_size):
    contexts = [create_context(batch_size=20, rank=rank, world_size=world_size) for rank in range(world_size)]
    shards = [split_epoch(make(context)) for context in contexts]
    counts = np.array([count_classes(shard) for shard in shards])  # ranks batches classes
    assert np.ptp(counts, axis=0).max() <= 1
    assert np.ptp(counts[:, :-1].sum(0), axis=0).max() <= 1
    assert np.ptp(counts[:, :-1], axis=(0, 1)).max() <= 2


def test_no_batch_lacks_a_class_that_has_a_text_per_batch_on_average():
    """50 classes in batches of 50, as in TREC: one text of each class, the partial last batch included."""
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(50), np.geomspace(2, 400, 50).astype(int)))
    sampler = OverSampled(create_context(labels, np.arange(len(labels)) % 37 + 1, 50))
    assert (count_classes(split_epoch(sampler), labels) == 1).all()


def test_the_last_batch_has_each_class_in_proportion():
    batches = split_epoch(ClassBalanced(create_context()))
    assert len(batches[-1]) == len(LABELS) % BATCH
    assert count_classes(batches)[-1] == pytest.approx(np.full(6, len(batches[-1]) / 6), abs=1)


def test_no_text_is_twice_in_a_batch_if_its_class_has_enough():
    """Of the rarest class, 40 texts, each batch has 10 or 11, and an epoch draws each text 13 times or more."""
    for name, make in SAMPLERS.items():
        for batch_size in (BATCH, 200):
            batches = split_epoch(make(create_context(batch_size=batch_size)))
            assert all(len(set(batch.tolist())) == len(batch) for batch in batches), (name, batch_size)


def test_a_class_of_fewer_texts_than_draws_per_batch_repeats_them_evenly():
    labels = np.repeat([0, 1], [300, 3])
    for batch in split_epoch(ClassBalanced(create_context(labels, np.arange(303) % 9 + 1, 20)))[:-1]:
        assert set(np.bincount(batch, minlength=303)[300:]) <= {3, 4}


def test_a_class_of_less_than_a_text_per_batch_is_in_a_batch_once_at_most():
    labels = np.random.default_rng(2).permutation(np.repeat(np.arange(41), [2000, *[20] * 40]))
    sampler = ClassBalanced(create_context(labels, np.arange(2800) % 30 + 1, 20), weighting="sqrt")
    counts = count_classes(split_epoch(sampler), labels)
    assert counts[:, 1:].max() == 1
    assert counts[:, 1:].mean() < 0.5


def test_labels_that_are_balanced_in_expectation_vary_less_between_batches_than_by_chance():
    rng = np.random.default_rng(0)
    labels = (rng.random((4000, 8)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01]).astype(np.uint8)
    sampler = ClassBalanced(create_context(labels, rng.integers(1, 40, 4000)), multi_label="expected")
    ratios = count_classes(split_epoch(sampler)[:-1], labels) / BATCH
    by_chance = np.sqrt(ratios.mean(0) * (1 - ratios.mean(0)) / BATCH)
    assert (ratios.std(0) < 1.15 * by_chance).all()  # frequent labels come with rare ones, in any number
    assert ratios.std(0).mean() < 0.6 * by_chance.mean()
    assert ratios.min() > 0


def test_batches_are_as_short_as_balanced_batches_of_distinct_texts_can_be():
    """With each class in each batch, a batch is as long as its longest class: the mean over quantiles of the largest
    quantile of all classes, if all texts are sorted. Pools of a quarter of the epoch and distinct texts cost more."""
    quantiles = (np.arange(1000) + 0.5) / 1000
    by_class = [np.quantile(LENGTHS[label == LABELS], quantiles) for label in range(6)]
    least = np.max(by_class, axis=0).mean()
    bucketed, mixed = (ClassBalanced(create_context(), group_by_length=choice) for choice in (True, False))
    tokens = [np.mean([LENGTHS[batch].max() for batch in split_epoch(sampler)[:-1]]) for sampler in (bucketed, mixed)]
    assert 0.98 * least < tokens[0] < 1.2 * least
    assert tokens[0] < 0.9 * tokens[1]


def test_batches_of_a_class_hold_different_texts_from_epoch_to_epoch():
    sampler = ClassBalanced(create_context())
    first, second = ({frozenset(batch.tolist()) for batch in split_epoch(sampler, epoch)} for epoch in (0, 1))
    assert not first & second


def test_batches_come_in_random_order_of_length():
    longest = [LENGTHS[batch].max() for batch in split_epoch(ClassBalanced(create_context()))[:-1]]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.4


@settings(max_examples=80, deadline=None)
@given(
    rows=st.integers(1, 80),
    strata=st.integers(1, 9),
    most=st.integers(1, 5),
    batch_size=st.integers(1, 30),
    pool=st.integers(1, 6),
    by_length=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_draws_are_kept_and_divided_evenly(rows, strata, most, batch_size, pool, by_length, seed):
    rng = np.random.default_rng(seed)
    copies, stratum = rng.integers(0, most + 1, rows), rng.integers(0, strata, rows)
    copies[0] += 1  # an epoch is never empty
    lengths = rng.integers(0, 9, rows) if by_length else None
    found = stratify_batches(copies, stratum, lengths, batch_size, pool, rng)
    assert np.bincount(found, minlength=rows).tolist() == copies.tolist()
    full = len(found) // batch_size
    counts = [
        np.bincount(stratum[found[start : start + batch_size]], minlength=strata)
        for start in range(0, full * batch_size, batch_size)
    ]
    assert not full or np.ptp(counts, axis=0).max() <= 1
    rest = np.bincount(stratum[found[full * batch_size :]], minlength=strata)
    expected = np.bincount(stratum, copies, strata) * (len(found) - full * batch_size) / len(found)
    assert np.abs(rest - expected).max() < 1


@pytest.mark.parametrize("copies", [[2, 2, 2, 2, 2], [3, 2, 3, 2, 2], [1, 0, 1, 1, 1]])
def test_successive_draws_as_many_as_items_are_of_different_items(copies):
    copies = np.array(copies)
    found = space_copies(np.zeros(5, int), np.maximum(copies, 1), np.random.default_rng(0))
    assert all(len(set(found[start : start + 5].tolist())) == 5 for start in range(len(found) - 4))


def test_copies_are_evenly_spaced_however_many_there_are():
    """24, 6 and 12 times one copy: the 24 of an item are in every second place, the 6 of another in every eighth."""
    copies = np.array([24, 6, *[1] * 18])
    found = space_copies(np.zeros(20, int), copies, np.random.default_rng(0))
    assert np.bincount(found).tolist() == copies.tolist()
    assert np.diff(np.flatnonzero(found == 0)).max() <= 5
    assert 4 <= np.diff(np.flatnonzero(found == 1)).min() <= np.diff(np.flatnonzero(found == 1)).max() <= 13


def test_groups_stay_in_order():
    found = space_copies(np.array([0, 0, 1, 2]), np.array([1, 2, 3, 1]), np.random.default_rng(0))
    assert sorted(found[:3].tolist()) == [0, 1, 1]
    assert found[3:].tolist() == [2, 2, 2, 3]


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    least=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_copies_that_differ_by_at_most_one_are_a_whole_round_apart(sizes, least, seed):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    found = space_copies(group, rng.integers(least, least + 2, len(group)), rng)
    for item in range(len(group)):
        apart = np.diff(np.flatnonzero(found == item))
        assert apart.min(initial=sizes[group[item]]) >= sizes[group[item]]
