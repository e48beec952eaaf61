"""The base class of samplers: an order of rows per epoch, split among ranks, with a position that can be saved.

A sampler is a batch sampler. An implementation only draws the rows of an epoch; splitting them into batches, sharding
and resuming are the same for all. Rows are drawn from (seed, epoch) alone, so all ranks plan the same epoch without
communication.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from contracts.errors import UsageError


@dataclass(frozen=True)
class SamplingContext:
    """What a sampler must know about the training split and the run.

    Args:
        labels: int64 `(rows,)` if single-label; bool or uint8 `(rows, classes)` if multi-label.
        lengths: `(rows,)` tokens of each text.
        num_classes: Number of classes.
        batch_size: Texts per batch on each rank.
        seed: Seed of the sampler; combined with the number of the epoch.
        rank: The rank of this process, from 0.
        world_size: Number of processes that share an epoch.
        epochs: Number of training epochs. None if training has no known end.
        repeats_epoch: Whether every epoch draws the rows of the first one, to overfit a few batches.
    """

    labels: np.ndarray
    lengths: np.ndarray
    num_classes: int
    batch_size: int
    seed: int
    rank: int = 0
    world_size: int = 1
    epochs: int | None = None
    repeats_epoch: bool = False


class TextSampler(ABC):
    """Yields batches of row numbers for this rank, from its current position in the epoch on.

    The draws of an epoch are split into batches of `batch_size * world_size`, and each rank takes every `world_size`-th
    draw of each: shards have equal length and similar content, and are disjoint if no row is drawn twice. If the last
    batch cannot be split evenly, fewer than `world_size` draws are dropped, different ones in each epoch.

    Args:
        context: The training split and the run, as the data module describes them.

    Raises:
        UsageError: There are fewer draws than ranks, or the batch size is below 1.
    """

    balances = False
    """Whether rare classes are drawn more often than they occur; set by each class that does so."""

    def __init__(self, context: SamplingContext, /) -> None:
        if context.batch_size < 1:
            raise UsageError(f"batch_size must be at least 1 text, got {context.batch_size}")
        self.context = context
        if self.num_draws < context.world_size:
            raise UsageError(
                f"each of the {context.world_size} processes needs a training text, and there are {self.num_draws}; "
                "ask for fewer devices or bring more texts"
            )
        self._epoch = 0
        self._batch = 0
        self._plan: tuple[int, np.ndarray] | None = None

    @property
    def num_draws(self) -> int:
        """Number of draws per epoch, over all ranks; the number of rows unless a sampler overrides it."""
        return len(self.context.labels)

    @abstractmethod
    def draw_rows(self, rng: np.random.Generator, epoch: int) -> np.ndarray:
        """Draws the rows of an epoch for all ranks, `(num_draws,)`, in order; the same number in every epoch.

        Args:
            rng: The only source of randomness.
            epoch: Number of the epoch, from 0.
        """

    def plan_epoch(self, epoch: int) -> np.ndarray:
        """Returns the rows that all ranks draw in an epoch, `(draws,)`, without those that cannot be split evenly.

        Args:
            epoch: Number of the epoch, from 0.
        """
        epoch = 0 if self.context.repeats_epoch else epoch
        if self._plan is None or self._plan[0] != epoch:
            rows = self.draw_rows(np.random.default_rng([self.context.seed, epoch]), epoch)
            self._plan = epoch, rows[: self._num_sharded_draws]
        return self._plan[1]

    def __len__(self) -> int:
        """Number of batches per epoch, the same on every rank."""
        return -(-self._num_sharded_draws // self._global_batch_size)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yields the remaining batches of this epoch, or all batches of the next one if this one is finished."""
        for batch in self.plan_remaining_batches():
            self.advance()
            yield batch

    def plan_remaining_batches(self) -> list[np.ndarray]:
        """Returns the batches that `__iter__` would yield; only `advance` moves past them."""
        if self._batch >= len(self):
            self._epoch, self._batch = self._epoch + 1, 0
        return self._split_remaining(self.plan_epoch(self._epoch))

    def plan_remaining_occurrences(self) -> list[np.ndarray]:
        """Returns, for each row of `plan_remaining_batches`, how often any rank drew it earlier in this epoch."""
        return self._split_remaining(count_earlier_occurrences(self.plan_epoch(self._epoch)))

    def advance(self) -> None:
        """Moves the position by one batch; a loader that prefetches calls this when a batch is used."""
        self._batch += 1

    def set_epoch(self, epoch: int) -> None:
        """Moves to the start of an epoch; keeps the position if it is in that epoch already.

        Lightning calls this before each epoch, and again after a state was loaded in the middle of one.
        """
        if epoch != self._epoch:
            self._epoch, self._batch = epoch, 0

    def state_dict(self) -> dict[str, int]:
        """Returns the position: the epoch, the number of its batches used so far, and of all its batches."""
        return {"epoch": self._epoch, "batch": self._batch, "batches": len(self)}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Restores the position saved by `state_dict`.

        Raises:
            UsageError: It was saved with another number of batches per epoch, which would repeat and miss texts.
        """
        if state["batches"] != len(self):
            raise UsageError(
                f"the checkpoint was written in an epoch of {state['batches']} batches, and this run has {len(self)}; "
                "resume with the same data, batch size, sampler and number of devices"
            )
        self._epoch, self._batch = state["epoch"], state["batch"]

    def _split_remaining(self, planned: np.ndarray) -> list[np.ndarray]:
        """Splits the remaining draws of an epoch into the batches of this rank."""
        shard = planned[self.context.rank :: self.context.world_size]
        size = self.context.batch_size
        return [shard[start : start + size] for start in range(self._batch * size, len(shard), size)]

    @property
    def _global_batch_size(self) -> int:
        """Texts per step over all ranks."""
        return self.context.batch_size * self.context.world_size

    @property
    def _num_sharded_draws(self) -> int:
        """Draws per epoch that can be split evenly among ranks."""
        return self.num_draws // self.context.world_size * self.context.world_size


def check_sampler_factory(
    factory: Callable[[SamplingContext], TextSampler],
) -> Callable[[SamplingContext], TextSampler]:
    """Returns the factory of a sampler.

    Args:
        factory: A class of sampler, or a function from a `SamplingContext` to a sampler.

    Raises:
        TypeError: It is a sampler, another class, or cannot be called.
    """
    is_other_class = inspect.isclass(factory) and not issubclass(factory, TextSampler)
    if isinstance(factory, TextSampler) or is_other_class or not callable(factory):
        raise TypeError(
            "sampler takes a class of TextSampler, such as ClassBalanced, or a function from a SamplingContext to a "
            f"sampler, such as partial(ClassBalanced, weighting='sqrt'), got {factory!r:.80}"
        )
    return factory


def count_earlier_occurrences(rows: np.ndarray) -> np.ndarray:
    """Counts, for each entry, how many earlier entries hold the same row, int64 like the rows.

    >>> count_earlier_occurrences(np.array([4, 2, 4, 4, 2])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(rows, kind="stable")
    starts = np.flatnonzero(np.diff(rows[order], prepend=-1))
    occurrences = np.empty(len(rows), np.int64)
    occurrences[order] = np.arange(len(rows)) - np.repeat(starts, np.diff(starts, append=len(rows)))
    return occurrences
