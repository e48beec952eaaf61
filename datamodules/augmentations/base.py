"""The extension point for augmentations: texts in, changed texts with the same labels out, reproducibly."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np

from contracts.errors import UsageError
from contracts.pretrained_path import find_hub_revision
from contracts.rebuildable import Rebuildable
from contracts.versions import get_versions, hash_source_code
from datamodules.augmentations.primitives.random_streams import RandomStreams

Labels = Sequence[Sequence[Hashable]]


class Augmentation(Rebuildable, ABC):
    """Changes texts. The result for a text depends on the text and its random stream only, not on the batch.

    Args:
        p: Probability that a text is changed, in [0, 1].
    """

    offline_only: bool = False
    """Whether it is too slow to run during training."""

    def __init__(self, p: float = 1.0) -> None:
        self.p = check_ratio("p", p)

    def fit(self, texts: Sequence[str], labels: Labels) -> None:  # most have nothing to fit
        """Collects statistics of the training texts; does nothing by default.

        Args:
            texts: All training texts.
            labels: The labels of each text.
        """

    @abstractmethod
    def transform(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Changes each text; returns it unchanged if there is nothing to change.

        Args:
            texts: The texts selected with probability `p`.
            streams: Random streams of the same texts; the only source of randomness.
        """

    def augment(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Changes each text with probability `p`; a text that would become empty stays as it is.

        Args:
            texts: Texts of a batch.
            streams: Random streams of the same texts.
        """
        if self.p < 1:
            indices = np.flatnonzero(streams.uniform() < self.p).tolist()
            if not indices:
                return list(texts)
            changed = self._transform_nonempty([texts[i] for i in indices], streams.select(indices).derive(0))
            result = list(texts)
            for i, text in zip(indices, changed, strict=True):
                result[i] = text
            return result
        return self._transform_nonempty(texts, streams.derive(0))

    def release(self) -> None:
        """Frees what it loads again when it is used again, such as a model of its own; nothing by default."""

    def list_files(self) -> list[str]:
        """Lists the files and model folders that it reads."""
        return []

    def list_libraries(self) -> list[str]:
        """Lists the installed packages whose version shapes the changed texts; none by default."""
        return []

    def fingerprint(self) -> str:
        """Identifies everything that shapes the results: class, arguments, files, code with its word lists, libraries.

        Files count by size and time, not content; a model of the hub counts by its commit.
        """
        parts = {
            "class": type(self).__name__,
            "arguments": self._arguments,
            "files": [(name, *_list_file_stats(name)) for name in self.list_files()],
            "code": hash_source_code(type(self).__module__, "datamodules.augmentations"),
            "libraries": get_versions(self.list_libraries()),
        }
        return json.dumps(parts, sort_keys=True)

    def _transform_nonempty(self, texts: list[str], streams: RandomStreams) -> list[str]:
        """Changes texts; those that would become empty stay as they are."""
        changed = self.transform(texts, streams)
        return [new if new and not new.isspace() else old for old, new in zip(texts, changed, strict=True)]


def _list_file_stats(name: str) -> list[tuple[str, int, int]] | list[str]:
    """Lists path, size and modification time of a file, or of each file in a folder; the commit of a hub model."""
    path = Path(name)
    if not path.exists():
        revision = find_hub_revision(name)
        return [] if revision is None else [revision]
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()]


def check_ratio(name: str, ratio: float) -> float:
    """Returns the ratio if it is in [0, 1].

    Raises:
        UsageError: It is not.
    """
    if not 0 <= ratio <= 1:
        raise UsageError(f"{name} is a ratio and must be in [0, 1], got {ratio}")
    return ratio


def check_count(name: str, count: int) -> int:
    """Returns the count if it is at least 1.

    Raises:
        UsageError: It is not.
    """
    if count < 1:
        raise UsageError(f"{name} must be at least 1, got {count}")
    return count
