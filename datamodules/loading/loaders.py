"""Loaders: batches of a split, for training with a place that a checkpoint keeps, for evaluation with each text once.

Neither is a `DataLoader` to Lightning, which would swap its sampler or warn of what is meant; both have one inside, for
its workers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader

from contracts.batch import TextBatch
from datamodules.loading.text_split import TextSplit
from datamodules.samplers.base import TextSampler

T = TypeVar("T")


class TrainingLoader:
    """The batches that a sampler plans, epoch after epoch.

    Its state is the sampler's, counted where batches are handed out, so batches that workers fetch ahead do not count.

    Args:
        split: The training texts.
        sampler: Plans this rank's batches. Lightning names the epoch to it.
        num_workers: Processes that fetch batches; 0 fetches in this one.
        pin_memory: Whether batches are put where a GPU copies from faster.
    """

    def __init__(self, split: TextSplit, sampler: TextSampler, num_workers: int = 0, pin_memory: bool = False) -> None:
        self.sampler = sampler
        self._split = split
        self._num_workers = num_workers
        self._pin_memory = pin_memory

    def __len__(self) -> int:
        """Batches of a whole epoch, wherever the sampler is in it."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[TextBatch]:
        """The rest of the epoch.

        A generator, as the sampler's place must be read at the first batch: Lightning asks for an iterator before it
        loads a state and before it names the epoch.
        """
        batches = self.sampler.plan_remaining_batches()  # of this epoch, or of the next where it is at its end
        if self._split.varies_by_occurrence:
            turns = self.sampler.plan_remaining_occurrences()
            batches = [rows + turn * len(self._split) for rows, turn in zip(batches, turns, strict=True)]
        self._split.set_epoch(self.sampler.state_dict()["epoch"])
        for batch in _fetched(self._split, batches, self._num_workers, self._pin_memory):
            self.sampler.advance()
            yield batch

    def state_dict(self) -> dict[str, int]:
        """The place in training."""
        return self.sampler.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Goes back to a place; the next iterator goes on from there."""
        self.sampler.load_state_dict(state)


class EvaluationLoader:
    """The same batches each time; made by `build_evaluation_loader`."""

    def __init__(self, split: TextSplit, batches: list[np.ndarray], num_workers: int, pin_memory: bool) -> None:
        self._split = split
        self._batches = batches
        self._num_workers = num_workers
        self._pin_memory = pin_memory

    def __len__(self) -> int:
        """Batches of this rank."""
        return len(self._batches)

    def __iter__(self) -> Iterator[TextBatch]:
        """All of them, from the first."""
        return iter(_fetched(self._split, self._batches, self._num_workers, self._pin_memory))


def build_evaluation_loader(
    split: TextSplit,
    batch_size: int,
    rank: int = 0,
    world_size: int = 1,
    num_workers: int = 0,
    pin_memory: bool = False,
) -> EvaluationLoader:
    """Batches that hold every text of a split once, over all ranks together.

    Texts come by length: little padding, and the batch that needs most memory first. All ranks get the same number of
    texts, for uneven ranks can hang; fewer than `world_size` repeats of one text, to be dropped by `index`, make it so.

    Args:
        split: The texts.
        batch_size: Texts of a batch of one rank.
        rank: This process, from 0.
        world_size: Processes that share the texts.
        num_workers: Processes that fetch batches; 0 fetches in this one.
        pin_memory: Whether batches are put where a GPU copies from faster.
    """
    longest_first = np.argsort(-split.lengths, kind="stable")
    per_rank = -(-len(split) // world_size)
    places = np.minimum(np.arange(per_rank * world_size), len(split) - 1)
    mine = longest_first[places[rank::world_size]]
    batches = [mine[start : start + batch_size] for start in range(0, per_rank, batch_size)]
    return EvaluationLoader(split, batches, num_workers, pin_memory)


def _fetched(split: TextSplit, batches: list[np.ndarray], num_workers: int, pin_memory: bool) -> DataLoader[TextBatch]:
    if num_workers:
        # must stand before the fork: the threads of `tokenizers` do not live on in a worker
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return DataLoader(
        split,
        batch_sampler=batches,  # type: ignore[arg-type]  # arrays serve as lists of rows
        collate_fn=_as_it_is,
        num_workers=num_workers,
        pin_memory=pin_memory,
        # of its own: a `DataLoader` draws a number at each start, and a resumed run starts once more often
        generator=torch.Generator(),
    )


def _as_it_is(batch: T) -> T:
    return batch
