"""What a user chooses of word vectors, checked at once, and how an encoder's table starts by it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from contracts.errors import UsageError
from contracts.seed import get_run_seed
from datamodules.cache import compute_cache_key, open_or_build
from datamodules.vectors.files import VectorFile, open_vector_file
from datamodules.vectors.initial_vectors import Missing, build_initial_vectors, list_spellings
from datamodules.vectors.rows import FoundRows
from datamodules.vectors.word2vec import Word2Vec

Mode = Literal["static", "fine_tuned", "multichannel"]

_DIM = 300  # where neither the user nor a file says otherwise
_FORMAT = 1


class TrainingCorpus(Protocol):
    """What an encoder may know of the texts it is about to learn from, beside their sizes."""

    @property
    def cache_dir(self) -> Path:
        """The folder of all caches."""

    @property
    def fingerprint(self) -> str:
        """Changes with anything that shapes the ids."""

    @property
    def ids_are_fixed(self) -> bool:
        """Whether every epoch has the same token ids; false where texts are augmented on the fly."""

    def list_tokens(self) -> list[str]:
        """The string of each id, in the order of the ids."""

    def load_training_ids(self) -> tuple[np.ndarray, np.ndarray]:
        """The ids of all training texts in one row, and where each text begins and the last one ends."""

    def count_ids(self) -> dict[str, np.ndarray]:
        """How often each id occurs in each split, int64 `(ids,)`."""


@dataclass(frozen=True)
class InitialVectors:
    """Every vector at its start, and how it came to be."""

    vectors: np.ndarray  # float32 (ids, dim)
    about: dict[str, Any]
    notes: list[str]


@dataclass(frozen=True)
class VectorOptions:
    """What a table of vectors starts from, and how it learns.

    Args:
        vectors: A file, "train", "checkpoint", or None for random ones.
        mode: Whether they learn, do not, or both side by side.
        missing: What tokens without a vector get.
        unfreeze_after: Epochs in which the table stays as it is before it learns.
        word2vec: How they are learned by "train".
    """

    vectors: str | None = None
    mode: Mode = "fine_tuned"
    missing: Missing = "matched"
    unfreeze_after: int = 0
    word2vec: Word2Vec | None = None

    def check(self, dim: int | None) -> int:
        """Refuses what cannot be, and gives the numbers of a vector.

        Args:
            dim: As the user gave it.

        Raises:
            UsageError: Choices out of range or against each other, or a file that is not there or of another size.
        """
        for name, value, allowed in (
            ("vectors_mode", self.mode, ("static", "fine_tuned", "multichannel")),
            ("vectors_missing", self.missing, ("matched", "characters", "zeros")),
        ):
            if value not in allowed:
                raise UsageError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
        if dim is not None and dim < 1:
            raise UsageError(f"embedding_dim is the length of a token's vector and must be 1 or more, got {dim}")
        if self.unfreeze_after < 0:
            raise UsageError(f"unfreeze_after is a number of epochs and must be 0 or more, got {self.unfreeze_after}")
        self._check_together()
        if self.vectors == "train":
            (self.word2vec or Word2Vec()).check()
        if self.vectors in (None, "train"):
            return _DIM if dim is None else dim
        if self.vectors == "checkpoint":
            if dim is None:
                raise UsageError("vectors checkpoint takes vectors with the weights; give their dim")
            return dim
        file = self._file()
        if dim is not None and dim != file.dim:
            raise UsageError(
                f"embedding_dim is {dim} and {file.path} has vectors of {file.dim} numbers; leave embedding_dim out"
            )
        return file.dim

    def build_vectors(self, data: TrainingCorpus, padding_id: int, dim: int) -> InitialVectors:
        """Reads or learns the vectors of a vocabulary; what took long is kept in the cache of the data.

        Args:
            data: Whose vocabulary it is.
            padding_id: Keeps a zero vector.
            dim: From `check`.

        Raises:
            DataError: The file is damaged, or fits no token.
        """
        tokens = data.list_tokens()
        if self.vectors == "train":
            found = self._learned(data, tokens, dim)
            notes: list[str] = []
        else:
            found, notes = self._read(data, tokens)
        counts = data.count_ids()
        rng = np.random.default_rng([get_run_seed(), 3])  # apart from what else is drawn from the seed
        vectors, coverage = build_initial_vectors(tokens, counts["train"], padding_id, found, self.missing, rng)
        source = "the training texts" if self.vectors == "train" else str(self.vectors)
        by_split = {split: coverage.of(of_split) for split, of_split in counts.items()}
        others = "".join(f", {share:.1%} of {split}'s" for split, (share, _) in by_split.items() if split != "train")
        notes = [f"vectors of {source}: {coverage.sentence(others)}; {self._told()}", *notes]
        about = {"source": self.vectors, "mode": self.mode, "dim": dim, **coverage.to_dict()}
        about |= {"coverage": by_split, "notes": notes[1:]}
        return InitialVectors(vectors, about, notes)

    def _check_together(self) -> None:
        others = {
            "vectors_mode": self.mode != "fine_tuned",
            "vectors_missing": self.missing != "matched",
            "unfreeze_after": self.unfreeze_after > 0,
        }
        given = [name for name, other in others.items() if other]
        if self.vectors is None and given:
            raise UsageError(f"{given[0]} says what is done with word vectors; give vectors too: a file, or train")
        if self.mode == "static" and self.unfreeze_after:
            raise UsageError(
                f"unfreeze_after {self.unfreeze_after} lets vectors learn later and vectors_mode static never; "
                "choose vectors_mode fine_tuned, or leave one out"
            )
        if self.word2vec is not None and self.vectors != "train":
            raise UsageError("word2vec says how vectors are learned from the training texts; give vectors train too")

    def _file(self) -> VectorFile:
        assert self.vectors is not None
        try:
            return open_vector_file(self.vectors)
        except UsageError as error:
            raise UsageError(f"{error}, or train to learn vectors from the training texts") from error

    def _read(self, data: TrainingCorpus, tokens: list[str]) -> tuple[FoundRows, list[str]]:
        file, wanted = self._file(), list_spellings(tokens, self.missing)
        parts = {"format": _FORMAT, "file": file.fingerprint(), "wanted": sorted(token.hex() for token in wanted)}
        key = f"vectors-{compute_cache_key(parts)}"
        folder = open_or_build(data.cache_dir, key, lambda folder: file.read(wanted).save(folder))
        return FoundRows.load(folder, file.path, file.dim)

    def _learned(self, data: TrainingCorpus, tokens: list[str], dim: int) -> FoundRows:
        how, seed = self.word2vec or Word2Vec(), get_run_seed()
        parts = {"format": _FORMAT, "texts": data.fingerprint, "dim": dim, "seed": seed, "how": how.fingerprint()}

        def build(folder: Path) -> None:
            how.train(*data.load_training_ids(), dim, seed, folder)

        folder = open_or_build(data.cache_dir, f"word2vec-{compute_cache_key(parts)}", build)
        found = FoundRows(folder, dim, ())
        vectors = np.load(folder / "vectors.npy")
        for number, vector in zip(np.load(folder / "ids.npy").tolist(), vectors, strict=True):
            if tokens[number]:
                found.keep(tokens[number].encode("utf-8", "surrogatepass"), vector)
        return found

    def _told(self) -> str:
        later = f", from epoch {self.unfreeze_after + 1} on" if self.unfreeze_after else ""
        return {
            "static": "they stay as they are",
            "fine_tuned": f"they learn with the model{later}",
            "multichannel": f"one copy stays as it is and one learns{later}",
        }[self.mode]
