"""Word vectors trained on the training texts by word2vec (Mikolov et al. 2013)."""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from contracts.errors import UsageError


@dataclass(frozen=True)
class Word2Vec:
    """Options of word2vec.

    Args:
        algorithm: `skip_gram` or `cbow` (faster). `skip_gram` predicts the context from a token, `cbow` a token from
            its context.
        objective: `negative_sampling` or `hierarchical_softmax`. Against random tokens, or along a tree of all tokens.
        negative: Number of negative samples per token, at least 1. For negative sampling.
        window: Number of context tokens on each side, at least 1.
        epochs: Number of epochs, at least 1. Small data sets need more.
        min_frequency: Minimum frequency of a token to get a vector, at least 1.
    """

    algorithm: Literal["cbow", "skip_gram"] = "skip_gram"
    objective: Literal["negative_sampling", "hierarchical_softmax"] = "negative_sampling"
    negative: int = 5
    window: int = 5
    epochs: int = 10
    min_frequency: int = 2

    def check(self) -> None:
        """Checks ranges, and that gensim is installed; not in the constructor, whose errors the parser would hide.

        Raises:
            UsageError: With the range, or the extra to install.
        """
        if importlib.util.find_spec("gensim") is None:
            raise UsageError(
                "vectors train trains word2vec with the library gensim, which is not installed; run "
                "python -m pip install -e '.[gensim]'"
            )
        for name in ("negative", "window", "epochs", "min_frequency"):
            if getattr(self, name) < 1:
                raise UsageError(f"word2vec.{name} is a count and must be 1 or more, got {getattr(self, name)}")
        for name, allowed in (
            ("algorithm", ("cbow", "skip_gram")),
            ("objective", ("negative_sampling", "hierarchical_softmax")),
        ):
            if getattr(self, name) not in allowed:
                raise UsageError(f"word2vec.{name} must be {' or '.join(allowed)}, got {getattr(self, name)!r}")

    def train(self, ids: np.ndarray, offsets: np.ndarray, dim: int, seed: int, folder: Path) -> None:
        """Trains vectors and writes them with their ids to a folder; the same input gives the same bytes.

        Args:
            ids: int `(all tokens,)` of the training texts.
            offsets: Where each text begins, and where the last ends.
            dim: Length of a vector.
            seed: Seed of initialization and sampling.
            folder: Gets `ids.npy` and `vectors.npy`.

        Raises:
            UsageError: No token is frequent enough.
        """
        import gensim.models  # optional, and slow to import

        hierarchical = self.objective == "hierarchical_softmax"
        model = gensim.models.Word2Vec(
            vector_size=dim,
            window=self.window,
            epochs=self.epochs,
            min_count=self.min_frequency,
            sg=int(self.algorithm == "skip_gram"),
            hs=int(hierarchical),
            negative=0 if hierarchical else self.negative,
            seed=seed,
            workers=1,  # several would race for the same vectors, and no two runs would agree
            hashfxn=_hash_stably,
        )
        texts = _TokenSequences(ids, offsets)
        model.build_vocab(texts)
        if not len(model.wv):
            raise UsageError(
                f"word2vec.min_frequency {self.min_frequency}: no token of the training texts is that frequent"
            )
        model.train(texts, total_examples=model.corpus_count, epochs=self.epochs)
        np.save(folder / "ids.npy", np.array([int(name) for name in model.wv.index_to_key], np.int64))
        np.save(folder / "vectors.npy", model.wv.vectors.astype(np.float32))

    def fingerprint(self) -> dict[str, Any]:
        """Returns all options and the library's version, on which the vectors depend."""
        from importlib.metadata import version

        return asdict(self) | {"gensim": version("gensim")}


class _TokenSequences:
    """Iterates over texts as lists of ids in the form of strings; can be iterated repeatedly."""

    def __init__(self, ids: np.ndarray, offsets: np.ndarray) -> None:
        self.ids, self.bounds = ids, offsets.tolist()
        self.names = np.array([str(number) for number in range(int(ids.max(initial=0)) + 1)], object)

    def __iter__(self) -> Iterator[list[str]]:
        for start, end in pairwise(self.bounds):
            yield self.names[self.ids[start:end]].tolist()


def _hash_stably(name: str) -> int:
    """Hashes a string equally in every process, unlike Python's own hash."""
    return zlib.crc32(name.encode())
