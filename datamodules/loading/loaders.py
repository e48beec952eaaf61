"""Data loaders: a resumable one for training, and one for evaluation that yields each text once.

Neither is a `DataLoader` to Lightning, which would replace its sampler or warn about intended settings; both use one
inside, for its worker processes.
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
    """Iterates over the batches that a sampler plans, one epoch per iterator.

    Its state is the sampler's, advanced when a batch is yielded, so batches that workers prefetch do not count.

    Args:
        split: The training texts.
        sampler: Plans this rank's batches. Lightning sets its epoch.
        num_workers: Number of worker processes; 0 makes batches in the main process.
        pin_memory: Whether to put batches in pinned memory, for faster copies to a GPU.
    """

    def __init__(self, split: TextSplit, sampler: TextSampler, num_workers: int = 0, pin_memory: bool = False) -> None:
        self.sampler = sampler
        self._split = split
        self._num_workers = num_workers
        self._pin_memory = pin_memory

    def __len__(self) -> int:
        """Number of batches in a full epoch, at any position in it."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[TextBatch]:
        """Yields the remaining batches of the epoch.

        A generator, since the sampler's position must be read at the first batch: Lightning creates an iterator before
        it loads a state and before it sets the epoch.
        """
        batches = self.sampler.plan_remaining_batches()  # of this epoch, or of the next if this one is finished
        if self._split.varies_by_occurrence:
            occurrences = self.sampler.plan_remaining_occurrences()
            batches = [rows + earlier * len(self._split) for rows, earlier in zip(batches, occurrences, strict=True)]
        self._split.set_epoch(self.sampler.state_dict()["epoch"])
        for batch in _create_loader(self._split, batches, self._num_workers, self._pin_memory):
            self.sampler.advance()
            yield batch

    def state_dict(self) -> dict[str, int]:
        """Returns the position in training."""
        return self.sampler.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Restores the position saved by `state_dict`; the next iterator continues from there."""
        self.sampler.load_state_dict(state)


class EvaluationLoader:
    """Iterates over the same batches each time; made by `build_evaluation_loader`."""

    def __init__(self, split: TextSplit, batches: list[np.ndarray], num_workers: int, pin_memory: bool) -> None:
        self._split = split
        self._batches = batches
        self._num_workers = num_workers
        self._pin_memory = pin_memory

    def __len__(self) -> int:
        """Number of batches of this rank."""
        return len(self._batches)

    def __iter__(self) -> Iterator[TextBatch]:
        """Yields all batches, from the first."""
        return iter(_create_loader(self._split, self._batches, self._num_workers, self._pin_memory))


def build_evaluation_loader(
    split: TextSplit,
    batch_size: int,
    rank: int = 0,
    world_size: int = 1,
    num_workers: int = 0,
    pin_memory: bool = False,
) -> EvaluationLoader:
    """Builds a loader whose batches hold every text of a split once, over all ranks.

    Texts are sorted by length, the longest first: little padding, and the batch that needs most memory comes first. All
    ranks get the same number of texts, since uneven ranks can hang; fewer than `world_size` repeats of one text fill
    up the last ones, to be dropped by `index`.

    Args:
        split: The texts.
        batch_size: Texts per batch on each rank.
        rank: The rank of this process, from 0.
        world_size: Number of processes that share the texts.
        num_workers: Worker processes that fetch batches; 0 fetches in this process.
        pin_memory: Whether to put batches in pinned memory, from which copies to a GPU are faster.
    """
    longest_first = np.argsort(-split.lengths, kind="stable")
    per_rank = -(-len(split) // world_size)
    positions = np.minimum(np.arange(per_rank * world_size), len(split) - 1)
    shard = longest_first[positions[rank::world_size]]
    batches = [shard[start : start + batch_size] for start in range(0, per_rank, batch_size)]
    return EvaluationLoader(split, batches, num_workers, pin_memory)


def _create_loader(
    split: TextSplit, batches: list[np.ndarray], num_workers: int, pin_memory: bool
) -> DataLoader[TextBatch]:
    """Creates a `DataLoader` over batches that `__getitems__` of the split collates."""
    if num_workers:
        # must be set before the fork: the threads of `tokenizers` do not survive it
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return DataLoader(
        split,
        batch_sampler=batches,  # type: ignore[arg-type]  # arrays serve as lists of rows
        collate_fn=_return_batch,
        num_workers=num_workers,
        pin_memory=pin_memory,
        # of its own: a `DataLoader` draws a number at each start, and a resumed run starts once more often
        generator=torch.Generator(),
    )


def _return_batch(batch: T) -> T:
    """Returns a batch unchanged, since the split has collated it; picklable."""
    return batch
