"""Runs `train.py` and ends itself with SIGKILL at a chosen event; part of `benchmarks.kills`.

    python -m benchmarks.killed_run EVENT NUMBER RANK fit --data.source …

EVENT is `training`, `validation` or `writing` (a checkpoint, half written), NUMBER counts the event from 1, RANK is the
process that ends.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_only

import train
from callbacks.checkpointing import checkpoint_file
from lightning_modules.text_classifier import TextClassifier


def kill_at(event: str, number: int, rank: int) -> None:
    """Makes this process end at an event, if it has that rank."""
    if int(os.environ.get("LOCAL_RANK", getattr(rank_zero_only, "rank", 0) or 0)) != rank:
        return
    if event == "writing":
        _replace_writer(number)
        return
    step = f"{event}_step"
    true_step: Callable[..., Any] = getattr(TextClassifier, step)
    calls = 0

    def count(self: TextClassifier, *arguments: Any) -> Any:
        nonlocal calls
        calls += not self.trainer.sanity_checking
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return true_step(self, *arguments)

    setattr(TextClassifier, step, count)


def _replace_writer(number: int) -> None:
    """Makes the writing of a checkpoint end in its middle: the first half of its bytes is on the disk."""
    writes = 0

    class HalfWriter:
        """Stands for `torch` in the module that writes checkpoints."""

        def __getattr__(self, name: str) -> Any:
            return getattr(torch, name)

        def save(self, checkpoint: Any, stream: Any) -> None:
            nonlocal writes
            writes += 1
            if writes != number:
                torch.save(checkpoint, stream)
                return
            buffer = io.BytesIO()
            torch.save(checkpoint, buffer)
            stream.write(buffer.getvalue()[: buffer.tell() // 2])
            stream.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoint_file.torch = HalfWriter()  # type: ignore[assignment]  # a stand-in


if __name__ == "__main__":
    kill_at(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    sys.exit(train.main(sys.argv[4:]))
