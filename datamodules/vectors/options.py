"""The options of word vectors, their checks, and the initial vectors of an encoder's embedding by them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from contracts.errors import UsageError
from contracts.seed import get_run_seed
from datamodules.cache import compute_cache_key, open_or_build
from datamodules.vectors.files import VectorFile, open_vector_file
from datamodules.vectors.initial_vectors import Missing, build_initial_vectors, compute_coverage, list_spellings
from datamodules.vectors.vector_rows import VectorRows
from datamodules.vectors.word2vec import Word2Vec

Mode = Literal["static", "fine_tuned", "multichannel"]

_DEFAULT_DIM = 300
_FORMAT = 1


class TrainingCorpus(Protocol):
    """The training texts as an encoder sees them: vocabulary, token ids and counts."""

    @property
    def cache_dir(self) -> Path:
        """The folder of all caches."""

    @property
    def fingerprint(self) -> str:
        """Identifies everything that the token ids depend on."""

    @property
    def ids_are_fixed(self) -> bool:
        """Whether every epoch has the same token ids; false if texts are augmented on the fly."""

    def list_tokens(self) -> list[str]:
        """Lists the string of each id, in the order of ids."""

    def load_training_ids(self) -> tuple[np.ndarray, np.ndarray]:
        """Loads the ids of all training texts, concatenated, and where each text begins and the last one ends."""

    def count_ids(self) -> dict[str, np.ndarray]:
        """Counts each id in each split, int64 `(ids,)`."""


@dataclass(frozen=True)
class InitialVectors:
    """The initial vector of each id, with a summary for the report and notes for the screen."""

    vectors: np.ndarray  # float32 (ids, dim)
    summary: dict[str, Any]
    notes: list[str]


@dataclass(frozen=True)
class VectorOptions:
    """How an embedding table is initialized and trained.

    Args:
        vectors: A file, "train" (word2vec), "checkpoint", or None for random vectors.
        mode: "static" (frozen), "fine_tuned" (trainable) or "multichannel" (both).
        missing: Initialization of tokens without a vector.
        unfreeze_after: Number of epochs before the table is trained.
        word2vec: Options of "train".
    """

    vectors: str | None = None
    mode: Mode = "fine_tuned"
    missing: Missing = "matched"
    unfreeze_after: int = 0
    word2vec: Word2Vec | None = None

    def check(self, dim: int | None) -> int:
        """Checks the options, and returns the length of a vector.

        Args:
            dim: Vector dimension as the user set it.

        Raises:
            UsageError: Options are out of range or contradict each other, or the file is missing or has another dim.
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
        self._check_combinations()
        if self.vectors == "train":
            (self.word2vec or Word2Vec()).check()
        if self.vectors in (None, "train"):
            return _DEFAULT_DIM if dim is None else dim
        if self.vectors == "checkpoint":
            if dim is None:
                raise UsageError("vectors checkpoint loads vectors with the weights; set embedding_dim")
            return dim
        file = self._open_file()
        if dim is not None and dim != file.dim:
            raise UsageError(
                f"embedding_dim is {dim} and {file.path} has vectors of {file.dim} numbers; leave embedding_dim out"
            )
        return file.dim

    def build_initial_vectors(self, data: TrainingCorpus, padding_id: int, dim: int) -> InitialVectors:
        """Reads or trains the initial vectors of a vocabulary; results are cached beside the data.

        Args:
            data: The corpus with the vocabulary.
            padding_id: Gets a zero vector.
            dim: Vector dimension, from `check`.

        Raises:
            DataError: The file is damaged, or has no token of the vocabulary.
        """
        tokens = data.list_tokens()
        if self.vectors == "train":
            rows = self._train_word2vec(data, tokens, dim)
            notes: list[str] = []
        else:
            rows, notes = self._read_file(data, tokens)
        counts = data.count_ids()
        rng = np.random.default_rng([get_run_seed(), 3])  # separate from other uses of the seed
        vectors, coverage = build_initial_vectors(tokens, counts["train"], padding_id, rows, self.missing, rng)
        source = "the training texts" if self.vectors == "train" else str(self.vectors)
        by_split = {split: compute_coverage(coverage.found, of_split) for split, of_split in counts.items()}
        others = "".join(f", {ratio:.1%} of {split}'s" for split, (ratio, _) in by_split.items() if split != "train")
        notes = [f"vectors of {source}: {coverage.summarize(others)}; {self._describe_training()}", *notes]
        summary = {"source": self.vectors, "mode": self.mode, "dim": dim, **coverage.to_dict()}
        summary |= {"coverage": by_split, "notes": notes[1:]}
        return InitialVectors(vectors, summary, notes)

    def _check_combinations(self) -> None:
        """Raises an error for options that contradict each other."""
        is_set = {
            "vectors_mode": self.mode != "fine_tuned",
            "vectors_missing": self.missing != "matched",
            "unfreeze_after": self.unfreeze_after > 0,
        }
        names = [name for name, differs in is_set.items() if differs]
        if self.vectors is None and names:
            raise UsageError(f"{names[0]} is an option of word vectors; give vectors too: a file, or train")
        if self.mode == "static" and self.unfreeze_after:
            raise UsageError(
                f"unfreeze_after {self.unfreeze_after} trains vectors later, and vectors_mode static never does; "
                "choose vectors_mode fine_tuned, or leave one out"
            )
        if self.word2vec is not None and self.vectors != "train":
            raise UsageError("word2vec has the options of vectors train; give vectors train too")

    def _open_file(self) -> VectorFile:
        """Reads the head of the vector file; its errors mention the value `train` too."""
        assert self.vectors is not None
        try:
            return open_vector_file(self.vectors)
        except UsageError as error:
            raise UsageError(f"{error}, or train to train vectors on the training texts") from error

    def _read_file(self, data: TrainingCorpus, tokens: list[str]) -> tuple[VectorRows, list[str]]:
        """Reads the requested rows of the vector file, from the cache if possible; returns them and the warnings."""
        file, requested = self._open_file(), list_spellings(tokens, self.missing)
        parts = {"format": _FORMAT, "file": file.fingerprint(), "wanted": sorted(token.hex() for token in requested)}
        key = f"vectors-{compute_cache_key(parts)}"
        folder = open_or_build(data.cache_dir, key, lambda folder: file.read(requested).save(folder))
        return VectorRows.load(folder, file.path, file.dim)

    def _train_word2vec(self, data: TrainingCorpus, tokens: list[str], dim: int) -> VectorRows:
        """Trains word2vec on the training texts, or reads its vectors from the cache."""
        options, seed = self.word2vec or Word2Vec(), get_run_seed()
        parts = {"format": _FORMAT, "texts": data.fingerprint, "dim": dim, "seed": seed, "how": options.fingerprint()}

        def build(folder: Path) -> None:
            options.train(*data.load_training_ids(), dim, seed, folder)

        folder = open_or_build(data.cache_dir, f"word2vec-{compute_cache_key(parts)}", build)
        rows = VectorRows(folder, dim, ())
        vectors = np.load(folder / "vectors.npy")
        for number, vector in zip(np.load(folder / "ids.npy").tolist(), vectors, strict=True):
            if tokens[number]:
                rows.add(tokens[number].encode("utf-8", "surrogatepass"), vector)
        return rows

    def _describe_training(self) -> str:
        """Describes in a clause whether and when the vectors are trained."""
        later = f", from epoch {self.unfreeze_after + 1} on" if self.unfreeze_after else ""
        return {
            "static": "they are not trained",
            "fine_tuned": f"they are trained with the model{later}",
            "multichannel": f"one copy is not trained and one is{later}",
        }[self.mode]
