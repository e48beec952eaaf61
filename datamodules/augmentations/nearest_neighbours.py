"""Replacement by neighbours in a space of word vectors (Wang and Yang 2015)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from contracts.errors import DataError, UsageError, join_names
from datamodules.augmentations.base import Labels, checked_share
from datamodules.augmentations.primitives.function_words import FUNCTION_WORDS
from datamodules.augmentations.primitives.random_streams import RandomStreams
from datamodules.augmentations.primitives.segments import Pieces, by_characters, by_jieba, words_of
from datamodules.augmentations.word_level.table_augmentation import TableAugmentation
from datamodules.cache import compute_cache_key, open_or_build
from datamodules.vectors.files import open_vector_file

_BLOCK = 1 << 24  # similarities computed at once: three arrays of 64 to 128 MB


class NearestNeighbours(TableAugmentation):
    """Replaces a share `alpha` of a text's words, at least one, by words with a vector close by.

    Neighbours are looked for among the words of the training texts, once, and kept on disk. Function words stay.

    Args:
        path: A file of word vectors: text or binary of word2vec, GloVe, fastText's `.vec`, plain or .gz, or `.npz`.
        lines: A list of words and their neighbours outright, in place of a file; a checkpoint holds it.
        top_k: Neighbours of a word to draw from, at least 1.
        similarity: The least cosine that makes a neighbour, in [0, 1].
        alpha: The share of a text's words, in [0, 1].
        jieba: Whether Chinese is cut into words by the library of that name (extra `jieba`); else into characters.
        p: The share of texts that are changed, in [0, 1].
        cache_dir: The folder of neighbours; may be deleted at any time.
    """

    plain = False
    built_in = ""

    def __init__(
        self,
        path: str | None = None,
        lines: str | None = None,
        top_k: int = 5,
        similarity: float = 0.5,
        alpha: float = 0.1,
        jieba: bool = False,
        p: float = 1.0,
        cache_dir: str = ".cache/neighbours",
    ) -> None:
        super().__init__(path, lines, top_k, alpha, jieba, p)
        self.similarity = checked_share("similarity", similarity)
        self.cache_dir = cache_dir

    def check_path(self) -> None:
        """A file of vectors."""
        if self.path is None:
            raise UsageError("NearestNeighbours needs word vectors; name their file with path")
        open_vector_file(self.path)

    def files(self) -> list[str]:
        """The vectors."""
        return [str(Path(path).expanduser()) for path in super().files()]

    def fit(self, texts: Sequence[str], labels: Labels) -> None:
        """Finds the neighbours of all words of these texts, unless they are given or were found before."""
        if self.path is None:
            return
        counts: Counter[str] = Counter()
        cut = by_jieba() if self.jieba else by_characters
        for text in texts:
            counts.update(words_of(cut, text))
        words = sorted(counts)
        key = compute_cache_key({"words": words, "files": self.fingerprint()})

        def build(folder: Path) -> None:
            found = open_vector_file(str(self.path)).read({_key(word) for word in words})
            known = [word for word in words if _key(word) in found.places]
            if not known:
                raise DataError(
                    f"{self.path} has no vector for any of the {len(words):,} words of the training texts; its own are "
                    f"like {join_names(found.examples, 3)}. Give vectors of the language of the texts."
                )
            vectors = np.array([found.vector(word) for word in known], np.float32).reshape(len(known), found.dim)
            table = neighbours(known, vectors, self.top_k, self.similarity)
            (folder / "neighbours.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")

        folder = open_or_build(Path(self.cache_dir), key, build)
        table = json.loads((folder / "neighbours.json").read_text(encoding="utf-8"))
        self.lines = "\n".join("\t".join((word, *others)) for word, others in table.items())
        for name in ("table", "cut"):
            self.__dict__.pop(name, None)

    def override_arguments(self) -> dict[str, Any]:
        """What was found, since the vectors may be gone."""
        return {} if self.lines is None else {"path": None, "lines": self.lines}

    def change_pieces(self, pieces: Pieces, streams: RandomStreams) -> np.ndarray:
        """Replaces words."""
        if self.lines is None:
            raise UsageError("NearestNeighbours knows the words of no texts yet; call fit first")
        return self.replaced(pieces, streams)


def neighbours(words: list[str], vectors: np.ndarray, top_k: int, similarity: float) -> dict[str, list[str]]:
    """For each word that has some, the words with the most similar vectors, the nearest first.

    Args:
        words: The names of the rows.
        vectors: float32 `(words, dim)`.
        top_k: Of one word.
        similarity: The least cosine.
    """
    content = np.array([word not in FUNCTION_WORDS and not word.isdigit() for word in words], bool)
    names = [word for word, is_content in zip(words, content, strict=True) if is_content]
    unit = vectors[content]
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    table = {}
    step = max(1, _BLOCK // max(len(names), 1))
    for start in range(0, len(names), step):
        cosines = unit[start : start + step] @ unit.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -1.0  # no word is its own neighbour
        count = min(top_k, len(names))
        top = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        for row in rows.tolist():
            near = sorted(top[row].tolist(), key=lambda column: (-cosines[row, column], column))  # used at once
            found = [names[column] for column in near if cosines[row, column] >= similarity]
            if found:
                table[names[start + row]] = found
    return table


def _key(word: str) -> bytes:
    return word.encode("utf-8", "surrogatepass")
