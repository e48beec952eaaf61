from __future__ import annotations

import numpy as np
import pytest

from contracts.errors import UsageError
from datamodules.samplers.base import SamplingContext
from datamodules.samplers.class_balanced import ClassBalanced

LABELS = np.repeat([0, 1, 3], [900, 90, 10])  # class 2 has no row


def context(labels=LABELS, batch_size=20, rank=0, world_size=1) -> SamplingContext:
    lengths = np.random.default_rng(0).integers(1, 50, len(labels))
    return SamplingContext(labels, lengths, 4, batch_size, 0, rank, world_size)


def drawn(sampler: ClassBalanced, epoch: int = 0) -> np.ndarray:
    sampler.set_epoch(epoch)
    return np.concatenate(list(sampler))


def counts(rows: np.ndarray) -> list[int]:
    return np.bincount(LABELS[rows], minlength=4).tolist()


def test_inverse_draws_every_class_equally_often():
    assert counts(drawn(ClassBalanced(context()))) == pytest.approx([1000 / 3, 1000 / 3, 0, 1000 / 3], abs=1)


def test_sqrt_draws_classes_by_the_root_of_their_size():
    roots = np.sqrt([900, 90, 0, 10])
    assert counts(drawn(ClassBalanced(context(), weighting="sqrt"))) == pytest.approx(1000 * roots / roots.sum(), abs=1)


def test_effective_numbers_give_the_shares_of_the_paper():
    """n (1 - beta) / (1 - beta**n), Cui et al. 2019, equation 2."""
    sizes = np.array([900, 90, 0, 10])
    with np.errstate(invalid="ignore"):
        shares = np.nan_to_num(sizes * (1 - 0.99) / (1 - 0.99**sizes))
    found = counts(drawn(ClassBalanced(context(), weighting="effective", beta=0.99)))
    assert found == pytest.approx(1000 * shares / shares.sum(), abs=1)


def test_rows_of_a_class_take_even_turns():
    times = np.bincount(drawn(ClassBalanced(context())), minlength=1000)
    for label in (0, 1, 3):
        assert np.ptp(times[label == LABELS]) <= 1
    assert times[LABELS == 0].max() == 1
    assert times[LABELS == 3].min() >= 33


def test_each_epoch_draws_other_rows_of_a_large_class():
    sampler = ClassBalanced(context())
    first, second = (set(drawn(sampler, epoch).tolist()) & set(range(900)) for epoch in (0, 1))
    assert len(first & second) < 200  # by chance 333 * 333 / 900 = 123


@pytest.mark.parametrize("world_size", [2, 3])
def test_class_shares_hold_over_all_ranks_together(world_size):
    together = [drawn(ClassBalanced(context(rank=rank, world_size=world_size))) for rank in range(world_size)]
    assert counts(np.concatenate(together)) == pytest.approx([1000 / 3, 1000 / 3, 0, 1000 / 3], abs=world_size + 1)


def test_a_text_with_several_labels_counts_for_its_rarest():
    """By hand: 4 texts have labels 0 and 1, 12 have label 0, 4 have none: three classes of 4, 12 and 4."""
    labels = np.zeros((20, 2), np.uint8)
    labels[:16, 0] = 1
    labels[:4, 1] = 1
    times = np.bincount(drawn(ClassBalanced(context(labels))), minlength=20)
    assert [times[:4].sum(), times[4:16].sum(), times[16:].sum()] == pytest.approx([20 / 3] * 3, abs=1)


def test_batches_hold_texts_of_like_length_where_asked():
    """Of the ten texts of the rarest class each batch has six or seven, and so of any length: the others are alike."""
    grouped, mixed = (ClassBalanced(context(), group_by_length=choice) for choice in (True, False))
    lengths = [
        [sampler.context.lengths[rows] for batch in sampler if len(rows := batch[LABELS[batch] < 3])]
        for sampler in (grouped, mixed)
    ]
    assert np.mean([np.ptp(of_batch) for of_batch in lengths[0]]) < 0.4 * np.mean([np.ptp(of) for of in lengths[1]])
    assert sorted(counts(drawn(grouped, 1))) == pytest.approx(sorted(counts(drawn(mixed, 1))), abs=1)


def test_classes_are_mixed_within_an_epoch():
    """Every batch of 20 without grouping holds several classes: all of one has a chance of 3 * 3**-20 each."""
    assert all(len(set(LABELS[batch])) > 1 for batch in ClassBalanced(context(), group_by_length=False))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weighting": "cube"}, '"inverse", "sqrt" or "effective", got "cube"'),
        ({"weighting": "effective", "beta": 1.0}, r"must be in \[0, 1\), got 1.0"),
        ({"pool": 0}, "at least 1, got 0"),
        ({"epoch_length": 0}, "multiple of the training texts and must be above 0, got 0"),
        ({"min_repeats": -1}, "min_repeats is a number of draws and must be 0 or more, got -1"),
        (
            {"min_repeats": 1},
            "min_repeats 1 fills an epoch of 1 times the training texts and leaves nothing to balance; choose a "
            "smaller one, or an epoch_length above 1",
        ),
        (
            {"max_repeats": 2, "epoch_length": 2.5},
            "max_repeats 2 is too small to balance classes in an epoch of 2.5 times .* at least 3, .* below 2",
        ),
        ({"max_repeats": 0}, "max_repeats is a number of draws and must be at least 1, got 0"),
        (
            {"max_repeats": 1},
            "max_repeats 1 is too small to balance classes in an epoch of 1 times .* choose at least 2",
        ),
        ({"start": 1.0}, r"start is a fraction of the epochs and must be in \[0, 1\), got 1.0"),
        ({"schedule": "later"}, 'schedule must be "constant", "deferred" or "progressive", got "later"'),
        (
            {"schedule": "deferred"},
            "schedule deferred needs the number of epochs, and training has no last epoch; set "
            "--trainer.max_epochs, or choose schedule constant",
        ),
        ({"schedule": "progressive"}, "schedule progressive needs .* no last epoch"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        ClassBalanced(context(), **options)
