"""What an augmentation promises: other words for the same label, the same ones whenever the same chance is given."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np

from contracts.errors import UsageError
from contracts.rebuildable import Rebuildable
from datamodules.augmentations.primitives.random_streams import RandomStreams

Labels = Sequence[Sequence[Hashable]]


class Augmentation(Rebuildable, ABC):
    """Changes texts. What becomes of a text depends on it and on its draws alone, not on the texts beside it.

    Args:
        p: The share of texts that are changed, in [0, 1].
    """

    offline_only: bool = False
    """Whether it is too slow to run while a model trains."""

    def __init__(self, p: float = 1.0) -> None:
        self.p = checked_share("p", p)

    def fit(self, texts: Sequence[str], labels: Labels) -> None:  # most have nothing to learn
        """Learns from the training texts what it must know of them; most learn nothing.

        Args:
            texts: All of them.
            labels: Those of each text.
        """

    @abstractmethod
    def change(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Another text for each; it may be the same where nothing can be changed.

        Args:
            texts: Those that were drawn to be changed.
            streams: The only source of chance.
        """

    def augment(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Changes a share `p` of the texts, and leaves none empty that was not.

        Args:
            texts: Of a batch.
            streams: Of the same texts.
        """
        if self.p < 1:
            chosen = np.flatnonzero(streams.uniform() < self.p).tolist()
            if not chosen:
                return list(texts)
            changed = self._changed([texts[place] for place in chosen], streams.select(chosen).derive(0))
            result = list(texts)
            for place, text in zip(chosen, changed, strict=True):
                result[place] = text
            return result
        return self._changed(texts, streams.derive(0))

    def files(self) -> list[str]:
        """What it reads, files or folders of models."""
        return []

    def fingerprint(self) -> str:
        """Changes whenever the same text and chance would give another text; costs far less than reading the files."""
        stats = [(name, *_state_of(Path(name))) for name in self.files()]
        return json.dumps({"class": type(self).__name__, "arguments": self._arguments, "files": stats}, sort_keys=True)

    def _changed(self, texts: list[str], streams: RandomStreams) -> list[str]:
        changed = self.change(texts, streams)
        return [new if new and not new.isspace() else old for old, new in zip(texts, changed, strict=True)]


def _state_of(path: Path) -> list[tuple[str, int, int]]:
    files = sorted(path.iterdir()) if path.is_dir() else [path] if path.exists() else []
    return [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()]


def checked_share(name: str, share: float) -> float:
    """The share, if it is one.

    Raises:
        UsageError: It is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise UsageError(f"{name} is a share and must be in [0, 1], got {share}")
    return share


def checked_count(name: str, count: int) -> int:
    """The count, if it is one.

    Raises:
        UsageError: It is below 1.
    """
    if count < 1:
        raise UsageError(f"{name} must be at least 1, got {count}")
    return count
