"""Stratified batches: each batch holds every class in its proportion of the epoch, and texts of similar length.

Three steps, each without loops over texts. (1) The draws of an epoch, sorted by class, are assigned to the batches in
turn, so that the draws of a class in two batches differ by at most one. (2) The batches of a pool are numbered by
length, and each class fills its places in them with its draws in order of length; of all ways to fill them this pads
least, since a batch is as long as its longest text. (3) Copies of one text have one length: each class's draws in a
pool are divided into blocks of similar length, within which copies are evenly spaced.
"""

from __future__ import annotations

import numpy as np

from datamodules.balance.quotas import round_randomly
from datamodules.samplers.length_bucket import limit_pool

_SLACK = 1.5  # texts of a block per text of one class and batch; 1 repeats the same texts in each batch of a block
_GOLDEN = (np.sqrt(5) - 1) / 2
_ROUNDING_ERROR = 1e-9


def stratify_batches(
    copies: np.ndarray,
    strata: np.ndarray,
    lengths: np.ndarray | None,
    batch_size: int,
    pool: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Orders the draws of an epoch so that each successive `batch_size` of them hold each stratum in proportion.

    In two full batches the draws of a stratum differ by at most one. A batch holds a text twice only if its stratum has
    fewer texts than draws per batch, or if the copies of its texts differ by more than one. The texts of a batch are in
    order of their stratum, so that taking every n-th of them divides each stratum evenly. The draws after the last full
    batch stay at the end.

    Args:
        copies: `(rows,)`, how often to draw each row.
        strata: `(rows,)`, the stratum of each row, integers from 0.
        lengths: `(rows,)` tokens of each row. None for batches of mixed lengths.
        batch_size: Texts per batch, over all ranks.
        pool: Number of batches in a pool, which is sorted by length.
        rng: The only source of randomness.

    Returns:
        `(draws,)` row numbers.
    """
    rows = _sort_by(rng.permutation(int(strata.max()) + 1)[strata])  # another order of strata in each epoch
    rows = rows[copies[rows] > 0]
    group = _number_runs(strata[rows])
    item = space_copies(group, copies[rows], rng)
    draws, group = rows[item], group[item]
    num_batches, rest = divmod(len(draws), batch_size)
    if not num_batches:
        return draws
    sizes = np.bincount(group)
    in_last = round_randomly(sizes * (rest / len(draws)), rng)
    is_last = np.arange(len(draws)) >= np.repeat(np.cumsum(sizes) - in_last, sizes)
    last, draws, group = draws[is_last], draws[~is_last], group[~is_last]
    batch = _spread_batches(num_batches, rng)[np.arange(len(draws)) % num_batches]
    batch = batch[_sort_by(group, batch)]  # each stratum's batches in ascending order
    if lengths is not None:
        num_pools = -(-num_batches // limit_pool(pool, num_batches))
        cell = _number_runs(group * num_pools + batch * num_pools // num_batches)
        draws = _order_by_length(draws, cell, group, num_batches, lengths, rng)
    return np.concatenate([draws[_sort_by(rng.permutation(num_batches)[batch])], last])


def space_copies(group: np.ndarray, copies: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Orders draws by group and, within a group, so that the copies of each item are evenly spaced.

    If the copies of the items of a group differ by at most one, any successive draws as many as the group has items are
    of different items.

    Args:
        group: `(items,)`, the group of each item, integers from 0 in ascending order without gaps.
        copies: `(items,)`, how often each item is drawn, at least once.
        rng: The only source of randomness.

    Returns:
        `(draws,)` item numbers.
    """
    starts = _find_starts(group)
    most, least = (extreme.reduceat(copies, starts)[group] for extreme in (np.maximum, np.minimum))
    in_turns = most - least <= 1
    shuffled = rng.permutation(len(group))
    shuffled = shuffled[_sort_by(group[shuffled], np.where(in_turns, most - copies, 0)[shuffled])]
    copies, most, in_turns = copies[shuffled], most[shuffled], in_turns[shuffled]
    # in turns, all items are in each round but the last, whose items come first in each; else each item is in evenly
    # spaced rounds, from a random one on
    rounds = np.where(in_turns, most, copies)
    phase = np.where(in_turns, 0.0, rng.random(len(copies)))
    item = np.repeat(np.arange(len(group)), copies)
    copy = np.arange(len(item)) - np.repeat(np.cumsum(copies) - copies, copies)
    turn = ((copy + phase[item]) * (most / rounds)[item] + _ROUNDING_ERROR).astype(np.int64)
    item = shuffled[item]
    return item[_sort_by(group[item], turn)]


def _spread_batches(num_batches: int, rng: np.random.Generator) -> np.ndarray:
    """Orders batches so that any successive ones are evenly spread over all: by multiples of the golden ratio."""
    places = np.modf(np.arange(num_batches) * _GOLDEN + rng.random())[0]
    order = np.empty(num_batches, np.int64)
    order[np.argsort(places, kind="stable")] = np.arange(num_batches)
    return order


def _order_by_length(
    draws: np.ndarray,
    cell: np.ndarray,
    group: np.ndarray,
    num_batches: int,
    lengths: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Orders the draws of each cell, a stratum in a pool, by length; within blocks of similar length by copy.

    A block holds so many draws that a text with the most copies of its cell is in every second batch at most.
    """
    shuffled = rng.permutation(len(lengths))
    rank = np.empty(len(lengths), np.int64)  # by length; a random order of equal lengths
    rank[shuffled[_sort_by(lengths[shuffled])]] = np.arange(len(lengths))
    draws = draws[_sort_by(cell, rank[draws])]
    starts = np.flatnonzero((np.diff(draws, prepend=-1) != 0) | (np.diff(cell, prepend=-1) != 0))
    copies, cell_of_item = np.diff(starts, append=len(draws)), cell[starts]
    sizes, first = np.bincount(cell), _find_starts(cell_of_item)
    most = np.maximum.reduceat(copies, first)
    per_batch = np.ceil(np.bincount(group) / num_batches)[group[starts[first]]]
    num_blocks = np.maximum(sizes // (_SLACK * per_batch * most), 1).astype(np.int64)
    offsets = starts + copies // 2 - (np.cumsum(sizes) - sizes)[cell_of_item]
    block = offsets * num_blocks[cell_of_item] // sizes[cell_of_item]
    block += (np.cumsum(num_blocks) - num_blocks)[cell_of_item]
    repeats = most[cell_of_item] > 1  # elsewhere there is nothing to space
    spaced = space_copies(_number_runs(block[repeats]), copies[repeats], rng)
    draws[np.repeat(repeats, copies)] = draws[starts[repeats]][spaced]
    return draws


def _sort_by(*keys: np.ndarray) -> np.ndarray:
    """Returns the stable order by several keys of integers from 0, the first one most significant.

    >>> _sort_by(np.array([70_000, 5, 70_000]), np.array([1, 0, 0]))
    array([1, 2, 0])
    """
    order: np.ndarray | None = None
    for key in reversed(keys):
        for shift in range(0, max(int(key.max(initial=0)).bit_length(), 1), 16):
            digits = (key >> shift).astype(np.uint16)  # which numpy sorts in linear time
            order = (
                np.argsort(digits, kind="stable") if order is None else order[np.argsort(digits[order], kind="stable")]
            )
    assert order is not None
    return order


def _find_starts(sorted_values: np.ndarray) -> np.ndarray:
    """Finds the first position of each run of equal values."""
    return np.flatnonzero(np.diff(sorted_values, prepend=sorted_values[:1] - 1))


def _number_runs(values: np.ndarray) -> np.ndarray:
    """Numbers runs of equal values from 0, `(values,)`.

    >>> _number_runs(np.array([4, 4, 1, 3]))
    array([0, 0, 1, 2])
    """
    return np.cumsum(np.diff(values, prepend=values[:1]) != 0)
