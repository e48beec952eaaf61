"""What a sampler promises: a planned order for each epoch, shared out to ranks, and a place in it that can be kept.

A sampler is a batch sampler. Its one choice is the order of an epoch; cutting, sharing out and resuming are the same
for all. An order is drawn from (seed, epoch) alone, so every rank plans the same epoch with no word between them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from contracts.errors import UsageError


@dataclass(frozen=True)
class SamplingContext:
    """What a sampler must know of the training split and of the run.

    Args:
        labels: int64 `(rows,)` for one label a text; bool or uint8 `(rows, classes)` for any number of them.
        lengths: `(rows,)` tokens of each text.
        num_classes: The length of every class axis.
        batch_size: Texts of a batch of one rank.
        seed: Of every order.
        rank: This process, from 0.
        world_size: Processes that share an epoch.
        epochs: Of the whole training; None where it has no known end.
    """

    labels: np.ndarray
    lengths: np.ndarray
    num_classes: int
    batch_size: int
    seed: int
    rank: int = 0
    world_size: int = 1
    epochs: int | None = None


class TextSampler(ABC):
    """Batches of row numbers for this rank, from its current place in the epoch on.

    The draws of an epoch are cut into batches of `batch_size * world_size`, and each rank takes every `world_size`-th
    draw of each: shards are of equal length and alike, and disjoint where no row is drawn twice. Where the last batch
    cannot be shared out evenly, fewer than `world_size` draws are left out, other ones in each epoch.

    Args:
        context: Given by the project.

    Raises:
        UsageError: There are fewer draws than ranks, or batches of no text.
    """

    balances = False
    """Whether rare classes are drawn more often than they occur; to be said by each class that does so."""

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
        self._planned: tuple[int, np.ndarray] | None = None

    @property
    def num_draws(self) -> int:
        """Of an epoch, all ranks together; as many as there are rows where a sampler says nothing else."""
        return len(self.context.labels)

    @abstractmethod
    def draw_rows(self, rng: np.random.Generator, epoch: int) -> np.ndarray:
        """The rows of an epoch for all ranks together, `(draws,)`; their number is the same in every epoch.

        Args:
            rng: The only source of chance.
            epoch: From 0.
        """

    def plan_epoch(self, epoch: int) -> np.ndarray:
        """The rows that all ranks together draw in an epoch, `(draws,)`, without those that cannot be shared out.

        Args:
            epoch: From 0.
        """
        if self._planned is None or self._planned[0] != epoch:
            rows = self.draw_rows(np.random.default_rng([self.context.seed, epoch]), epoch)
            self._planned = epoch, rows[: self._shared_draws]
        return self._planned[1]

    def __len__(self) -> int:
        """Batches of an epoch, the same on every rank."""
        return -(-self._shared_draws // self._global_batch)

    def __iter__(self) -> Iterator[np.ndarray]:
        """The batches that are still to come in this epoch, or all of the next one where it is at its end."""
        for batch in self.plan_remaining_batches():
            self.advance()
            yield batch

    def plan_remaining_batches(self) -> list[np.ndarray]:
        """The batches that `__iter__` would give, all at once; moves on by no batch, `advance` does that."""
        if self._batch >= len(self):
            self._epoch, self._batch = self._epoch + 1, 0
        return self._to_come(self.plan_epoch(self._epoch))

    def plan_remaining_occurrences(self) -> list[np.ndarray]:
        """For each text of `remaining`, how often it came before in this epoch, on any rank."""
        return self._to_come(count_earlier_occurrences(self.plan_epoch(self._epoch)))

    def advance(self) -> None:
        """Counts one batch as handed out; what fetches batches ahead of their use calls this at their use."""
        self._batch += 1

    def set_epoch(self, epoch: int) -> None:
        """Goes to the start of an epoch; keeps its place where it is in that epoch already.

        Lightning names the epoch before each one, and again after a state was loaded in the middle of one.
        """
        if epoch != self._epoch:
            self._epoch, self._batch = epoch, 0

    def state_dict(self) -> dict[str, int]:
        """The place in training: the epoch, its batches that were handed out, and how many it has."""
        return {"epoch": self._epoch, "batch": self._batch, "batches": len(self)}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Goes back to a place.

        Raises:
            UsageError: It is a place in epochs of another length, which would repeat some texts and miss others.
        """
        if state["batches"] != len(self):
            raise UsageError(
                f"the checkpoint was written in an epoch of {state['batches']} batches, and this run has {len(self)}; "
                "resume with the same data, batch size, sampler and number of devices"
            )
        self._epoch, self._batch = state["epoch"], state["batch"]

    def _to_come(self, planned: np.ndarray) -> list[np.ndarray]:
        mine = planned[self.context.rank :: self.context.world_size]
        size = self.context.batch_size
        return [mine[start : start + size] for start in range(self._batch * size, len(mine), size)]

    @property
    def _global_batch(self) -> int:
        return self.context.batch_size * self.context.world_size

    @property
    def _shared_draws(self) -> int:
        return self.num_draws // self.context.world_size * self.context.world_size


def count_earlier_occurrences(rows: np.ndarray) -> np.ndarray:
    """How often each row stood before, int64 like the rows.

    >>> count_earlier_occurrences(np.array([4, 2, 4, 4, 2])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(rows, kind="stable")
    starts = np.flatnonzero(np.diff(rows[order], prepend=-1))
    turns = np.empty(len(rows), np.int64)
    turns[order] = np.arange(len(rows)) - np.repeat(starts, np.diff(starts, append=len(rows)))
    return turns
