"""The requested rows of a vector file, counts of its malformed rows, and a cache of both for the next run."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from contracts.errors import DataError
from datamodules.cache import load_strings, save_strings


@dataclass
class VectorRows:
    """Collects requested rows of a vector file, and counts rows that cannot be used.

    Args:
        path: Path of the file, for messages.
        dim: Vector dimension.
        requested: Tokens to keep, in UTF-8.
    """

    path: Path
    dim: int
    requested: Collection[bytes]
    index_of: dict[bytes, int] = field(default_factory=dict)
    """The index in `vectors` of each token."""
    vectors: list[np.ndarray] = field(default_factory=list)
    """float32 `(dim,)` each."""
    num_rows: int = 0
    """Rows of the file, malformed ones included."""
    malformed: int = 0
    first_malformed: str = ""
    not_finite: int = 0
    duplicates: int = 0
    """Requested rows whose token occurred before; the first one is used."""
    not_utf8: int = 0
    """Rows whose token is not UTF-8, and so cannot be found."""
    declared_rows: int | None = None
    """Number of rows that the header specifies; None if there is no header."""
    examples: list[str] = field(default_factory=list)
    """The first tokens of the file, for a message."""

    def add(self, token: bytes, vector: np.ndarray) -> None:
        """Adds a requested row, unless its token was added before or a number is not finite."""
        if token in self.index_of:
            self.duplicates += 1
        elif not np.isfinite(vector).all():
            self.not_finite += 1
        else:
            self.index_of[token] = len(self.vectors)
            self.vectors.append(vector)

    def record_token(self, token: bytes) -> None:
        """Records the token of a row: keeps the first ones as examples, and counts tokens that are not UTF-8."""
        if len(self.examples) < 3:
            self.examples.append(token.decode("utf-8", "replace"))
        if not token.isascii():
            try:
                token.decode()
            except UnicodeDecodeError:
                self.not_utf8 += 1

    def count_malformed(self, description: str) -> None:
        """Counts a malformed row, and keeps the description of the first."""
        self.malformed += 1
        self.first_malformed = self.first_malformed or description

    def get_vector(self, token: str) -> np.ndarray | None:
        """Returns the vector of a token, float32 `(dim,)`, or None."""
        index = self.index_of.get(token.encode("utf-8", "surrogatepass"))
        return None if index is None else self.vectors[index]

    def list_problems(self) -> list[str]:
        """Returns one warning per category of unusable rows.

        Raises:
            DataError: There is no row, or more than half of them are malformed.
        """
        if self.num_rows == 0:
            raise DataError(f"{self.path} holds no vector; give a file that does")
        if 2 * self.malformed > self.num_rows:
            raise DataError(
                f"{self.path}: {self.malformed:,} of {self.num_rows:,} rows are malformed, "
                f"the first {self.first_malformed}; give a file with a token and its numbers in each row"
            )
        notes = []
        if self.malformed:
            notes.append(f"{self.malformed:,} malformed rows were skipped, the first {self.first_malformed}")
        if self.not_finite:
            notes.append(f"{self.not_finite:,} rows with NaN or infinite numbers were skipped")
        if self.duplicates:
            notes.append(f"{self.duplicates:,} rows repeat a token; the first row of each is used")
        if self.not_utf8:
            notes.append(f"{self.not_utf8:,} tokens are not UTF-8 and cannot be found; convert the file to UTF-8")
        if self.declared_rows is not None and self.declared_rows != self.num_rows:
            notes.append(
                f"the header specifies {self.declared_rows:,} rows and there are {self.num_rows:,}; "
                "the file may be truncated"
            )
        return [f"{self.path}: {note}" for note in notes]

    def save(self, folder: Path) -> None:
        """Saves the rows and the warnings to a folder.

        Raises:
            DataError: As in `list_problems`.
        """
        about = {"notes": self.list_problems(), "examples": self.examples, "rows": self.num_rows}
        vectors = np.stack(self.vectors) if self.vectors else np.zeros((0, self.dim), np.float32)
        np.save(folder / "vectors.npy", vectors)
        save_strings(folder, "tokens", [token.decode("utf-8", "surrogatepass") for token in self.index_of])
        (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, path: Path, dim: int) -> tuple[VectorRows, list[str]]:
        """Loads the saved rows; returns them and the warnings."""
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        found = cls(path, dim, (), num_rows=about["rows"], examples=about["examples"])
        for token, vector in zip(load_strings(folder, "tokens"), np.load(folder / "vectors.npy"), strict=True):
            found.add(token.encode("utf-8", "surrogatepass"), vector)
        return found, about["notes"]
