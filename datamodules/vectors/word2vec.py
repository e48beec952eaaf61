"""Word vectors learned from the training texts by predicting words from their neighbours (Mikolov et al. 2013)."""

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
    """How word2vec learns.

    Args:
        algorithm: Predicts a token's neighbours from it (skip-gram), or it from its neighbours (CBOW, faster).
        objective: Against drawn tokens, or along a tree of all tokens.
        negative: Tokens drawn against each right one, 1 or more; for negative sampling.
        window: Neighbours on each side, 1 or more.
        epochs: Passes over the training texts, 1 or more; small sets want more than large ones.
        min_frequency: Tokens seen less often get no vector, 1 or more.
    """

    algorithm: Literal["cbow", "skip_gram"] = "skip_gram"
    objective: Literal["negative_sampling", "hierarchical_softmax"] = "negative_sampling"
    negative: int = 5
    window: int = 5
    epochs: int = 10
    min_frequency: int = 2

    def check(self) -> None:
        """Refuses what is out of range, and a missing library; not when it is made, which the parser would hide.

        Raises:
            UsageError: With the range, or the extra to install.
        """
        if importlib.util.find_spec("gensim") is None:
            raise UsageError(
                "vectors train learns word2vec with the library gensim, which is not installed; run "
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
        """Writes the ids that got a vector, and these vectors; the same input gives the same bytes.

        Args:
            ids: int `(all tokens,)` of the training texts.
            offsets: Where each text begins, and the end.
            dim: Numbers a vector.
            seed: Of the start and of all that is drawn.
            folder: To be filled.

        Raises:
            UsageError: No token is common enough.
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
            hashfxn=_unsalted,
        )
        texts = _Texts(ids, offsets)
        model.build_vocab(texts)
        if not len(model.wv):
            raise UsageError(
                f"word2vec.min_frequency {self.min_frequency}: no token of the training texts occurs so often"
            )
        model.train(texts, total_examples=model.corpus_count, epochs=self.epochs)
        np.save(folder / "ids.npy", np.array([int(name) for name in model.wv.index_to_key], np.int64))
        np.save(folder / "vectors.npy", model.wv.vectors.astype(np.float32))

    def fingerprint(self) -> dict[str, Any]:
        """Everything here that shapes the vectors, the library's version included."""
        from importlib.metadata import version

        return asdict(self) | {"gensim": version("gensim")}


class _Texts:
    """Texts as lists of ids, written as strings; it can be gone through again and again."""

    def __init__(self, ids: np.ndarray, offsets: np.ndarray) -> None:
        self.ids, self.bounds = ids, offsets.tolist()
        self.names = np.array([str(number) for number in range(int(ids.max(initial=0)) + 1)], object)

    def __iter__(self) -> Iterator[list[str]]:
        for start, end in pairwise(self.bounds):
            yield self.names[self.ids[start:end]].tolist()


def _unsalted(name: str) -> int:
    """Python's own hash of a string differs from process to process."""
    return zlib.crc32(name.encode())
