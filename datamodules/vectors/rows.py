"""What is kept of a file of vectors while it streams by, what is counted, and how both are kept for the next run."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from contracts.errors import DataError
from datamodules.cache import load_texts, save_texts


@dataclass
class FoundRows:
    """The rows that were asked for, and what was wrong with others.

    Args:
        path: The file, for messages.
        dim: Numbers a row.
        wanted: Tokens to keep, in UTF-8.
    """

    path: Path
    dim: int
    wanted: Collection[bytes]
    places: dict[bytes, int] = field(default_factory=dict)
    """Where in `vectors` a token's row stands."""
    vectors: list[np.ndarray] = field(default_factory=list)
    """float32 `(dim,)` each."""
    rows: int = 0
    """Rows of the file, broken ones included."""
    broken: int = 0
    first_broken: str = ""
    not_finite: int = 0
    duplicates: int = 0
    """Wanted rows whose token had been there before; the first one counts."""
    not_utf8: int = 0
    """Rows whose token is in another encoding, and so can never be found."""
    announced: int | None = None
    """Rows that the file says it holds."""
    examples: list[str] = field(default_factory=list)
    """The first tokens of the file, for a message."""

    def keep(self, token: bytes, vector: np.ndarray) -> None:
        """Takes a wanted row, unless there is one already or a number of it is none."""
        if token in self.places:
            self.duplicates += 1
        elif not np.isfinite(vector).all():
            self.not_finite += 1
        else:
            self.places[token] = len(self.vectors)
            self.vectors.append(vector)

    def meet(self, token: bytes) -> None:
        """Looks at the token of each row, whether wanted or not."""
        if len(self.examples) < 3:
            self.examples.append(token.decode("utf-8", "replace"))
        if not token.isascii():
            try:
                token.decode()
            except UnicodeDecodeError:
                self.not_utf8 += 1

    def skip(self, what: str) -> None:
        """Counts a broken row; what the first is stays known."""
        self.broken += 1
        self.first_broken = self.first_broken or what

    def vector(self, token: str) -> np.ndarray | None:
        """Float32 `(dim,)`, where the token was found."""
        place = self.places.get(token.encode("utf-8", "surrogatepass"))
        return None if place is None else self.vectors[place]

    def notes(self) -> list[str]:
        """What was wrong, in plain words.

        Raises:
            DataError: Most of the file is broken.
        """
        if self.rows == 0:
            raise DataError(f"{self.path} holds no vector; give a file that does")
        if 2 * self.broken > self.rows:
            raise DataError(
                f"{self.path}: {self.broken:,} of {self.rows:,} rows are broken, the first {self.first_broken}; "
                "give a file with a token and its numbers in each row"
            )
        notes = []
        if self.broken:
            notes.append(f"{self.broken:,} broken rows were left out, the first {self.first_broken}")
        if self.not_finite:
            notes.append(f"{self.not_finite:,} rows with NaN or infinite numbers were left out")
        if self.duplicates:
            notes.append(f"{self.duplicates:,} rows repeat a token; the first row of each counts")
        if self.not_utf8:
            notes.append(f"{self.not_utf8:,} tokens are not UTF-8 and cannot be found; convert the file to UTF-8")
        if self.announced is not None and self.announced != self.rows:
            notes.append(
                f"the first line announces {self.announced:,} rows and there are {self.rows:,}; "
                "the file may have been cut off"
            )
        return [f"{self.path}: {note}" for note in notes]

    def save(self, folder: Path) -> None:
        """Writes the kept rows and what there is to say of the others.

        Raises:
            DataError: Most of the file is broken.
        """
        about = {"notes": self.notes(), "examples": self.examples, "rows": self.rows}
        vectors = np.stack(self.vectors) if self.vectors else np.zeros((0, self.dim), np.float32)
        np.save(folder / "vectors.npy", vectors)
        save_texts(folder, "tokens", [token.decode("utf-8", "surrogatepass") for token in self.places])
        (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, path: Path, dim: int) -> tuple[FoundRows, list[str]]:
        """The rows that `save` wrote, and its notes."""
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        found = cls(path, dim, (), rows=about["rows"], examples=about["examples"])
        for token, vector in zip(load_texts(folder, "tokens"), np.load(folder / "vectors.npy"), strict=True):
            found.keep(token.encode("utf-8", "surrogatepass"), vector)
        return found, about["notes"]
